# SPDX-License-Identifier: GPL-3.0-or-later
"""A node: namespaces of its own with containerd, kubelet and kube-proxy inside.

A sleeping process, the holder, keeps the network, mount and host name
namespaces. Everything on the node runs in the cgroup of the node's name, so
that killing the cgroup is a power cut: namespaces, mounts and cable go with
their last process, and only the disk, a folder of the state, stays.
"""

import os
import shutil
import time
from pathlib import Path

from labctl import daemon, host, images, network, node_config, node_status, pki, settings
from labctl.api import Api
from labctl.cgroups import Group
from labctl.progress import Progress
from labctl.settings import node_name


def disk(number: int) -> Path:
    return settings.state_dir() / "nodes" / node_name(number)


def powered(number: int) -> bool:
    return daemon.alive(node_name(number))


def start(number: int, kube: Path, report: Progress, store: Path | None = None) -> None:
    """Power the node on and wait until it is Ready; heals the cable of a running one.

    A node without a disk gets its images from `store`.
    """
    name, began, seconds = node_name(number), time.time(), report.seconds
    if all(map(daemon.alive, node_status.parts(number))):
        heal(number)
        report(f"{name} is Ready")
        return
    _boot(number, store)
    pid = holder(number)
    proxy, runtime, kubelet = node_status.parts(number)
    daemon.start(proxy, [kube, *node_config.kube_proxy(number)], inside=pid)
    daemon.start(runtime, ["containerd", "--config", disk(number) / "containerd.toml"], inside=pid)
    # kubelet gives up on a socket that exists before its services do; the stream server comes last.
    daemon.wait(lambda: network.listens(pid, node_config.STREAM_PORT),
                what=f"{name}'s container runtime to serve", daemons=[runtime])
    daemon.start(kubelet, [kube, *node_config.kubelet(number, disk(number))], inside=pid)
    node_status.wait_ready(number, since=began, rebooted=True)
    report(f"{name} is Ready after {report.seconds - seconds:.1f} s")


def kill(number: int) -> None:
    """Cut the power: every process at once, the network with it; the disk stays."""
    group = Group(node_name(number))
    group.kill()
    group.remove()
    network.unplug(number)


def remove(number: int) -> None:
    """Take the node out of the cluster for good."""
    kill(number)
    if Api().find(f"/api/v1/nodes/{node_name(number)}"):
        Api().delete_node(node_name(number))
    shutil.rmtree(disk(number), ignore_errors=True)


def holder(number: int) -> int:
    """The process that keeps the node's namespaces."""
    return Group(f"{node_name(number)}/holder").pids()[0]


def heal(number: int) -> None:
    """Plug the cable in again and wait until the node is Ready."""
    began = 0 if network.plugged(number) else time.time()
    network.heal(number)
    node_status.wait_ready(number, since=began, rebooted=False)


def _boot(number: int, store: Path | None) -> None:
    """Make the node's namespaces, mounts and cable; whatever is left of it ends first."""
    name = node_name(number)
    kill(number)
    _write_disk(number, store)
    daemon.start(f"{name}/holder", ["unshare", "-m", "-n", "-u", "--propagation", "slave",
                                    "sleep", "infinity"])
    daemon.wait(lambda: _separated(number), what=f"{name}'s namespaces",
                daemons=[f"{name}/holder"], timeout=10, interval=0.01)
    pid = holder(number)
    script = node_config.mount_script(number, disk(number), _shared("hosts"))
    daemon.run(f"{name}/setup", ["sh", "-c", script], inside=pid)
    network.connect(number, pid)


def _write_disk(number: int, store: Path | None) -> None:
    """Put images and configuration on the node's disk; what is there of them stays."""
    top = disk(number)
    if not top.exists():
        draft = top.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        images.clone(store, node_config.disk_folder(draft, "/var/lib/containerd"),
                     f"{node_name(number)}/images")
        draft.rename(top)
    for point in host.MOUNT_POINTS:
        node_config.disk_folder(top, point).mkdir(parents=True, exist_ok=True)
    pki.create_node(number)
    _shared("hosts").write_text(node_config.hosts())
    _shared("resolv.conf").write_text(node_config.resolv_conf())
    (top / "containerd.toml").write_text(node_config.containerd())
    (top / "kubelet.yaml").write_text(node_config.kubelet_config(number, _shared("resolv.conf")))
    cni = node_config.disk_folder(top, "/etc/cni/net.d") / "10-lab.conflist"
    cni.write_text(node_config.cni(number))
    kubeconfig = node_config.disk_folder(top, "/etc/kubernetes") / "kubelet.conf"
    shutil.copy(pki.kubeconfig(node_name(number)), kubeconfig)


def _shared(name: str) -> Path:
    """A file that is the same on every node."""
    return settings.state_dir() / "nodes" / name


def _separated(number: int) -> bool:
    """True once the holder has left the machine's namespaces."""
    if not daemon.alive(f"{node_name(number)}/holder"):
        return False
    pid = holder(number)
    return all(os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}")
               for kind in ("mnt", "net", "uts"))
