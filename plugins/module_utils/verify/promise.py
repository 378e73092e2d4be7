# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cache promises, and whether that is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..k8s.kinds import ObjectRef

# DEGRADED: not kept, because of nodes that are not Ready alone. UNKNOWN: what decides it could not be read.
KEPT, DEGRADED, BROKEN, UNKNOWN = "kept", "degraded", "broken", "unknown"


@dataclass(frozen=True)
class Promise:
    """One promise. evidence: what was observed and, unless it is kept, what was expected.

    next_step: what to do about it. lost_nodes: the nodes that explain DEGRADED.
    """

    name: str
    state: str
    evidence: str
    next_step: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    lost_nodes: tuple[str, ...] = ()

    def as_dict(self) -> dict:
        """Return the promise as the module returns it."""
        return {"name": self.name, "state": self.state, "evidence": self.evidence,
                "next_step": self.next_step, "figures": dict(self.figures),
                "lost_nodes": list(self.lost_nodes)}

    def sentence(self) -> str:
        """Return the evidence and the next step as one text."""
        return f"{self.evidence}: {self.next_step}." if self.next_step else f"{self.evidence}."


@dataclass(frozen=True)
class Expected:
    """The options of the verification. masters: 0 before the runtime is read. cached: percentage of data."""

    cache: ObjectRef
    fluid_namespace: str
    masters: int
    workers: int
    spread: bool
    cached: float

    @property
    def label(self) -> str:
        """The cache for messages."""
        return f"{self.cache.namespace}/{self.cache.name}"


def decide(name: str, kept: bool, evidence: str, expectation: str, next_step: str,
           figures: Mapping[str, Any] | None = None, lost_nodes: Iterable[str] = ()) -> Promise:
    """Return a promise that is kept, or not. lost_nodes: those that alone explain that it is not."""
    figures, lost = figures or {}, tuple(lost_nodes)
    if kept:
        return Promise(name, KEPT, evidence, figures=figures)
    return Promise(name, DEGRADED if lost else BROKEN, f"{evidence}, expected {expectation}", next_step,
                   figures, lost)
