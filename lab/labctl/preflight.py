# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons why a lab cannot run on this machine, each said in one sentence.

Every check runs before the first change; a failed one raises Refused.
"""

import ipaddress
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from labctl import cgroups, settings
from labctl.errors import Refused

# Free space in GiB for keys, etcd and logs, or for all nodes' disks as well.
DISK_GIB = {"api": 1, "full": 10}

_CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}


def operator() -> None:
    """Checks for every command that changes something."""
    check_platform(sys.platform)
    check_root(os.geteuid())
    check_capabilities(Path("/proc/self/status").read_text())


def machine(tier: str) -> None:
    """Checks of the kernel that hold whether or not a lab already runs."""
    check_cgroups(Path("/proc/mounts").read_text())
    if tier == "full":
        check_filesystems(Path("/proc/filesystems").read_text(), Path("/dev/fuse").exists())


def room(tier: str) -> None:
    """Checks for a machine without a lab: disk, addresses and ports."""
    check_addresses(_networks_in_use())
    _check_disk(tier)
    _check_ports(ports(tier))


def room_beside_api() -> None:
    """Checks before a running api tier grows to the full one."""
    _check_disk("full")
    _check_ports([port for port in ports("full") if port not in ports("api")])


def ports(tier: str) -> list[tuple[int, int, str]]:
    """(port, socket kind, address) that a tier listens on."""
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    listens = [(settings.ETCD_CLIENT_PORT, tcp, "127.0.0.1"),
               (settings.ETCD_PEER_PORT, tcp, "127.0.0.1"),
               (settings.API_PORT, tcp, settings.HOST_ADDRESS)]
    if tier == "full":
        listens += [(settings.DNS_PORT, tcp, settings.HOST_ADDRESS),
                    (settings.DNS_PORT, udp, settings.HOST_ADDRESS),
                    (settings.ORIGIN_PORT, tcp, settings.HOST_ADDRESS),
                    (settings.S3_PORT, tcp, settings.HOST_ADDRESS)]
    return listens


def check_platform(platform: str) -> None:
    if platform != "linux":
        raise Refused(f"the lab needs Linux, this is {platform}: use a Linux machine, "
                      f"or set KUBECONFIG to use a cluster of your own")


def check_root(user: int) -> None:
    if user != 0:
        raise Refused("the lab makes namespaces, mounts and links and so needs root: "
                      "run the command with sudo, or set KUBECONFIG to use a cluster of your own")


def check_capabilities(status: str) -> None:
    effective = next(int(line.split()[1], 16) for line in status.splitlines()
                     if line.startswith("CapEff:"))
    missing = [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]
    if missing:
        raise Refused(f"root lacks {' and '.join(missing)} here: run the lab on a machine "
                      f"or in a privileged container")


def check_cgroups(mounts: str) -> None:
    missing = [name for name in cgroups.REQUIRED if name not in cgroups.hierarchies(mounts)]
    if missing:
        raise Refused(f"the cgroup v1 controllers {', '.join(missing)} are not mounted: boot with "
                      f"the kernel option systemd.unified_cgroup_hierarchy=0")


def check_filesystems(filesystems: str, fuse_device: bool) -> None:
    if "overlay" not in filesystems.split():
        raise Refused("the kernel has no overlay file system for containers: "
                      "load it with `modprobe overlay`")
    if not fuse_device:
        raise Refused("/dev/fuse is missing, Alluxio mounts need it: load it with `modprobe fuse`")


def check_disk(folder: Path, free_bytes: int, needed_gib: int) -> None:
    if free_bytes < needed_gib << 30:
        raise Refused(f"{folder} has {free_bytes / 2**30:.1f} GiB free, the lab needs {needed_gib}: "
                      f"free some, or set FLUID_LAB_STATE to a folder on a larger disk")


def check_addresses(in_use: dict[str, str]) -> None:
    """`in_use` maps a network to the interface that has it."""
    for wanted in (settings.SUBNET, settings.POD_SUBNET, settings.SERVICE_SUBNET):
        for network, link in in_use.items():
            if ipaddress.ip_network(wanted).overlaps(ipaddress.ip_network(network)):
                raise Refused(f"the lab's network {wanted} overlaps {network} on {link}: "
                              f"remove that address or route while the lab runs")


def _check_disk(tier: str) -> None:
    state = settings.state_dir()
    parent = next(path for path in (state, *state.parents) if path.exists())
    check_disk(parent, shutil.disk_usage(parent).free, DISK_GIB[tier])


def _check_ports(wanted: list[tuple[int, int, str]]) -> None:
    for port, kind, address in wanted:
        if not _free(port, kind, address):
            raise Refused(f"port {address}:{port} is taken{_holder(port, kind)}: "
                          f"stop that process, then run the command again")


def _networks_in_use() -> dict[str, str]:
    if not shutil.which("ip"):
        return {}
    shown = subprocess.run(["ip", "-json", "-4", "route", "show"], check=False,
                           capture_output=True, text=True).stdout
    return {route["dst"]: route["dev"] for route in json.loads(shown or "[]")
            if route["dst"] != "default" and "dev" in route}


def _free(port: int, kind: int, address: str) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: ignore TIME_WAIT
        probe.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND: the bridge does not exist yet
        try:
            probe.bind((address, port))
            return True
        except OSError:
            return False


def _holder(port: int, kind: int) -> str:
    """Which process listens there, as far as `ss` can tell."""
    option = "-Hltnp" if kind == socket.SOCK_STREAM else "-Hlunp"
    try:
        shown = subprocess.run(["ss", option, f"sport = :{port}"], check=False,
                               capture_output=True, text=True).stdout
    except FileNotFoundError:
        return ""
    _, found, rest = shown.partition('users:(("')
    if not found:
        return ""
    name, _, rest = rest.partition('",pid=')
    return f" by {name} (pid {rest.partition(',')[0]})"
