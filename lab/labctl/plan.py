# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what `up` has to do; pure, so that a table of cases tests it."""

from dataclasses import dataclass, replace

from labctl.build import versions
from labctl.settings import DEFAULT_NODES
from labctl.state import RUNNING, Shape, State

FRESH = "start a fresh lab"
EXTEND = "extend the running lab"
REUSE = "reuse the running lab"


@dataclass(frozen=True)
class Request:
    """The options of `lab up`; None where the caller left the choice open."""

    tier: str | None = None
    nodes: int | None = None
    fluid: bool = True
    origin_rate: str | None = None
    audit: bool = False
    alluxio: str | None = None


@dataclass(frozen=True)
class Plan:
    action: str
    shape: Shape
    reason: str


def decide(request: Request, running: State | None, *, fingerprint: str, healthy: bool) -> Plan:
    """Compare what is asked with what runs.

    `fingerprint` is of the inputs of the running lab's tier; `healthy` tells
    whether all of its control plane is alive.
    """
    fresh = Shape(tier=request.tier or "full", nodes=request.nodes or DEFAULT_NODES,
                  fluid=request.fluid, origin_rate=request.origin_rate or "off",
                  audit=request.audit, alluxio=request.alluxio or versions.ALLUXIO)
    if running is None:
        return Plan(FRESH, fresh, "no lab runs")
    if running.phase != RUNNING:
        return Plan(FRESH, fresh, "the last start did not end")
    if not healthy:
        return Plan(FRESH, fresh, "parts of the control plane are gone")
    if running.fingerprint != fingerprint:
        return Plan(FRESH, fresh, f"the lab of {running.checkout} has other inputs")
    if request.audit and not running.shape.audit:
        return Plan(FRESH, fresh, "the API server runs without an audit log")
    if request.alluxio not in (None, running.shape.alluxio) and running.shape.tier == "full":
        return Plan(FRESH, fresh, f"it has Alluxio {running.shape.alluxio}")
    wanted = _merge(request, running.shape)
    if wanted == running.shape:
        return Plan(REUSE, wanted, "it is already as asked")
    return Plan(EXTEND, wanted, "parts are missing")


def _merge(request: Request, shape: Shape) -> Shape:
    """The running shape with what is asked on top: a full lab serves an api request."""
    if shape.tier == "api" and request.tier in (None, "full"):
        shape = replace(shape, tier="full", fluid=request.fluid)
    elif shape.tier == "full" and request.tier != "api":
        shape = replace(shape, fluid=shape.fluid or request.fluid)
    if request.alluxio is not None:
        shape = replace(shape, alluxio=request.alluxio)
    if request.nodes is not None:
        shape = replace(shape, nodes=request.nodes)
    if request.origin_rate is not None:
        shape = replace(shape, origin_rate=request.origin_rate)
    return shape
