# SPDX-License-Identifier: GPL-3.0-or-later
"""The waits of our modules: what each one awaits, and what explains its timeout. IO, read-only."""

from __future__ import annotations

from functools import partial

from . import dataset, diagnosis, kinds, readiness
from .client import Client
from .errors import KindMissing, QuorumUnknown, WaitFailed
from .kinds import Kind
from .masters import JOB_MASTER, MASTER, Masters
from .naming import claim_name, volume_name
from .waiter import Verdict, Waiter

# An answer of the quorum costs seconds itself, so a short pause is enough not to press the masters.
_QUORUM_PAUSE = 1.0


def dataset_in_phase(client: Client, namespace: str, name: str, phase: str, timeout: float) -> dict:
    """Return the Dataset once it has the phase; at once an error when no runtime exists to bind it."""
    waiter = Waiter(client, timeout, lambda: diagnosis.explain_runtime(client, namespace, name))
    what = "%s to be %s" % (kinds.DATASET.describe(name, namespace), phase)
    live = client.get(kinds.DATASET, name, namespace)
    if live and phase == readiness.BOUND_PHASE and readiness.dataset_phase(live) != phase:
        _require_runtime(client, namespace, live, what)
    return waiter.until(what, kinds.DATASET, name, namespace, readiness.dataset_in_phase(phase))


def _require_runtime(client: Client, namespace: str, live: dict, what: str) -> None:
    name = live["metadata"]["name"]
    if dataset.is_reference(live) or any(_exists(client, kind, namespace, name) for kind in kinds.RUNTIMES):
        return
    raise WaitFailed("waited for %s: nothing will bind it, because no runtime named %s exists in namespace %s; create "
                     "one, for example with datacache.fluid.alluxio_runtime, or do not wait" % (what, name, namespace))


def _exists(client: Client, kind: Kind, namespace: str, name: str) -> bool:
    try:
        return client.get(kind, name, namespace) is not None
    except KindMissing:
        return False


def runtime_with_quorum(client: Client, namespace: str, name: str, masters: int, timeout: float) -> dict:
    """Return the runtime once masters and workers are ready and, above one master, both quorums are complete."""
    waiter = Waiter(client, timeout, lambda: diagnosis.explain_runtime(client, namespace, name))
    what = kinds.ALLUXIO_RUNTIME.describe(name, namespace)
    live = waiter.until("%s to be ready" % what, kinds.ALLUXIO_RUNTIME, name, namespace, readiness.runtime_ready)
    if masters > 1:
        group = Masters(client, namespace, name)
        for domain in (MASTER, JOB_MASTER):
            waiter.ask_until("the %s quorum of %s" % (domain, what), partial(_quorum, group, domain, masters), _QUORUM_PAUSE)
    return live


def _quorum(group: Masters, domain: str, masters: int) -> Verdict:
    try:
        return readiness.quorum_formed(group.quorum(domain)[0], masters)
    except QuorumUnknown as err:
        return Verdict(False, str(err))


def volume_bound(client: Client, namespace: str, name: str, timeout: float) -> None:
    """Return once the Dataset's claim and volume are Bound."""
    waiter = Waiter(client, timeout, lambda: diagnosis.explain_runtime(client, namespace, name))
    for kind, each, place in ((kinds.PERSISTENT_VOLUME_CLAIM, claim_name(name), namespace),
                              (kinds.PERSISTENT_VOLUME, volume_name(namespace, name), None)):
        waiter.until("%s to be Bound" % kind.describe(each, place), kind, each, place, readiness.bound)


def gone(client: Client, kind: Kind, namespace: str | None, name: str, timeout: float, claim_namespace: str) -> None:
    """Return once the object is gone; a timeout tells which pods and finalizers hold it."""
    waiter = Waiter(client, timeout, lambda: diagnosis.explain_deletion(client, claim_namespace, name))
    waiter.until("%s to be gone" % kind.describe(name, namespace), kind, name, namespace, readiness.absent)
