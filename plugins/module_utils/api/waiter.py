# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on objects through one watch, with an injected clock. Knows no kind."""

from __future__ import annotations

import time
from typing import Callable, Iterator, Mapping

from ..errors import Expired, FluidError, ServerAway, WaitFailed, WaitTimeout
from ..k8s.kinds import Kind
from ..k8s.output import visible
from ..k8s.wait_status import Judge, Verdict
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
                 tell: Callable[[str], None] = lambda _text: None,
                 clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._timeout = timeout
        self._explain = explain
        self._tell = tell
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + timeout

    def remaining(self) -> float:
        return self._deadline - self._clock()

    def until(self, state: str, kind: Kind, name: str, namespace: str | None, judge: Judge) -> dict | None:
        """Return the object (None when there is none) once the judge says done.

        state: what is awaited, for messages, such as "be Bound". Raises WaitFailed as soon as the
        judge says so, and WaitTimeout with the last verdict and object.
        """
        result = self.until_each(state, kind, namespace, {name: judge})[name]
        if isinstance(result, FluidError):
            raise result
        return result

    def until_each(self, state: str, kind: Kind, namespace: str | None,
                   judges: Mapping[str, Judge]) -> dict[str, dict | None | FluidError]:
        """Wait for several objects of a namespace on one watch; return each one's object or error by its name."""
        results: dict[str, dict | None | FluidError] = {}
        pending: dict[str, Verdict] = {}
        lives: dict[str, dict | None] = {}
        only = next(iter(judges)) if len(judges) == 1 else ""

        def look(name: str, live: dict | None) -> None:
            lives[name] = live
            verdict = judges[name](live)
            if verdict.done:
                results[name] = live
            elif verdict.failed:
                results[name] = WaitFailed("waited for %s to %s: %s" % (
                    kind.describe(name, namespace), state, verdict.failed), result=visible(live) if live else {})
            else:
                pending[name] = verdict
                return
            pending.pop(name, None)

        while True:
            asked = self._clock()
            try:
                found, version = self._client.snapshot(kind, namespace, only)
            except ServerAway as err:
                version = None
                for name in judges.keys() - results.keys():
                    pending[name] = Verdict(False, _progress(judges[name], lives, name, err))
            else:
                for name in judges.keys() - results.keys():
                    look(name, found.get(name))
            self._report(kind, namespace, state, pending, len(judges))
            if not pending:
                return results
            if self.remaining() <= 0:
                return results | {name: self._timed_out("%s to %s" % (kind.describe(name, namespace), state),
                                                        verdict.progress, name, lives.get(name))
                                  for name, verdict in pending.items()}
            for name, live in self._changes(kind, namespace, only, version) if version is not None else ():
                if name in pending:
                    look(name, live)
                    self._report(kind, namespace, state, pending, len(judges))
                if not pending:
                    break
            if not pending:
                return results
            # A proxy that closes every watch at once must not make us ask without a pause.
            self._sleep(max(0.0, min(_LEAST_ROUND - (self._clock() - asked), self.remaining())))

    def _report(self, kind: Kind, namespace: str | None, state: str, pending: dict[str, Verdict], wanted: int) -> None:
        if not pending:
            return
        name = min(pending)
        others = "" if wanted == 1 else "%d of %d objects of kind %s; " % (wanted - len(pending), wanted, kind.kind)
        self._tell("%swaiting for %s to %s: %s" % (others, kind.describe(name, namespace), state, pending[name].progress))

    def _changes(self, kind: Kind, namespace: str | None, only: str, version: str) -> Iterator[tuple[str, dict | None]]:
        """Yield (name, object or None) for each event until the deadline, or until the watch ends early."""
        try:
            for event in self._client.watch(kind, namespace, only, version, min(self.remaining(), _LONGEST_WATCH)):
                live = event["object"]
                yield live["metadata"]["name"], None if event["type"] == "DELETED" else live
        except Expired:
            return  # the caller reads again and watches from there

    def ask_until(self, what: str, name: str, question: Callable[[], Verdict], pause: float) -> None:
        """Ask again and again, with a pause in seconds, until done: for what the API cannot be watched for."""
        while True:
            try:
                verdict = question()
            except ServerAway as err:
                verdict = Verdict(False, str(err))
            if verdict.done:
                return
            self._tell("waiting for %s: %s" % (what, verdict.progress))
            if self.remaining() <= pause:
                raise self._timed_out(what, verdict.progress, name, None)
            self._sleep(pause)

    def _timed_out(self, what: str, progress: str, name: str, live: dict | None) -> WaitTimeout:
        lines = self._explain(name)
        return WaitTimeout(
            "waited %g seconds for %s: %s%s" % (self._timeout, what, progress, "".join("\n- " + line for line in lines)),
            result=visible(live) if live else {}, findings=lines)


def _progress(judge: Judge, lives: Mapping[str, dict | None], name: str, err: ServerAway) -> str:
    """How far an object had got when it was seen last, if ever, and why that is not known now."""
    return "; ".join(filter(None, (judge(lives[name]).progress if name in lives else "", str(err))))
