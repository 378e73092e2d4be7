# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which workers and FUSE pods of a runtime restart, and which applications that concerns. Pure.

A worker that restarts on its node keeps its cached data in a tier of volume type hostPath, Fluid's default. A
FUSE pod that ends breaks the mounts of the pods that read through it, so these decide when it may restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ...k8s.pods import claims_of, is_finished
from ...k8s.quantity import parse_time
from ...quorum.stale_clients import ScaleOutNote, clients, is_stale, started

WORKER, FUSE = "alluxio-worker", "alluxio-fuse"
STALE, ALL = "stale", "all"
NONE, UNUSED = "none", "unused"
SCOPES = (STALE, ALL)
FUSE_MODES = (NONE, UNUSED, ALL)
BEFORE, AFTER = "before", "after"
_ROLES = {WORKER: "worker", FUSE: "fuse"}


@dataclass(frozen=True)
class Restart:
    """One restart of a client, with the fields that the module returns. component: worker or fuse."""

    pod: str
    node: str
    component: str
    reason: str


@dataclass(frozen=True)
class Application:
    """A pod that reads through a FUSE pod, with the fields that the module returns.

    restart: before the FUSE pod restarts, or after it has.
    """

    pod: str
    node: str
    fuse_pod: str
    restart: str


@dataclass(frozen=True)
class Plan:
    """The restarts in their order, and the applications that have to be restarted for FUSE pods."""

    restarts: tuple[Restart, ...]
    applications: tuple[Application, ...]


def plan(pods: Iterable[dict], readers: Iterable[dict], note: ScaleOutNote | None, after: datetime | None,
         fuse: str) -> Plan:
    """Return the plan: workers by falling ordinal, then the FUSE pods that may restart.

    pods: those of the runtime. readers: the pods that mount its claim, or the claim of a Dataset that refers
    to it. note: restarts the clients that do not know all masters. after: restarts all that started earlier;
    None for the scope stale. fuse: one of FUSE_MODES.
    """
    own = clients(pods)
    reasons = {pod["metadata"]["name"]: reason for pod in own if (reason := _reason(pod, note, after))}
    chosen = [pod for pod in own if pod["metadata"]["name"] in reasons]
    workers = sorted((pod for pod in chosen if _role(pod) == WORKER), key=ordinal, reverse=True)
    fuses = sorted((pod for pod in chosen if _role(pod) == FUSE), key=_node)
    reading = list(readers)
    names_on = {_node(pod): sorted(_full_name(each) for each in reading if _node(each) == _node(pod))
                for pod in fuses}
    restarted = [pod for pod in fuses if fuse == ALL or (fuse == UNUSED and not names_on[_node(pod)])]
    names = {pod["metadata"]["name"] for pod in restarted}
    return Plan(
        tuple(Restart(name := pod["metadata"]["name"], _node(pod), _ROLES[_role(pod)], reasons[name])
              for pod in [*workers, *restarted]),
        tuple(Application(reader, _node(pod), pod["metadata"]["name"],
                          AFTER if pod["metadata"]["name"] in names else BEFORE)
              for pod in fuses for reader in names_on[_node(pod)]))


def ordinal(pod: dict) -> int:
    """Return the ordinal of a pod of a StatefulSet."""
    return int(pod["metadata"]["name"].rpartition("-")[2])


def advice(applications: Iterable[Application]) -> list[str]:
    """Return a sentence for the applications before and after the restart of their FUSE pods."""
    texts: dict[str, Callable[[str], str]] = {
        BEFORE: lambda names: f"{names} read through FUSE pods that were not restarted: end these pods, "
        "then run this again",
        AFTER: lambda names: f"the mounts in {names} ended with their FUSE pods: restart these pods, unless "
        "FUSE recovery has mounted the folders again"}
    found = {when: ", ".join(each.pod for each in applications if each.restart == when) for when in texts}
    return [text(found[when]) for when, text in texts.items() if found[when]]


def _reason(pod: dict, note: ScaleOutNote | None, after: datetime | None) -> str:
    """Return why a client restarts; empty if it does not, and if none of its containers runs."""
    since = started(pod)
    if since == "~":
        return ""
    if note and is_stale(pod, note):
        return f"it started at {since} and may know only {note.known_masters} masters"
    if after and parse_time(since) < after:
        return f"it started at {since}, before {after.isoformat()}"
    return ""


def reads(pod: dict, claim: str) -> bool:
    """Return whether a pod of the claim's namespace may have the claim mounted."""
    return claim in claims_of(pod) and not is_finished(pod)


def _full_name(pod: dict) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _role(pod: dict) -> str:
    return pod["metadata"]["labels"]["role"]


def _node(pod: dict) -> str:
    return (pod.get("spec") or {}).get("nodeName") or ""
