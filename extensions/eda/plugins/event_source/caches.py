# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source datacache.fluid.caches of ansible-rulebook."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
---
short_description: What happens to Alluxio caches
description:
  - Watches the Datasets, the AlluxioRuntimes and the StatefulSets of a cluster, and asks the masters at each
    change, and at intervals, which of them leads.
  - An event has C(type), C(cache) (C(<name>.<namespace>), as the inventory plugin names it), C(name) and
    C(namespace).
  - C(leader_changed) has C(leader) and C(previous).
  - C(member_lost) and C(quorum_at_risk) have C(masters), C(available), C(needed) for a majority, C(lost) and
    C(leader). The second is sent if the loss of one more master loses the quorum.
  - C(dataset_unbound) has C(phase), C(cache_full) has C(cached_bytes) and C(capacity_bytes), C(fuse_dead) has
    C(pods).
  - C(restored) has C(restored), the type of the fault that has ended. Faults and their ends have C(seconds).
  - A cache that was not bound yet, or that is being deleted, has no faults.
  - While a run of this collection holds the Lease of a cache's masters, C(member_lost) and C(quorum_at_risk)
    are not sent until they have lasted for 600 seconds.
  - Needs the Python package kubernetes where ansible-rulebook runs.
options:
  namespaces:
    description: Namespaces to observe. Without it all namespaces are observed, which needs a ClusterRole.
    type: list
    elements: str
    default: []
  lasts:
    description: Seconds after which a fault is sent. A master that restarts is back before.
    type: float
    default: 20
  repeat:
    description:
      - Seconds after which the event of a fault that continues is sent again. With another pod it is sent
        after C(lasts).
    type: float
    default: 600
  interval:
    description: Maximum of seconds between two observations. No watch shows a transfer of the leadership.
    type: float
    default: 15
  full_percentage:
    description: Share of the capacity, in percent, from which a cache is full.
    type: float
    default: 95
  kubeconfig:
    description:
      - Path of a kubeconfig file.
      - This and C(context), C(host), C(api_key), C(username), C(password), C(validate_certs), C(ca_cert),
        C(client_cert), C(client_key), C(proxy) and C(no_proxy) are those of C(kubernetes.core), and fall back
        to E(K8S_AUTH_*) as there.
    type: str
"""

EXAMPLES = r"""
- datacache.fluid.caches:
    namespaces: [data]
    lasts: 30
"""

# Seconds between two observations, at least: one failure changes several objects.
_LEAST_PAUSE = 1.0


def _find_collection() -> None:
    """Make the collection importable: ansible-rulebook runs this file by its path."""
    for folder in Path(__file__).absolute().parents:
        if folder.name == "ansible_collections" and str(folder.parent) not in sys.path:
            sys.path.append(str(folder.parent))


async def main(queue: asyncio.Queue, args: dict[str, Any]) -> None:
    """Put the events into the queue until the task is canceled."""
    _find_collection()
    from ansible_collections.datacache.fluid.plugins.plugin_utils import cache_watch
    caches = cache_watch.from_args(args)
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    caches.start(lambda: loop.call_soon_threadsafe(changed.set))
    try:
        while True:
            changed.clear()
            for event in await asyncio.to_thread(caches.events):
                await queue.put(event)
            try:
                await asyncio.wait_for(changed.wait(), max(_LEAST_PAUSE, caches.pause()))
            except asyncio.TimeoutError:
                continue
            await asyncio.sleep(_LEAST_PAUSE)
    finally:
        caches.stop()
