# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the pages that the lab runs, in the order of a cache's life. Pure."""

import re
from collections.abc import Iterator

from . import pages

# In this order each page finds what its commands need.
PAGES = ("tasks/first-cache", "tasks/warm", "verification", "inventory", "tasks/roll-a-change",
         "tasks/move-the-leader", "tasks/lose-a-node", "performance", "tasks/scale", "workers", "diagnosis",
         "tasks/rotate-keys", "tasks/back-up", "backup", "tasks/upgrade", "tasks/remove")
# What the journey does not run, and why.
LEFT_OUT = {
    "fluid_openshift_namespaces": "needs OpenShift",
    "datacache.fluid.awx": "needs AWX: tests/unit/awx",
    "-i caches/inventory": "the project of AWX: make jobs",
    "fluid_hosts=search": "many caches: the scenario many_caches",
    "registry.example.com": "needs a registry",
    "fluid_preflight_playbooks": "an account with less rights: the scenario least_privilege",
}
_RUN = re.compile(r"^(?:ansible|ansible-playbook|ansible-inventory|kubectl (?:drain|uncordon)) ")
_COMMENT = re.compile(r"\s+# .*$", re.MULTILINE)


def commands(text: str) -> Iterator[str]:
    """Yield the commands of Ansible, drains and their ends of a page, each in one line."""
    for block in pages.blocks(text):
        if block.language == "sh":
            lines = _COMMENT.sub("", re.sub(r"\s*\\\n\s*", " ", block.text)).splitlines()
            yield from (line for line in lines if _RUN.match(line))


def left_out(command: str) -> str:
    """Return why a command is not run; empty if it is."""
    return next((reason for part, reason in LEFT_OUT.items() if part in command), "")
