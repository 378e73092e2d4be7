# SPDX-License-Identifier: GPL-3.0-or-later
"""Open TCP connections, as /proc/net/tcp and /proc/net/tcp6 of a container's network list them. Pure.

A node that loses its power closes no connection, and one without traffic stays established on the other side
for ever. With traffic the kernel gives up after 15 minutes (tcp_retries2).
"""

from __future__ import annotations

import ipaddress

COMMAND = ["cat", "/proc/net/tcp", "/proc/net/tcp6"]

# TCP_ESTABLISHED (Linux, include/net/tcp_states.h).
_ESTABLISHED = "01"
_REMOTE, _STATE = 2, 3  # columns
_GROUP = 8  # hexadecimal digits of 32 bits, in the order of bytes of the machine, little-endian


def is_connected(text: str, address: str, port: int) -> bool:
    """Return whether a connection to the port of an IP address is established."""
    desired = ipaddress.ip_address(address)
    for line in text.splitlines():
        columns = line.split()
        if len(columns) > _STATE and columns[_STATE] == _ESTABLISHED:
            host, _sep, remote_port = columns[_REMOTE].partition(":")
            if int(remote_port, 16) == port and _ip(host) == desired:
                return True
    return False


def _ip(digits: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    groups = [bytes.fromhex(digits[at:at + _GROUP])[::-1] for at in range(0, len(digits), _GROUP)]
    found = ipaddress.ip_address(b"".join(groups))
    mapped = getattr(found, "ipv4_mapped", None)  # Java opens IPv6 sockets for IPv4 addresses
    return mapped or found
