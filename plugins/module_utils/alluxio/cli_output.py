# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsers for the output of Alluxio's commands, and the locale for paths in it. Pure."""

from __future__ import annotations

import re

from ..errors import QuorumUnknown
from .raft import AVAILABLE, Peer, Quorum

# The first line of a script. The images' own locale is POSIX: there Java reads each byte of an argument that
# is not ASCII as U+FFFD, and prints such a character as '?'. Images differ in the names of other locales.
UTF8 = "utf8=$(locale -a 2>/dev/null | grep -im1 'utf-*8$') && export LC_ALL=$utf8\n"
_ENTRIES = re.compile(r"^Backup Entry Count\s*:\s*(\d+)", re.MULTILINE)


def entry_count(output: str) -> int | None:
    """Return the number of journal entries that ``alluxio fsadmin backup`` reports, or None."""
    match = _ENTRIES.search(output)
    return int(match.group(1)) if match else None


_LEADER = re.compile(r"^Quorum leader\s*:\s*(\S+)\s*$", re.MULTILINE)
_ROW = re.compile(r"^\s*([A-Z]+)\s*\|\s*(-?\d+)\s*\|\s*(\S+:\d+)\s*$", re.MULTILINE)


def parse_quorum_info(text: str) -> Quorum:
    """Parse the output of ``alluxio fsadmin journal quorum info``. Raises QuorumUnknown for other text.

    Shape (Alluxio 2.9, QuorumInfoCommand): a header with "Quorum leader : host:port", then a table of
    "STATE | PRIORITY | SERVER ADDRESS".
    """
    rows = _ROW.findall(text)
    if not rows:
        raise QuorumUnknown(
            "expected a table of quorum peers from `alluxio fsadmin journal quorum info`, got: "
            f"{text.strip()[-400:] or 'nothing'}")
    match = _LEADER.search(text)
    leader = match.group(1) if match and ":" in match.group(1) else None
    peers = tuple(
        Peer(address=address, state=state, priority=int(priority), leader=address == leader)
        for state, priority, address in sorted(rows, key=lambda row: row[2]))
    return Quorum(leader=leader, peers=peers)


_LEADING = re.compile(r"^Current leader master:\s*([^/\s:]+)(?:/[^:\s]*)?:(\d+)", re.MULTILINE)


def parse_master_info(text: str) -> Quorum:
    """Parse the output of ``alluxio fs masterInfo`` of a single master, which has no Raft group.

    Shape: "Current leader master: host/address:port". Raises QuorumUnknown for other text, because the exit
    code is 0 even without a leader.
    """
    match = _LEADING.search(text)
    if match is None:
        raise QuorumUnknown("expected the leading master from `alluxio fs masterInfo`, got: "
                            f"{text.strip()[-400:] or 'nothing'}")
    leader = ":".join(match.groups())
    return Quorum(leader=leader, peers=(Peer(address=leader, state=AVAILABLE, leader=True),))
