# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on one object through a watch, with an injected clock. Knows no kind."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Callable, NoReturn

from .client import Client
from .errors import Expired, WaitFailed, WaitTimeout
from .kinds import Kind
from .record import visible


@dataclass(frozen=True)
class Verdict:
    """What an object's state means for who waits on it.

    progress: how far it got, in a few words. failed: why the awaited state cannot come any more.
    """

    done: bool
    progress: str = ""
    failed: str = ""


Judge = Callable[["dict | None"], Verdict]


class Waiter:
    """Waits until a deadline that all its waits share.

    timeout: seconds. explain: returns lines that help to understand a timeout; asked only then.
    """

    def __init__(self, client: Client, timeout: float, explain: Callable[[], list] = lambda: [],
                 clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._timeout = timeout
        self._explain = explain
        self._clock = clock
        self._sleep = sleep
        self._deadline = clock() + timeout

    def remaining(self) -> float:
        return self._deadline - self._clock()

    def until(self, what: str, kind: Kind, name: str, namespace: str | None, judge: Judge) -> dict | None:
        """Return the object (None when there is none) once the judge says done.

        what: the awaited state for messages, "Dataset hbase to be Bound". Raises WaitFailed as soon
        as the judge says so, and WaitTimeout with the last verdict and object.
        """
        while True:
            live, version = self._client.find(kind, name, namespace)
            verdict = self._judge(what, judge, live)
            if verdict.done:
                return live
            try:
                for event in self._events(kind, name, namespace, version):
                    live = None if event["type"] == "DELETED" else event["object"]
                    verdict = self._judge(what, judge, live)
                    if verdict.done:
                        return live
            except Expired:
                pass  # read the object again and watch from there
            if self.remaining() <= 0:
                self.give_up(what, verdict.progress, live)

    def _events(self, kind: Kind, name: str, namespace: str | None, version: str):
        if self.remaining() <= 0:
            return iter(())
        return self._client.watch(kind, namespace, name, version, self.remaining())

    @staticmethod
    def _judge(what: str, judge: Judge, live: dict | None) -> Verdict:
        verdict = judge(live)
        if verdict.failed:
            raise WaitFailed("waited for %s: %s" % (what, verdict.failed), result=visible(live) if live else {})
        return verdict

    def ask_until(self, what: str, question: Callable[[], Verdict], pause: float) -> None:
        """Ask again and again, with a pause in seconds, until done: for what the API cannot be watched for."""
        while True:
            verdict = question()
            if verdict.done:
                return
            if self.remaining() <= pause:
                self.give_up(what, verdict.progress, None)
            self._sleep(pause)

    def give_up(self, what: str, progress: str, live: dict | None) -> NoReturn:
        """Raise the WaitTimeout that tells how far it got."""
        lines = self._explain()
        raise WaitTimeout(
            "waited %g seconds for %s: %s%s" % (self._timeout, what, progress, "".join("\n- " + line for line in lines)),
            result=visible(live) if live else {}, findings=lines)
