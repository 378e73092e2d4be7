# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows, and which cache each one needs."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from costs.report import Figure
from costs.session import Session

from . import changes, fresh, journals, kills, large, nodes, rebuilt, restarts, together
from .cache import Cache, Content, Kind, deployed
from .lab import Lab

FAST = Kind("fast", "HostNetwork")
DEFAULT = Kind("default", "HostNetwork")
BALANCED = Kind("balanced", "HostNetwork")
CONTAINER = Kind("fast", "ContainerNetwork")
# Directories of 5 GB do not fit into a heap; RocksDB keeps them on disk.
LARGE = Kind("balanced", "HostNetwork", inodes_cached=10000)
CLAIMS = Kind("default", "HostNetwork", "claim")
CLAIMS_CONTAINER = Kind("default", "ContainerNetwork", "claim")
CLAIMS_BALANCED = Kind("balanced", "HostNetwork", "claim")
_ROLLOUT = "ansible_collections.datacache.fluid.plugins.modules.alluxio_rollout"


@dataclass(frozen=True)
class Row:
    """measure gets the cache, and the lab where it needs nodes to end."""

    name: str
    kind: Kind
    measure: Callable[..., list[Figure]]
    needs_lab: bool = False
    needs_module: str = ""
    needs_program: str = ""

    def lacks(self, lab: Lab | None) -> str:
        """Why the row cannot be measured here; empty when it can."""
        if self.needs_lab and lab is None:
            return "it ends nodes, and KUBECONFIG is not that of the lab"
        if self.needs_module and find_spec(self.needs_module) is None:
            return "the collection has no module " + self.needs_module.rpartition(".")[2]
        if self.needs_program and shutil.which(self.needs_program) is None:
            return f"there is no {self.needs_program} on PATH"
        return ""


# In the order of measuring: rows of one cache stand together, and what changes the cache or ends nodes comes
# last.
ROWS = (
    Row("fresh", CLAIMS, fresh.fresh),
    Row("all_masters_claims", CLAIMS, journals.all_masters_claims),
    Row("all_masters_balanced", CLAIMS_BALANCED, journals.all_masters_claims),
    Row("two_masters_gate", DEFAULT, journals.two_masters_gate),
    Row("two_masters_gate_balanced", BALANCED, journals.two_masters_gate),
    Row("leader_default", DEFAULT, kills.leader_default),
    Row("configuration", DEFAULT, changes.configuration, needs_module=_ROLLOUT),
    Row("interrupted", DEFAULT, changes.interrupted, needs_module=_ROLLOUT),
    Row("follower_container", CONTAINER, restarts.follower),
    Row("scale", CONTAINER, changes.scale, needs_module=_ROLLOUT),
    Row("drains", CONTAINER, together.drains, needs_program="kubectl"),
    Row("server_unavailable", CONTAINER, together.server_unavailable, needs_lab=True),
    Row("rebuilt", CLAIMS_CONTAINER, rebuilt.rebuilt, needs_lab=True),
    Row("two_jobs", CONTAINER, together.two_jobs, needs_module=_ROLLOUT, needs_program="kubectl"),
    Row("leader_balanced", BALANCED, kills.clients),
    Row("large", LARGE, large.large),
    Row("leader_fast", FAST, kills.leader_fast),
    Row("follower_host", FAST, restarts.follower),
    Row("clients", FAST, kills.clients),
    Row("node_killed", FAST, nodes.killed, needs_lab=True),
    Row("node_cut", FAST, nodes.cut, needs_lab=True),
    Row("majority", FAST, nodes.majority, needs_lab=True),
)


def names() -> list[str]:
    return [row.name for row in ROWS]


def measure(desired: Sequence[str], session: Session, content: Content,
            lab: Lab | None) -> tuple[list[Figure], list[str]]:
    """Measure the rows; return their figures, and a line for each row that could not be measured."""
    figures: list[Figure] = []
    broken: list[str] = []
    chosen = [row for row in ROWS if row.name in desired]
    for row in chosen:
        if reason := row.lacks(lab):
            print(f"row {row.name} is left out: {reason}", file=sys.stderr, flush=True)
    chosen = [row for row in chosen if not row.lacks(lab)]
    for kind in dict.fromkeys(row.kind for row in chosen):
        try:
            print(f"deploying {kind.name}", file=sys.stderr, flush=True)
            with deployed(session, kind, content) as cache:
                for row in chosen:
                    if row.kind == kind:
                        figures += _measured(row, cache, lab, broken)
        except Exception as err:  # a cache that cannot be made or removed must not cost the others' figures
            broken.append(f"{kind.name}: {err}")
    return figures, broken


def _measured(row: Row, cache: Cache, lab: Lab | None, broken: list[str]) -> list[Figure]:
    began = time.monotonic()
    print(f"measuring: {row.name}", file=sys.stderr, flush=True)
    try:
        return row.measure(cache, lab) if row.needs_lab else row.measure(cache)
    except Exception as err:  # the next row may still be measured
        broken.append(f"{row.name}: {type(err).__name__}: {err}")
        print(f"  {broken[-1]}", file=sys.stderr, flush=True)
        return []
    finally:
        print(f"  {row.name}: {time.monotonic() - began:.0f} s, load of the machine {os.getloadavg()[0]:.1f}",
              file=sys.stderr, flush=True)
