# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts and command lines that make a node; pure."""

import json
from pathlib import Path

from labctl import host, pki, settings
from labctl.settings import node_address, node_name

SANDBOX_IMAGE = "lab.local/pause:1"
KUBELET_KUBECONFIG = "/etc/kubernetes/kubelet.conf"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
STREAM_PORT = 10010


def disk_folder(disk: Path, mount_point: str) -> Path:
    """The part of a node's disk that the node sees at `mount_point`."""
    return disk / mount_point.strip("/").replace("/", "-")


def mount_script(number: int, disk: Path, hosts: Path) -> str:
    """Shell script that gives the node its host name and its own file systems."""
    lines = ["set -e", f"hostname {node_name(number)}"]
    lines += [f"mount --bind '{disk_folder(disk, point)}' {point}" for point in host.MOUNT_POINTS]
    lines += ["mount -t tmpfs tmpfs /run",
              "mkdir -p /run/containerd /run/netns",
              # Alluxio's MEM tier; memory is only used as the cache fills.
              "mount -t tmpfs -o size=4g tmpfs /dev/shm",
              f"mount --bind '{hosts}' /etc/hosts",
              # FUSE mounts made in a pod must reach the node and its other pods.
              "mount --make-rshared /"]
    return "\n".join(lines) + "\n"


def hosts() -> str:
    """/etc/hosts of every node: host-network pods find each other by node name."""
    names = [f"{node_address(n)} {node_name(n)}" for n in range(1, settings.MAX_NODES + 1)]
    return "\n".join(["127.0.0.1 localhost", *names]) + "\n"


def resolv_conf() -> str:
    return f"nameserver {settings.HOST_ADDRESS}\n"


def containerd() -> str:
    return f"""\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{SANDBOX_IMAGE}"
  # Fixed, so that its listening can be awaited.
  stream_server_port = "{STREAM_PORT}"
  # Without CAP_SYS_RESOURCE a container cannot lower its OOM score.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
"""


def cni(number: int) -> str:
    """Pod network: one cable per pod, so that every packet is routed and kube-proxy sees it."""
    return json.dumps({"cniVersion": "0.4.0", "name": settings.NAME, "plugins": [
        {"type": "ptp", "ipMasq": False,
         "ipam": {"type": "host-local", "subnet": settings.pod_subnet(number),
                  "routes": [{"dst": "0.0.0.0/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": True}}]})


def kubelet_config(number: int, resolv: Path) -> str:
    """KubeletConfiguration; YAML readers take JSON."""
    name = node_name(number)
    return json.dumps({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": node_address(number),
        "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                           "x509": {"clientCAFile": str(pki.certificate("ca"))}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.certificate(name)), "tlsPrivateKeyFile": str(pki.key(name)),
        "cgroupDriver": "cgroupfs", "cgroupRoot": f"/{settings.NAME}/{name}",
        "failCgroupV1": False,
        "clusterDomain": settings.CLUSTER_DOMAIN, "clusterDNS": [settings.HOST_ADDRESS],
        "resolvConf": str(resolv),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "failSwapOn": False,
        "serializeImagePulls": False,
        "localStorageCapacityIsolation": False,
        # All nodes share one disk: its filling up is no reason to drop images or pods.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%",
                         "imagefs.available": "1%"},
        "nodeStatusUpdateFrequency": "5s",
    }, indent=1)


def kubelet(number: int, disk: Path) -> list[object]:
    return ["kubelet", "--config", disk / "kubelet.yaml", "--kubeconfig", KUBELET_KUBECONFIG,
            "--hostname-override", node_name(number), "--node-ip", node_address(number),
            "--root-dir", "/var/lib/kubelet"]


def kube_proxy(number: int) -> list[object]:
    return ["kube-proxy", "--kubeconfig", pki.kubeconfig("proxy"),
            "--hostname-override", node_name(number), "--bind-address", node_address(number),
            "--cluster-cidr", settings.POD_SUBNET, "--proxy-mode", "iptables",
            # These belong to the whole machine and are not a node's to change.
            "--conntrack-max-per-core", 0, "--conntrack-tcp-timeout-established", "0s",
            "--conntrack-tcp-timeout-close-wait", "0s"]
