// SPDX-License-Identifier: GPL-3.0-or-later

// Command fluid is the Fluid controllers, CSI plugin and webhook of the lab in one binary, for the sake of the images'
// size. The name it is called by chooses; the names are those of Fluid's own images.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	alluxio "github.com/fluid-cloudnative/fluid/cmd/alluxio/app"
	csi "github.com/fluid-cloudnative/fluid/cmd/csi/app"
	dataset "github.com/fluid-cloudnative/fluid/cmd/dataset/app"
	fluidapp "github.com/fluid-cloudnative/fluid/cmd/fluidapp/app"
	thin "github.com/fluid-cloudnative/fluid/cmd/thin/app"
	webhook "github.com/fluid-cloudnative/fluid/cmd/webhook/app"
	"github.com/spf13/cobra"
)

var components = map[string]func() *cobra.Command{
	"alluxioruntime-controller": alluxio.NewAlluxioFSCommand,
	"dataset-controller":        dataset.NewDatasetCommand,
	"fluid-csi":                 csi.NewCSICommand,
	"fluid-webhook":             webhook.NewWebHookCommand,
	"fluidapp-controller":       fluidapp.NewFluidAppCommand,
	"thinruntime-controller":    thin.NewThinControllerCommand,
}

func main() {
	name := filepath.Base(os.Args[0])
	command, known := components[name]
	if !known {
		fmt.Fprintf(os.Stderr, "fluid: called as %q, which is none of its components\n", name)
		os.Exit(2)
	}
	if err := command().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
