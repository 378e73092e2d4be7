# SPDX-License-Identifier: GPL-3.0-or-later
"""The deletion of objects that names or labels select, and the wait for their absence. IO."""

from __future__ import annotations

from dataclasses import dataclass

from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import FluidError, Forbidden, InvalidInput, KindNotFound, WaitTimeout
from ...k8s.kinds import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    JOB,
    NAMESPACE,
    NODE,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    Kind,
    ref_to,
)
from ...k8s.wait_status import WaitStatus
from ...progress import Reporter

KINDS = {kind.kind: kind for kind in (
    CONFIG_MAP, CUSTOM_RESOURCE_DEFINITION, JOB, NAMESPACE, NODE, PERSISTENT_VOLUME_CLAIM, POD)}
# Without the permission to list these, only a warning names them.
_OPTIONAL = (NODE, NAMESPACE)
_PAUSE = 1.0  # seconds between two lists
_NAMED = 10  # objects that a message names


@dataclass(frozen=True)
class Selection:
    """Objects of one kind, by names, by labels or by both. names: empty for all names."""

    kind: Kind
    namespace: str | None
    names: frozenset[str]
    labels: str

    def existing(self, client: Client) -> list[dict]:
        """Return the objects; none of a kind that the cluster does not know."""
        only = next(iter(self.names)) if len(self.names) == 1 else ""
        try:
            found = list(client.list(self.kind, self.namespace, self.labels,
                                     "metadata.name=" + only if only else ""))
        except KindNotFound:
            return []
        return [each for each in found if not self.names or each["metadata"]["name"] in self.names]


def require_valid(params: dict) -> None:
    """Raise InvalidInput for a selection of all objects of a kind, and for a deletion of nodes."""
    for number, each in enumerate(params["objects"]):
        if not each["names"] and not each["label_selectors"]:
            raise InvalidInput(
                f"objects[{number}] selects every {each['kind']}: give names or label_selectors")
        if each["kind"] == NODE.kind and params["delete"]:
            raise InvalidInput(f"objects[{number}] would delete nodes: set delete: false, or leave it out")
        if KINDS[each["kind"]].namespaced and not each["namespace"]:
            raise InvalidInput(
                f"objects[{number}] has no namespace, which a {each['kind']} needs: set namespace")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Delete the selected objects with the option delete, and wait until none exists.

    Check mode only predicts the deletion.
    """
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    pending = [_selection(each) for each in params["objects"]]
    found = [(each.kind, existing) for each in pending for existing in _read(client, each, reporter)]
    names = [kind.describe(ref_to(existing)) for kind, existing in found]
    result = {"changed": False, "found": names}
    try:
        for kind, existing in found if params["delete"] else ():
            if not existing["metadata"].get("deletionTimestamp") and client.delete(
                    kind, ref_to(existing), existing["metadata"]["uid"], check_mode):
                result["changed"] = True
        if check_mode or not found:
            return result
        deadline.poll_until("the absence of these objects", lambda: _status(client, pending), _PAUSE,
                            lambda remaining: _timed_out(deadline, remaining))
    except FluidError as err:
        err.details.update(result)
        raise
    return result


def _selection(each: dict) -> Selection:
    kind = KINDS[each["kind"]]
    return Selection(kind, each["namespace"] if kind.namespaced else None, frozenset(each["names"] or []),
                     ",".join(each["label_selectors"] or []))


def _read(client: Client, selection: Selection, reporter: Reporter) -> list[dict]:
    """Return the objects. Without the permission to list nodes or namespaces, only warn."""
    try:
        return selection.existing(client)
    except Forbidden as err:
        if selection.kind not in _OPTIONAL:
            raise
        reporter.warn(
            f"could not check for {selection.kind.plural} with the labels {selection.labels}: {err}")
        return []


def _status(client: Client, pending: list[Selection]) -> WaitStatus:
    """Return done if no object exists. Selections without an object are not read again."""
    remaining = []
    for selection in list(pending):
        try:
            found = selection.existing(client)
        except Forbidden:
            if selection.kind not in _OPTIONAL:
                raise
            found = []
        if not found:
            pending.remove(selection)
        remaining += [selection.kind.describe(ref_to(each)) + _state(each) for each in found]
    more = [f"and {len(remaining) - _NAMED} more"] if len(remaining) > _NAMED else []
    return WaitStatus(not remaining, ", ".join([*remaining[:_NAMED], *more]))


def _state(existing: dict) -> str:
    metadata = existing["metadata"]
    if not metadata.get("deletionTimestamp"):
        return ""
    finalizers = metadata.get("finalizers")
    return f" (terminating, finalizers {', '.join(finalizers)})" if finalizers else " (terminating)"


def _timed_out(deadline: Deadline, remaining: str) -> WaitTimeout:
    return WaitTimeout(
        f"timed out after {deadline.seconds:g} s while these objects still exist: {remaining}; kubectl "
        "describe shows what holds them, and the log of Fluid's alluxioruntime-controller why it has not "
        "removed its own")
