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
        wait = _Awaited(state, kind, namespace, predicates, self.deadline)
        while True:
            began = self.deadline.now()
            version = self._read(wait)
            wait.report()
            if wait.pending and self.deadline.remaining() <= 0:
                return wait.results | {name: self._timed_out(
                    wait.described(name), status.progress, name, wait.objects.get(name))
                    for name, status in wait.pending.items()}
            if wait.pending and version is not None:
                self._follow(wait, version)
            if not wait.pending:
                return wait.results
            # A proxy that closes every watch immediately must not cause requests without a pause.
            self.deadline.sleep(_LEAST_ROUND - (self.deadline.now() - began))

    def _read(self, wait: _Awaited) -> str | None:
        """Observe all awaited objects; return the version to watch from, None without an API server."""
        try:
            found, version = self._client.snapshot(wait.kind, wait.namespace, wait.only)
        except ServerUnavailable as err:
            wait.unobserved(err)
            return None
        for name in wait.awaited():
            wait.observe(name, found.get(name))
        return version

    def _follow(self, wait: _Awaited, version: str) -> None:
        """Observe the awaited objects in one watch."""
        counts = wait.failures.first()
        for name, existing in self._changes(wait.kind, wait.namespace, wait.only, version, counts):
            if name in wait.pending:
                wait.observe(name, existing)
                wait.report()
            # The next watch ends when the failure counts, which no event announces.
            if not wait.pending or wait.failures.first() < counts:
                return

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
        return self.deadline.timeout(what, progress + explained,
                                     result=visible(existing) if existing else {}, findings=lines)


class _Awaited:
    """The objects of one wait: the results of those that are decided, and the progress of the others."""

    def __init__(self, state: str, kind: Kind, namespace: str | None, predicates: Mapping[str, Predicate],
                 deadline: Deadline) -> None:
        self.kind = kind
        self.namespace = namespace
        self.only = next(iter(predicates)) if len(predicates) == 1 else ""
        self.results: dict[str, dict | None | FluidError] = {}
        self.pending: dict[str, WaitStatus] = {}
        self.objects: dict[str, dict | None] = {}
        self.failures = _Failures(deadline.now)
        self._state = state
        self._predicates = predicates
        self._deadline = deadline

    def awaited(self) -> set[str]:
        """Return the names of the objects that are not decided."""
        return self._predicates.keys() - self.results.keys()

    def described(self, name: str) -> str:
        """Return the object and its awaited state."""
        return f"{self.kind.describe(ObjectRef(self.namespace, name))} to {self._state}"

    def observe(self, name: str, existing: dict | None) -> None:
        """Record the object, None if it is absent."""
        self.objects[name] = existing
        status = self._predicates[name](existing)
        if status.done:
            self.results[name] = existing
        elif (lasted := self.failures.lasted(name, status)) is not None:
            for_seconds = f", for {lasted:.0f} s" if status.lasts else ""
            self.results[name] = WaitFailed(
                f"waited for {self.described(name)}: {status.failed}{for_seconds}",
                result=visible(existing) if existing else {})
        else:
            self.pending[name] = status
            return
        self.pending.pop(name, None)

    def unobserved(self, err: ServerUnavailable) -> None:
        """Record why the progress of the awaited objects is unknown."""
        for name in self.awaited():
            known = self._predicates[name](self.objects[name]).progress if name in self.objects else ""
            self.pending[name] = WaitStatus(False, "; ".join(filter(None, (known, str(err)))))

    def report(self) -> None:
        """Report the progress of the first object that is not decided."""
        if not self.pending:
            return
        name, total = min(self.pending), len(self._predicates)
        others = "" if total == 1 else (
            f"{total - len(self.pending)} of {total} objects of kind {self.kind.kind}; ")
        self._deadline.report_progress(
            f"{others}waiting for {self.described(name)}: {self.pending[name].progress}")


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
