# SPDX-License-Identifier: GPL-3.0-or-later
"""The bridge that joins the machine and its nodes.

Nodes reach each other and each other's pods over the bridge alone, so the
machine needs no forwarding and no address translation. Nothing routes out:
an address outside the lab is answered "unreachable" at once.
"""

from pathlib import Path

from labctl import settings
from labctl.errors import LabError
from labctl.shell import run

_LINKS = Path("/sys/class/net")


def port(number: int) -> str:
    """The machine's end of a node's cable."""
    return f"{settings.NAME}-n{number}"


def exists(link: str) -> bool:
    return (_LINKS / link).exists()


def create_bridge() -> None:
    if not exists(settings.BRIDGE):
        run(["ip", "link", "add", settings.BRIDGE, "type", "bridge"])
    run(["ip", "addr", "replace", f"{settings.HOST_ADDRESS}/24", "dev", settings.BRIDGE])
    run(["ip", "link", "set", settings.BRIDGE, "up"])


def connect(number: int, pid: int) -> None:
    """Plug a node, given by a process in its network namespace, into the bridge."""
    link, inside = port(number), ["nsenter", "-t", pid, "-n", "ip"]
    run(["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", pid])
    run(["ip", "link", "set", link, "master", settings.BRIDGE, "up"])
    run([*inside, "-batch", "-"], stdin=node_setup(number))
    # Before the first pods: two calls of the CNI plugin that turn it on at once may leave eth0 without.
    run(["nsenter", "-t", pid, "-n", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"])
    run(["ip", "route", "replace", settings.pod_subnet(number),
         "via", settings.node_address(number), "dev", settings.BRIDGE])


def node_setup(number: int) -> str:
    """Commands for `ip -batch` inside a node."""
    lines = ["link set lo up",
             f"addr add {settings.node_address(number)}/24 dev eth0",
             "link set eth0 up",
             # kube-proxy rewrites service addresses only after a route was found for them.
             f"route add {settings.SERVICE_SUBNET} via {settings.HOST_ADDRESS}",
             "route add unreachable default"]
    lines += [f"route add {settings.pod_subnet(other)} via {settings.node_address(other)}"
              for other in range(1, settings.MAX_NODES + 1) if other != number]
    return "\n".join(lines) + "\n"


def plugged(number: int) -> bool:
    """True when the node's cable is in and not cut by a partition."""
    flags = _LINKS / port(number) / "flags"
    return flags.exists() and bool(int(flags.read_text(), 16) & 1)  # IFF_UP


def listens(pid: int, port_number: int) -> bool:
    """Whether a TCP port is served in the network namespace of a process."""
    sockets = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return any(fields[1].endswith(f":{port_number:04X}") and fields[3] == "0A" for fields in sockets)


def cut(number: int) -> None:
    run(["ip", "link", "set", port(number), "down"])


def heal(number: int) -> None:
    run(["ip", "link", "set", port(number), "up"])


def unplug(number: int) -> None:
    """Remove a node's cable, the host route to its pods with it."""
    _delete(port(number))
    if exists(settings.BRIDGE):
        run(["ip", "route", "flush", settings.pod_subnet(number)])


def remove() -> None:
    """Remove every link of the lab; its routes go with the bridge."""
    for number in range(1, settings.MAX_NODES + 1):
        _delete(port(number))
    _delete(settings.BRIDGE)


def _delete(link: str) -> None:
    """Delete a link. The kernel may take a node's cable first: its other end goes with the node's last
    process.
    """
    try:
        if exists(link):
            run(["ip", "link", "delete", link])
    except LabError:
        if exists(link):
            raise
