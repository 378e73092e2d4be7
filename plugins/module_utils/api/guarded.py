# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for operations that must not end halfway: it outlasts an unavailable API server. IO."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

from ..errors import ApiError, ServerUnavailable
from ..k8s.kinds import Kind, ObjectRef
from .client import Client
from .deadline import Deadline

_T = TypeVar("_T")
# Seconds between two attempts, each of which already repeats its request.
_PAUSE = 1.0
# Seconds for the check before an act that follows a look. The repeated renewal of a Lease takes up to 40.
_PROMPT = 5.0
# Seconds for the first answer of a run. A short outage of the control plane ends before; a wrong address
# never answers.
_FIRST_ANSWER = 60.0


def _allow() -> None:
    """Allow every request."""


class GuardedClient(Client):
    """Sends the requests of another client, each after a check, until the deadline.

    require: raises a FluidError if the operation must stop, before each request, repetition and command. A
    request that the API server answers with a transient error is sent again until the deadline. require_now:
    does the same without trust in an earlier check, for once(). answered: whether the API server has answered
    this run before; otherwise an outage at its start ends it after _FIRST_ANSWER seconds.
    """

    def __init__(self, client: Client, deadline: Deadline, require: Callable[[], None] = _allow,
                 require_now: Callable[[], None] | None = None, answered: bool = False) -> None:
        self.configuration = client.configuration
        self._client = client
        self._inner = client.checked(require)
        self._deadline = deadline
        self._require = require
        self._require_now = require_now or require
        self._waited = 0.0
        self._answered = answered
        self._began = deadline.now()

    @property
    def requests(self) -> int:
        """The number of requests sent by all clients of the pool."""
        return self._client.requests

    @property
    def timeouts(self) -> tuple[float, float]:
        """The seconds to wait for a connection and for an answer."""
        return self._client.timeouts

    @property
    def impersonates(self) -> bool:
        """Whether requests have the headers of another identity."""
        return self._inner.impersonates

    @property
    def waited(self) -> float:
        """The seconds for which this client has waited for an API server."""
        return self._waited + self._inner.waited

    def headers(self) -> Any:
        """Return the headers that authenticate a request."""
        return self._inner.headers()

    def before_command(self) -> None:
        """Check whether a command in a container may be sent."""
        self.until_answered(self._inner.before_command)

    def server_time(self) -> datetime:
        """Return the present time by the API server's clock."""
        return self._inner.server_time()

    def count_request(self) -> None:
        """Count a request that another client sends."""
        self._inner.count_request()

    def request(self, *args: Any) -> tuple[Any, bool]:
        """Send a request as the other client does."""
        return self.until_answered(lambda: self._inner.request(*args))

    def send(self, *args: Any, **options: Any) -> Any:
        """Send a request once as the other client does."""
        self._require()
        return self._inner.send(*args, **options)

    def get(self, kind: Kind, ref: ObjectRef) -> dict | None:
        """Return the object, None if it does not exist."""
        return self.until_answered(lambda: self._inner.get(kind, ref))

    def list(self, *args: Any, **options: Any) -> Iterator[dict]:
        """Yield the objects of a kind; an interrupted list is read again from its beginning."""
        yield from self.until_answered(lambda: [*self._inner.list(*args, **options)])

    def snapshot(self, *args: Any, **options: Any) -> tuple[dict[str, dict], str]:
        """Return the objects of a namespace and their resource version."""
        return self.until_answered(lambda: self._inner.snapshot(*args, **options))

    def server_version(self) -> str:
        """Return the version of the API server."""
        return self.until_answered(self._inner.server_version)

    def resources(self, *args: Any) -> Iterator[dict]:
        """Yield the APIResources of a group version."""
        yield from self.until_answered(lambda: [*self._inner.resources(*args)])

    def create(self, *args: Any, **options: Any) -> dict:
        """Create the object. Raises AlreadyExists, also if an earlier attempt succeeded without an answer."""
        return self.until_answered(lambda: self._inner.create(*args, **options))

    def patch(self, *args: Any, **options: Any) -> dict:
        """Send a JSON merge patch and return the object."""
        return self.until_answered(lambda: self._inner.patch(*args, **options))

    def delete(self, *args: Any, **options: Any) -> bool:
        """Delete the object with that uid; return False if it does not exist."""
        return self.until_answered(lambda: self._inner.delete(*args, **options))

    def evict(self, *args: Any, **options: Any) -> bool:
        """Evict the pod with that uid; return False if another pod has replaced it.

        Sent once: what was seen before is no longer true later.
        """
        self._require_promptly()
        return self._client.once().evict(*args, **options)

    def watch(self, *args: Any, **options: Any) -> Iterator[dict]:
        """Yield the events of a namespace; the Waiter outlasts an unavailable API server by itself."""
        self._require()
        return self._inner.watch(*args, **options)

    def log(self, *args: Any, **options: Any) -> str:
        """Return the newest lines of a container's log."""
        return self.until_answered(lambda: self._inner.log(*args, **options))

    def proxied(self, *args: Any, **options: Any) -> bytes | None:
        """Return the body of a pod's HTTP answer; sent once, because the current state matters."""
        self._require()
        return self._inner.proxied(*args, **options)

    def refuses(self, *args: Any, **options: Any) -> bool:
        """Return whether the pod refuses connections to a port; sent once."""
        self._require()
        return self._inner.refuses(*args, **options)

    def once(self, also: Callable[[], None] = _allow, attempts: int = 1) -> Client:
        """Return a client that checks anew before each attempt, and repeats no call.

        For acts that follow a look: what was seen is no longer true later. So it raises ServerUnavailable and
        sends nothing if the check takes long. also: a check that comes last. attempts: of one request, as of
        a Transport.
        """
        def require() -> None:
            self._require_promptly()
            also()
        return GuardedClient(self._client.once(also, attempts), self._deadline.within(0), require)

    def _require_promptly(self) -> None:
        began = self._deadline.now()
        self._require_now()
        if (took := self._deadline.now() - began) > _PROMPT:
            raise ServerUnavailable(f"the check before an act took {took:.1f} s, as when the API server "
                                    "answers the renewal of a Lease late; nothing was sent")

    def checked(self, before_repeat: Callable[[], None]) -> Client:
        """Return a client with another check before each repetition of a request."""
        return GuardedClient(self._client.checked(before_repeat), self._deadline, self._require,
                             self._require_now, self._answered)

    def until_answered(self, call: Callable[[], _T]) -> _T:
        """Return the result of a call, after a check; repeat it until an API server answers."""
        while True:
            began = self._deadline.now()
            try:
                self._require()
                result = call()
            except ServerUnavailable as err:
                if self._deadline.remaining() <= 0 or self._never_answers():
                    raise
                self._deadline.report_progress(f"waiting for the API server: {err}")
                self._deadline.sleep(_PAUSE)
                self._waited += self._deadline.now() - began
            except ApiError:
                self._answered = True
                raise
            else:
                self._answered = True
                return result

    def _never_answers(self) -> bool:
        return not self._answered and self._deadline.now() - self._began >= _FIRST_ANSWER
