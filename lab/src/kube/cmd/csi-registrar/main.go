// SPDX-License-Identifier: GPL-3.0-or-later

// Command csi-registrar tells the kubelet about a CSI driver on the same node. It stands in for Kubernetes'
// csi-node-driver-registrar, which is published only as an image, and takes the two flags that Fluid's chart gives it.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// Where the kubelet's plugin watcher looks, as the chart mounts <kubelet root>/plugins_registry.
const registrationDir = "/registration"

type registrar struct {
	registration.UnimplementedRegistrationServer
	driver, endpoint string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: r.driver, Endpoint: r.endpoint, SupportedVersions: []string{"1.0.0"},
	}, nil
}

// NotifyRegistrationStatus ends the process on a refusal, so that the pod's restart count shows it and the kubelet is asked anew.
func (r *registrar) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		fail("the kubelet refused driver %s: %s", r.driver, status.Error)
	}
	fmt.Printf("driver %s is registered\n", r.driver)
	return &registration.RegistrationStatusResponse{}, nil
}

func main() {
	address := flag.String("csi-address", "/run/csi/socket", "the driver's socket, in this container")
	endpoint := flag.String("kubelet-registration-path", "", "the driver's socket, as the kubelet sees it")
	flag.Int("v", 0, "accepted for the chart's sake")
	flag.Parse()

	driver, err := driverName(*address)
	if err != nil {
		fail("no answer from the driver at %s: %v", *address, err)
	}
	socket := filepath.Join(registrationDir, driver+"-reg.sock")
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		fail("a socket of an earlier run stands in the way: %v", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fail("%v", err)
	}
	server := grpc.NewServer()
	registration.RegisterRegistrationServer(server, &registrar{driver: driver, endpoint: *endpoint})
	fail("%v", server.Serve(listener))
}

// driverName asks the driver for its name and waits until it serves: both containers of the pod start together.
func driverName(address string) (string, error) {
	connection, err := grpc.NewClient("unix://"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	info, err := csi.NewIdentityClient(connection).GetPluginInfo(
		context.Background(), &csi.GetPluginInfoRequest{}, grpc.WaitForReady(true))
	return info.GetName(), err
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, "csi-registrar: "+format+"\n", values...)
	os.Exit(1)
}
