# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the lab's traffic pass a machine whose firewall drops by default (ufw, Docker).

A machine without rules gets none: even an accepting rule would leave empty
tables behind.
"""

import shutil

from labctl import settings
from labctl.shell import run

# Frames between nodes cross the bridge and still meet FORWARD (br_netfilter).
RULES = (("INPUT", "-i", settings.BRIDGE),
         ("FORWARD", "-i", settings.BRIDGE, "-o", settings.BRIDGE))
_MARK = ("-m", "comment", "--comment", settings.NAME, "-j", "ACCEPT")


def open_() -> None:
    """Insert the lab's rules where a filter table exists; once."""
    if not shutil.which("iptables-save"):
        return
    saved = run(["iptables-save", "-t", "filter"])
    if guarded(saved) and settings.NAME not in saved:
        for chain, *match in RULES:
            run(["iptables", "-I", chain, *match, *_MARK])


def close() -> None:
    if not shutil.which("iptables-save"):
        return
    saved = run(["iptables-save", "-t", "filter"])
    for chain, *match in RULES:
        for line in saved.splitlines():
            if line.startswith(f"-A {chain} -i {settings.BRIDGE}") and settings.NAME in line:
                run(["iptables", "-D", chain, *match, *_MARK])


def guarded(saved: str) -> bool:
    """True when the filter table has a rule or a dropping policy that could hit the lab."""
    return any(line.startswith("-A ") or (line.startswith(":") and " DROP " in line)
               for line in saved.splitlines())
