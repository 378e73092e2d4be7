# SPDX-License-Identifier: GPL-3.0-or-later
"""The deletion of a namespace that the roles have created and that nothing uses any more. IO."""

from __future__ import annotations

from collections.abc import Iterator

from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import FluidError, Forbidden, KindNotFound, WaitFailed, WaitTimeout, WriteConflict
from ...fluid import kinds as fluid_kinds
from ...k8s import kinds, pods as k8s_pods
from ...k8s.kinds import Kind, ObjectRef, ref_to
from ...k8s.wait_status import WaitStatus
from ...progress import Reporter

# The label of what the roles create, and may delete again.
MANAGED_BY = {"app.kubernetes.io/managed-by": "datacache.fluid"}
_PAUSE = 1.0  # seconds between two looks
_NAMED = 5  # objects that a message names
# What uses a namespace. An object whose controller is of one of these kinds is counted by its controller.
_USES = (fluid_kinds.DATASET, *fluid_kinds.RUNTIMES, kinds.PERSISTENT_VOLUME_CLAIM, kinds.DEPLOYMENT,
         kinds.STATEFUL_SET, kinds.DAEMON_SET, kinds.REPLICA_SET, kinds.CRON_JOB, kinds.JOB, kinds.POD)
_OWNERS = frozenset(kind.kind for kind in _USES)


def ensure_absent(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Delete the namespace if it has the label of the roles and nothing uses it, and wait for its absence.

    params: cache names the cache whose removal check mode has only predicted.
    """
    ref = ObjectRef(None, params["name"])
    try:
        existing = client.get(kinds.NAMESPACE, ref)
    except Forbidden as err:
        reporter.warn(f"could not read namespace {ref.name}, which is kept: {err}")
        existing = None
    result = {"changed": False, "existed": existing is not None, "missing": [], "kept_by": []}
    if existing is None or not MANAGED_BY.items() <= (existing["metadata"].get("labels") or {}).items():
        return result
    if not existing["metadata"].get("deletionTimestamp"):
        kept_by = _kept_by(client, ref.name, params["cache"] if check_mode else "")
        if kept_by:
            more = [f"{len(kept_by) - _NAMED} more"] if len(kept_by) > _NAMED else []
            names = ", ".join([*kept_by[:_NAMED], *more])
            reporter.warn(f"namespace {ref.name} is kept, because it has {names}")
            return {**result, "kept_by": kept_by}
        result["changed"] = _delete(client, ref, existing["metadata"]["uid"], check_mode)
    if not check_mode:
        _await_absence(client, existing, params, reporter, result)
    return result


def _delete(client: Client, ref: ObjectRef, uid: str, check_mode: bool) -> bool:
    """Delete the namespace; return False if another run has done so meanwhile.

    The API server refuses to delete a namespace that is terminating.
    """
    try:
        return client.delete(kinds.NAMESPACE, ref, uid, check_mode)
    except WriteConflict:
        return False


def _kept_by(client: Client, namespace: str, cache: str) -> list[str]:
    """Return what uses the namespace, or why that is unknown. cache: a cache that does not count."""
    found = []
    for kind in _USES:
        try:
            found += [kind.describe(ref_to(each)) for each in client.list(kind, namespace)
                      if _counts(kind, each) and not (cache and _is_of(cache, each))]
        except KindNotFound:
            continue
        except Forbidden as err:
            found.append(f"{kind.plural} that could not be read: {err}")
    return found


def _counts(kind: Kind, existing: dict) -> bool:
    metadata = existing["metadata"]
    controllers = {each.get("kind") for each in metadata.get("ownerReferences") or []}
    return not (metadata.get("deletionTimestamp") or controllers & _OWNERS or _is_finished(kind, existing))


def _is_finished(kind: Kind, existing: dict) -> bool:
    """Return whether a pod or a Job has ended."""
    if kind == kinds.JOB:
        conditions = (existing.get("status") or {}).get("conditions") or []
        return any(each["type"] in ("Complete", "Failed") and each["status"] == "True" for each in conditions)
    return kind == kinds.POD and k8s_pods.is_finished(existing)


def _is_of(cache: str, existing: dict) -> bool:
    """Return whether an object is one of the cache: by its name, or by the label of its Helm release."""
    labels = existing["metadata"].get("labels") or {}
    return existing["metadata"]["name"] == cache or labels.get("release") == cache or (
        labels.get("name"), labels.get("role")) == (f"{cache}-master", "alluxio-master")


def _await_absence(client: Client, deleted: dict, params: dict, reporter: Reporter, result: dict) -> None:
    ref, uid = ref_to(deleted), deleted["metadata"]["uid"]
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    try:
        deadline.poll_until(
            f"the absence of namespace {ref.name}", lambda: _status(client, ref, uid), _PAUSE,
            lambda reason: WaitTimeout(f"timed out after {deadline.seconds:g} s while namespace {ref.name} "
                                       f"is terminating{reason and ': ' + reason}"))
    except FluidError as err:
        err.details.update(result)
        raise


def _status(client: Client, ref: ObjectRef, uid: str) -> WaitStatus:
    """Return done if the namespace is absent, else what Kubernetes reports to be left in it.

    Raises WaitFailed for a namespace of that name with another UID.
    """
    existing = client.get(kinds.NAMESPACE, ref)
    if existing is None:
        return WaitStatus(True)
    if existing["metadata"]["uid"] != uid:
        raise WaitFailed(f"namespace {ref.name} was deleted, and another client has created it again: end "
                         "what creates it, then run this again")
    return WaitStatus(False, "; ".join(_remaining(existing)))


def _remaining(existing: dict) -> Iterator[str]:
    """Yield the messages of the conditions that hold the namespace."""
    for each in (existing.get("status") or {}).get("conditions") or []:
        if each["status"] == "True" and each.get("message"):
            yield each["message"]
