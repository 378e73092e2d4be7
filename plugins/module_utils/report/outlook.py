# SPDX-License-Identifier: GPL-3.0-or-later
"""What one more loss would mean for a Raft group. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from ..alluxio.raft import AVAILABLE, quorum_size
from ..fluid.components import JOB_MASTER, MASTER
from ..verify.promise import BROKEN, DEGRADED, KEPT

_NOUNS = {MASTER: "master", JOB_MASTER: "job master"}
_STOPS = {MASTER: "the cache", JOB_MASTER: "loads and other jobs"}


@dataclass(frozen=True)
class Outlook:
    """The present state of a group, and what the next loss would do. next_step: empty if nothing is to do."""

    state: str
    present: str
    next_loss: str
    next_step: str = ""

    def as_dict(self) -> dict:
        """Return the outlook as the JSON has it."""
        return asdict(self)


def of_group(domain: str, peers: Sequence[Mapping], leader: str) -> Outlook:
    """Return the outlook of a group. peers: host, state and node of each. leader: empty without one."""
    noun, stops = _NOUNS.get(domain, "peer"), _STOPS.get(domain, "the group")
    size, majority = len(peers), quorum_size(len(peers))
    available = [peer for peer in peers if peer["state"] == AVAILABLE]
    spare = len(available) - majority
    now = f"{len(available)} of {size} {noun}s are AVAILABLE, and {majority} are a majority."
    if not leader or spare < 0:
        return Outlook(
            BROKEN, f"{now} {'There is no leader.' if not leader else 'The majority is lost.'}",
            f"{_capital(stops)} {'stand' if domain == JOB_MASTER else 'stands'} still now: no change is "
            f"committed until a majority of {noun}s is AVAILABLE.",
            "start the missing masters, then complete the quorum with datacache.fluid.alluxio_quorum")
    missing = [peer["host"] for peer in peers if peer["state"] != AVAILABLE]
    if spare == 0:
        return Outlook(
            DEGRADED, f"{now} Not AVAILABLE: {', '.join(missing) or 'none'}.",
            f"The loss of one more {noun} would stop {stops}.",
            f"bring {', '.join(missing)} back before any maintenance, with datacache.fluid.alluxio_quorum"
            if missing else f"add a {noun}: an even number tolerates no more losses than the one below it")
    fatal = _fatal_nodes(available, spare)
    after = f"One more loss leaves {len(available) - 1} of {size}: {stops} would keep serving"
    rest = (", and a further loss would stop it." if domain == MASTER else ", and a further loss would stop "
            "them.") if spare == 1 else f", and {spare - 1} more could be lost."
    if fatal:
        return Outlook(DEGRADED, now, f"The loss of node {fatal[0]} alone would stop {stops}: too many "
                       f"{noun}s run there.",
                       "spread the masters with datacache.fluid.alluxio_rollout and spread_masters")
    return Outlook(DEGRADED if missing else KEPT, now, after + rest,
                   f"bring {', '.join(missing)} back with datacache.fluid.alluxio_quorum" if missing else "")


def single(ready: bool) -> Outlook:
    """Return the outlook of a single master."""
    if not ready:
        return Outlook(BROKEN, "The single master is not ready, and no other can take over.",
                       "The cache stands still now.", "read the events and the log of the master's pod")
    return Outlook(KEPT, "There is a single master, and no other could take over.",
                   "Its loss stops the cache until it runs again; with a journal on an emptyDir the metadata "
                   "is lost with its pod.")


def _fatal_nodes(available: Sequence[Mapping], spare: int) -> list[str]:
    """Return the nodes whose loss takes more AVAILABLE peers than the group can spare."""
    hosts = Counter(peer["node"] for peer in available if peer["node"])
    return sorted(node for node, peers in hosts.items() if peers > spare)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
