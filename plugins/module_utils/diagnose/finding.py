# SPDX-License-Identifier: GPL-3.0-or-later
"""A cause of a fault with its evidence, and the order of several. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

# The causes. A cause stands before those that it brings about: a full node evicts pods and taints itself, so
# that pods find no node; a FUSE pod without its image leaves mounts undone.
FLUID_ABSENT = "fluid_absent"
CONTROLLER_AT_ZERO = "controller_at_zero"
NODE_PRESSURE = "node_pressure"
NODE_NOT_READY = "node_not_ready"
IMAGE_PULL = "image_pull"
PORT_CLASH = "port_clash"
JOURNAL_LOST = "journal_lost"
MEMORY_BELOW_TIER = "memory_below_tier"
DISK_FULL = "disk_full"
PODS_REFUSED = "pods_refused"
UNSCHEDULABLE = "unschedulable"
POD_NOT_STARTED = "pod_not_started"
DNS = "dns"
UNDER_STORE_REFUSED = "under_store_refused"
UNDER_STORE_UNREACHABLE = "under_store_unreachable"
STALE_ADDRESS = "stale_address"
STUCK_FINALIZER = "stuck_finalizer"
CONTROLLER_NOT_READY = "controller_not_ready"
CONTAINER_FAILS = "container_fails"
FUSE_NOT_MOUNTED = "fuse_not_mounted"
OLD_DEFINITIONS = "old_definitions"
QUORUM_INCOMPLETE = "quorum_incomplete"
PODS_NOT_READY = "pods_not_ready"
CACHE_ABSENT = "cache_absent"
NOT_BOUND = "not_bound"
ORDER = (FLUID_ABSENT, CONTROLLER_AT_ZERO, NODE_PRESSURE, NODE_NOT_READY, IMAGE_PULL, PORT_CLASH,
         JOURNAL_LOST, MEMORY_BELOW_TIER, DISK_FULL, PODS_REFUSED, UNSCHEDULABLE, POD_NOT_STARTED, DNS,
         UNDER_STORE_REFUSED, UNDER_STORE_UNREACHABLE, STALE_ADDRESS, STUCK_FINALIZER, CONTROLLER_NOT_READY,
         CONTAINER_FAILS, FUSE_NOT_MOUNTED, OLD_DEFINITIONS, QUORUM_INCOMPLETE, PODS_NOT_READY, CACHE_ABSENT,
         NOT_BOUND)


@dataclass(frozen=True)
class Finding:
    """A cause. object: what it was observed on. evidence: the event, the log line or the number.

    certain: whether it holds the cache up now; a finding that may explain nothing comes after all others.
    """

    cause: str
    object: str
    evidence: str
    remedy: str
    certain: bool = True

    def as_dict(self) -> dict:
        """Return the finding as the module returns it."""
        return asdict(self)

    def line(self) -> str:
        """Return the finding in one line."""
        probably = "" if self.certain else " (may be unrelated)"
        return f"{self.cause}{probably}: {self.object}: {self.evidence}: {self.remedy}."


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, most probable first; those that differ in their object only are one."""
    merged: dict[Finding, list[str]] = {}
    for each in findings:
        names = merged.setdefault(replace(each, object=""), [])
        if each.object not in names:
            names.append(each.object)
    single = [replace(each, object=", ".join(names)) for each, names in merged.items()]
    return sorted(single, key=lambda each: (not each.certain, ORDER.index(each.cause)))
