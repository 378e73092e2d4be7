# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the resources of a runtime's components. Pure.

Source: Fluid 1.0.8, pkg/ddc/alluxio/transform_resources.go and charts/alluxio/templates/_helpers.tpl.
"""

from __future__ import annotations

from decimal import Decimal

from ...errors import InvalidInput
from ...k8s import quantity
from ..components import COMPONENTS
from . import tiers

MEMORY = "memory"
# The chart renders no other names.
_RENDERED = ("cpu", MEMORY)
_LIMITS = "worker.resources.limits.memory"
_REQUESTS = "worker.resources.requests.memory"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for resources with which Fluid or Kubernetes creates no pods."""
    for component in COMPONENTS:
        resources = _resources(params, component)
        limits = resources.get("limits") or {}
        for kind in ("requests", "limits"):
            for name, amount in (resources.get(kind) or {}).items():
                if quantity.parse(amount) < 0:
                    raise InvalidInput(f"{component}.resources.{kind}.{name} is {amount}: expected an amount "
                                       "of zero or more")
        for name, amount in (resources.get("requests") or {}).items():
            if name in limits and quantity.parse(amount) > quantity.parse(limits[name]):
                raise InvalidInput(
                    f"{component}.resources.requests.{name} is {amount}, above the limit {limits[name]}: "
                    "Kubernetes creates no such pods; raise limits, or lower requests")
    limit, tier = _memory(params, "limits"), _memory_tier(params)
    if limit and limit[1] and limit[1] < tier:
        raise InvalidInput(
            f"{_LIMITS} is {limit[0]}, below the {quantity.as_text(tier)} of the tiers in memory "
            "(tieredstore): Fluid creates no workers then; raise the limit, or lower the quota")


def raised_request(params: dict) -> str | None:
    """Return the memory to which Fluid raises the workers' request; None if it leaves it as it is.

    Fluid writes the raised request into the runtime, too, and adds one that is missing.
    """
    request, tier = _memory(params, "requests"), _memory_tier(params)
    return quantity.as_text(tier) if request and request[1] < tier else None


def warnings(params: dict) -> list[str]:
    """Return a sentence for each given resource that Fluid changes or ignores."""
    found = []
    if raised := raised_request(params):
        request = _resources(params, "worker")["requests"][MEMORY]
        found.append(f"{_REQUESTS} is {request}, below the {raised} of the tiers in memory: Fluid raises it "
                     f"to {raised}")
    fuse = _resources(params, "fuse")
    if (fuse.get("requests") or fuse.get("limits")) and MEMORY not in (fuse.get("limits") or {}):
        found.append("fuse.resources has no limits.memory, without which Fluid 1.0.8 ignores all of "
                     "fuse.resources: set it")
    ignored = [f"{component}.resources.{kind}.{name}" for component in COMPONENTS
               for kind in ("requests", "limits") for name in _resources(params, component).get(kind) or {}
               if name not in _RENDERED and not _is_rolled(params, component)]
    if ignored:
        found.append(f"Fluid 1.0.8 ignores {', '.join(ignored)}: it knows cpu and memory alone")
    return found


def _is_rolled(params: dict, component: str) -> bool:
    """Return whether alluxio_rollout applies the resources of the component to the pods."""
    return component in ("master", "job_master") and params["master_replicas"] > 1


def _resources(params: dict, component: str) -> dict:
    return (params.get(component) or {}).get("resources") or {}


def _memory_tier(params: dict) -> Decimal:
    return tiers.memory(params.get("tieredstore") or [])


def _memory(params: dict, kind: str) -> tuple[str, Decimal] | None:
    """Return the workers' request or limit of memory, as given and in bytes; None if there is none."""
    amount = (_resources(params, "worker").get(kind) or {}).get(MEMORY)
    return None if amount is None else (amount, quantity.parse(amount))
