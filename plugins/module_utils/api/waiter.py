# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on objects through one watch, with an injected clock. Knows no kind."""

from __future__ import annotations

import time
from typing import Callable, Iterator, Mapping

from ..errors import Expired, FluidError, ServerUnavailable, WaitFailed, WaitTimeout
from ..k8s.kinds import Kind
from ..k8s.output import visible
from ..k8s.wait_status import Predicate, WaitStatus
from .client import Client

_LEAST_ROUND = 0.5  # seconds between two reads of the same objects
# Seconds; a connection that died without a word, with its server's node, looks like a watch without events.
_LONGEST_WATCH = 30.0


class Waiter:
    """Waits until a deadline that all its waits share.

    An API server that is away, such as while its control plane is renewed, is waited for like everything else.
    timeout: seconds. explain: from the name of an object, lines that help to understand its
    timeout; asked only then. tell: takes how far the wait has got, whenever that may have changed.
    """

    def __init__(self, client: Client, timeout: float, explain: Callable[[str], list] = lambda _name: [],
                 report_progress: Callable[[str], None] = lambda _text: None,
                 clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._timeout = timeout
        self._explain = explain
        self._report_progress = report_progress
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + timeout

    def remaining(self) -> float:
        return self._deadline - self._clock()

    def until(self, state: str, kind: Kind, name: str, namespace: str | None, predicate: Predicate) -> dict | None:
        """Return the object (None when there is none) once the judge says done.

        state: what is awaited, for messages, such as "be Bound". Raises WaitFailed as soon as the
        judge says so, and WaitTimeout with the last verdict and object.
        """
        result = self.until_each(state, kind, namespace, {name: predicate})[name]
        if isinstance(result, FluidError):
            raise result
        return result

    def until_each(self, state: str, kind: Kind, namespace: str | None,
                   predicates: Mapping[str, Predicate]) -> dict[str, dict | None | FluidError]:
        """Wait for several objects of a namespace on one watch; return each one's object or error by its name."""
        results: dict[str, dict | None | FluidError] = {}
        pending: dict[str, WaitStatus] = {}
        objects: dict[str, dict | None] = {}
        only = next(iter(predicates)) if len(predicates) == 1 else ""

        def look(name: str, existing: dict | None) -> None:
            objects[name] = existing
            status = predicates[name](existing)
            if status.done:
                results[name] = existing
            elif status.failed:
                results[name] = WaitFailed(f"waited for {kind.describe(name, namespace)} to {state}: {status.failed}",
                                           result=visible(existing) if existing else {})
            else:
                pending[name] = status
                return
            pending.pop(name, None)

        while True:
            asked = self._clock()
            try:
                found, version = self._client.snapshot(kind, namespace, only)
            except ServerUnavailable as err:
                version = None
                for name in predicates.keys() - results.keys():
                    pending[name] = WaitStatus(False, _progress(predicates[name], objects, name, err))
            else:
                for name in predicates.keys() - results.keys():
                    look(name, found.get(name))
            self._report(kind, namespace, state, pending, len(predicates))
            if not pending:
                return results
            if self.remaining() <= 0:
                return results | {name: self._timed_out(f"{kind.describe(name, namespace)} to {state}",
                                                        status.progress, name, objects.get(name))
                                  for name, status in pending.items()}
            for name, existing in self._changes(kind, namespace, only, version) if version is not None else ():
                if name in pending:
                    look(name, existing)
                    self._report(kind, namespace, state, pending, len(predicates))
                if not pending:
                    break
            if not pending:
                return results
            # A proxy that closes every watch at once must not make us ask without a pause.
            self._sleep(max(0.0, min(_LEAST_ROUND - (self._clock() - asked), self.remaining())))

    def _report(self, kind: Kind, namespace: str | None, state: str, pending: dict[str, WaitStatus], total: int) -> None:
        if not pending:
            return
        name = min(pending)
        others = "" if total == 1 else f"{total - len(pending)} of {total} objects of kind {kind.kind}; "
        self._report_progress(f"{others}waiting for {kind.describe(name, namespace)} to {state}: {pending[name].progress}")

    def _changes(self, kind: Kind, namespace: str | None, only: str, version: str) -> Iterator[tuple[str, dict | None]]:
        """Yield (name, object or None) for each event until the deadline, or until the watch ends early."""
        try:
            for event in self._client.watch(kind, namespace, only, version, min(self.remaining(), _LONGEST_WATCH)):
                existing = event["object"]
                yield existing["metadata"]["name"], None if event["type"] == "DELETED" else existing
        except Expired:
            return  # the caller reads again and watches from there

    def ask_until(self, what: str, name: str, question: Callable[[], WaitStatus], pause: float) -> None:
        """Ask again and again, with a pause in seconds, until done: for what the API cannot be watched for."""
        while True:
            try:
                status = question()
            except ServerUnavailable as err:
                status = WaitStatus(False, str(err))
            if status.done:
                return
            self._report_progress(f"waiting for {what}: {status.progress}")
            if self.remaining() <= pause:
                raise self._timed_out(what, status.progress, name, None)
            self._sleep(pause)

    def _timed_out(self, what: str, progress: str, name: str, existing: dict | None) -> WaitTimeout:
        lines = self._explain(name)
        return WaitTimeout(
            "waited %g seconds for %s: %s%s" % (self._timeout, what, progress, "".join("\n- " + line for line in lines)),
            result=visible(existing) if existing else {}, findings=lines)


def _progress(predicate: Predicate, objects: Mapping[str, dict | None], name: str, err: ServerUnavailable) -> str:
    """How far an object had got when it was seen last, if ever, and why that is not known now."""
    return "; ".join(filter(None, (predicate(objects[name]).progress if name in objects else "", str(err))))
