# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules of the diagnosis. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from . import cluster_causes, network_causes, pod_causes, start_causes, storage_causes
from .facts import Facts
from .finding import Finding, ranked

RULES: tuple[Callable[[Facts], Iterable[Finding]], ...] = (
    cluster_causes.controllers, cluster_causes.pressure, cluster_causes.not_ready, cluster_causes.definitions,
    pod_causes.port_clash, pod_causes.image_pull, pod_causes.memory, pod_causes.disk_full,
    pod_causes.refused, pod_causes.unschedulable, pod_causes.container_fails, start_causes.not_started,
    storage_causes.journal_lost, storage_causes.stuck_finalizer, storage_causes.fuse_not_mounted,
    storage_causes.not_bound,
    network_causes.dns, network_causes.stale_address, network_causes.under_store,
    network_causes.quorum_incomplete)


def causes(facts: Facts) -> list[Finding]:
    """Return what holds the cache up, most probable first; nothing for a healthy one."""
    found = [each for rule in RULES for each in rule(facts)]
    return ranked([*found, *start_causes.not_ready(facts, found)])
