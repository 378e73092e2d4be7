# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits on objects of any kind through one watch. IO."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import inf
from typing import Any

from ..errors import Expired, FluidError, ServerUnavailable, WaitFailed, WaitTimeout
from ..k8s.kinds import Kind, ObjectRef
from ..k8s.output import visible
from ..k8s.wait_status import Predicate, WaitStatus
from .client import Client
from .deadline import Deadline

_LEAST_ROUND = 0.5  # seconds between two reads of the same objects, at least
# Seconds; a connection that was lost with its server's node looks like a watch without events.
_LONGEST_WATCH = 30.0


class Waiter:
    """Waits that share one deadline.

    An unavailable API server, as during an upgrade of its control plane, does not end a wait. explain:
    returns the lines that explain the timeout of the object with that name; called only then.
    """

    def __init__(self, client: Client, deadline: Deadline,
                 explain: Callable[[str], list[str]] = lambda _name: []) -> None:
        self._client = client
        self._explain = explain
        self.deadline = deadline

    def until(self, state: str, kind: Kind, ref: ObjectRef, predicate: Predicate) -> dict | None:
        """Wait until the predicate is done; return the object, None if it is absent.

        state: the awaited state for messages, such as "be Bound". Raises WaitFailed as soon as the predicate
        has failed, and WaitTimeout with the last progress and object.
        """
        result = self.until_each(state, kind, ref.namespace, {ref.name: predicate})[ref.name]
        if isinstance(result, FluidError):
            raise result
        return result

    def until_each(self, state: str, kind: Kind, namespace: str | None,
                   predicates: Mapping[str, Predicate]) -> dict[str, dict | None | FluidError]:
        """Wait for several objects of a namespace on one watch; return the object or the error of each name.
        """
        results: dict[str, dict | None | FluidError] = {}
        pending: dict[str, WaitStatus] = {}
        objects: dict[str, dict | None] = {}
        only = next(iter(predicates)) if len(predicates) == 1 else ""
        failures = _Failures(self.deadline.now)

        def observe(name: str, existing: dict | None) -> None:
            objects[name] = existing
            status = predicates[name](existing)
            if status.done:
                results[name] = existing
            elif (lasted := failures.lasted(name, status)) is not None:
                for_seconds = f", for {lasted:.0f} s" if status.lasts else ""
                results[name] = WaitFailed(
                    f"waited for {kind.describe(ObjectRef(namespace, name))} to {state}: {status.failed}"
                    f"{for_seconds}", result=visible(existing) if existing else {})
            else:
                pending[name] = status
                return
            pending.pop(name, None)

        while True:
            began = self.deadline.now()
            try:
                found, version = self._client.snapshot(kind, namespace, only)
            except ServerUnavailable as err:
                version = None
                for name in predicates.keys() - results.keys():
                    pending[name] = WaitStatus(False, _progress(predicates[name], objects, name, err))
            else:
                for name in predicates.keys() - results.keys():
                    observe(name, found.get(name))
            self._report(kind, namespace, state, pending, len(predicates))
            if not pending:
                return results
            if self.deadline.remaining() <= 0:
                return results | {
                    name: self._timed_out(f"{kind.describe(ObjectRef(namespace, name))} to {state}",
                                          status.progress, name, objects.get(name))
                    for name, status in pending.items()}
            counts = failures.first()
            for name, existing in self._changes(
                    kind, namespace, only, version, counts) if version is not None else ():
                if name in pending:
                    observe(name, existing)
                    self._report(kind, namespace, state, pending, len(predicates))
                # The next watch ends when the failure counts, which no event announces.
                if not pending or failures.first() < counts:
                    break
            if not pending:
                return results
            # A proxy that closes every watch immediately must not cause requests without a pause.
            self.deadline.sleep(_LEAST_ROUND - (self.deadline.now() - began))

    def _report(self, kind: Kind, namespace: str | None, state: str, pending: dict[str, WaitStatus],
                total: int) -> None:
        if not pending:
            return
        name = min(pending)
        others = "" if total == 1 else f"{total - len(pending)} of {total} objects of kind {kind.kind}; "
        self.deadline.report_progress(f"{others}waiting for {kind.describe(ObjectRef(namespace, name))} to "
                                      f"{state}: {pending[name].progress}")

    def _changes(self, kind: Kind, namespace: str | None, only: str, version: str,
                 ends: float) -> Iterator[tuple[str, dict | None]]:
        """Yield (name, object, None if deleted) for each event until the deadline or the end of the watch.

        ends: the time by the deadline's clock at which the watch ends at the latest.
        """
        try:
            for event in self._client.watch(kind, namespace, only, version, min(
                    self.deadline.remaining(), _LONGEST_WATCH, ends - self.deadline.now())):
                existing = event["object"]
                yield existing["metadata"]["name"], None if event["type"] == "DELETED" else existing
        except Expired:
            return  # the caller reads and watches again

    def poll_until(self, awaited: str, name: str, question: Callable[[], WaitStatus], pause: float) -> Any:
        """Poll as Deadline.poll_until does. name: the object whose explanation a timeout contains."""
        return self.deadline.poll_until(
            awaited, question, pause, lambda progress: self._timed_out(awaited, progress, name, None))

    def _timed_out(self, what: str, progress: str, name: str, existing: dict | None) -> WaitTimeout:
        lines = self._explain(name)
        explained = "".join(f"\n- {line}" for line in lines)
        return WaitTimeout(
            f"timed out after {self.deadline.seconds:g} s while waiting for {what}: {progress}{explained}",
            result=visible(existing) if existing else {}, findings=lines)


class _Failures:
    """Since when the objects of a wait have failed without a break. now: returns the time in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._began: dict[str, float] = {}
        self._counts: dict[str, float] = {}

    def lasted(self, name: str, status: WaitStatus) -> float | None:
        """Return for how many seconds the object has failed if that ends its wait, else None."""
        if not status.failed:
            self._began.pop(name, None)
            self._counts.pop(name, None)
            return None
        began = self._began.setdefault(name, self._now())
        self._counts[name] = began + status.lasts
        if self._now() < self._counts[name]:
            return None
        self._counts.pop(name)
        return self._now() - began

    def first(self) -> float:
        """Return the time at which the first failure counts; infinite without one."""
        return min(self._counts.values(), default=inf)


def _progress(
        predicate: Predicate, objects: Mapping[str, dict | None], name: str, err: ServerUnavailable) -> str:
    """Return an object's last known progress, if any, and why the current one is unknown."""
    return "; ".join(filter(None, (predicate(objects[name]).progress if name in objects else "", str(err))))
