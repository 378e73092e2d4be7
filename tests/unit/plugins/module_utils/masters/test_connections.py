# SPDX-License-Identifier: GPL-3.0-or-later
"""Open connections, as the kernel lists them."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.masters.connections import is_connected

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# 10.244.1.5:45678 to 10.96.94.155:19200, as a JVM's IPv6 socket and as an IPv4 one; fd00::1:19200.
REST = "{} 00000000:00000000 02:00000A3C 00000000     0        0 16132681 2 0000000000000000\n"
MAPPED = ("   0: 0000000000000000FFFF00000501F40A:B26E 0000000000000000FFFF00009B5E600A:4B00 " + REST)
PLAIN = "   1: 0501F40A:B26E 9B5E600A:4B00 " + REST
SIX = "   0: 000000FD000000000000000002000000:B26E 000000FD000000000000000001000000:4B00 " + REST


@pytest.mark.parametrize(("lines", "address", "port", "connected"), [
    (MAPPED.format("01"), "10.96.94.155", 19200, True), (PLAIN.format("01"), "10.96.94.155", 19200, True),
    (SIX.format("01"), "fd00::1", 19200, True),
    (MAPPED.format("06"), "10.96.94.155", 19200, False),
    (MAPPED.format("02"), "10.96.94.155", 19200, False),
    (MAPPED.format("01"), "10.96.94.156", 19200, False),
    (MAPPED.format("01"), "10.96.94.155", 20003, False),
    (MAPPED.format("01"), "10.244.1.5", 45678, False),
    ("", "10.96.94.155", 19200, False),
], ids=["mapped", "ipv4", "ipv6", "time-wait", "syn-sent", "another-address", "another-port", "local",
        "none"])
def test_an_established_connection(lines, address, port, connected):
    assert is_connected(HEAD + lines + HEAD, address, port) is connected
