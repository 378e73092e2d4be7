# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP requests to the API server: retries and error mapping. IO.

A request that fails transiently (429, 500, 502, 503, 504, broken connection) is sent up to ATTEMPTS times.
The pauses are 0.1, 0.2, 0.4 and 0.8 seconds or those of Retry-After, at most RETRY_AFTER_MAX seconds each.
A refused eviction (429 or 500, with the budget as the reason) is an answer and is not sent again.
An act that follows a look is sent once: with four Retry-After it would reach the cluster 40 s later.
"""

from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from ..errors import (
    AlreadyExists,
    ApiError,
    DisruptionForbidden,
    Expired,
    Forbidden,
    KindNotFound,
    ServerUnavailable,
    WriteConflict,
)
from ..k8s.kinds import Kind

try:
    import urllib3

    # urllib3 1.26, which kubernetes accepts, exports it only there
    from urllib3._collections import HTTPHeaderDict

    HTTP_ERROR: type[Exception] = urllib3.exceptions.HTTPError
    READ_TIMEOUT_ERROR: type[Exception] = urllib3.exceptions.ReadTimeoutError
    CONNECT_ERRORS: tuple[type[Exception], ...] = (
        urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
except ImportError:  # connection.py, which creates every client, reports it
    HTTP_ERROR, READ_TIMEOUT_ERROR, CONNECT_ERRORS = OSError, TimeoutError, (ConnectionError,)

_T = TypeVar("_T")

ATTEMPTS = 5
BACKOFF = 0.1
RETRY_AFTER_MAX = 10.0
TRANSIENT = frozenset({429, 500, 502, 503, 504})
# The API server's refusals of an eviction (k8s.io/api/policy/v1, DisruptionBudgetCause;
# kubernetes/pkg/registry/core/pod/storage/eviction.go).
_BUDGET_CAUSE = "DisruptionBudget"
_SEVERAL_BUDGETS = "more than one PodDisruptionBudget"
# A refusal by RBAC (k8s.io/apiserver, endpoints/handlers/responsewriters/errors.go); webhooks write anything.
_RBAC = re.compile(r'is forbidden: User "[^"]*" cannot ')
# Characters of the server's own message; a 422 may quote the whole object.
_LONGEST_MESSAGE = 600
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 60.0
# Of a request that must not reach the API server late.
_ONCE_CONNECT_TIMEOUT = 2.0
_ONCE_READ_TIMEOUT = 5.0
# In the refusal of a write with fieldValidation=Strict.
_UNKNOWN_FIELD = re.compile(r'unknown field "([^"]+)"')


def _allow() -> None:
    """Allow every request."""


class _Shared:
    """What the clients of one pool have in common. server_time: the newest Date and when it arrived."""

    def __init__(self) -> None:
        self.requests = 0
        self.counting = threading.Lock()
        self.server_time: tuple[datetime, float] | None = None


class Transport:
    """A thread-safe pool of kept-alive connections to one API server.

    configuration: a kubernetes.client.Configuration. pool: its urllib3 PoolManager. requests: the number of
    requests sent, including repetitions and commands in containers.
    """

    def __init__(self, configuration: Any, pool: Any, headers: list[tuple[str, str]],
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self.configuration = configuration
        self._shared = _Shared()
        self._attempts = ATTEMPTS
        self._timeouts = _CONNECT_TIMEOUT, _READ_TIMEOUT
        self._before_repeat: Callable[[], None] = _allow
        self._pool = pool
        self._extra_headers = headers
        self._sleep = sleep

    @property
    def requests(self) -> int:
        """The number of requests sent by all clients of the pool."""
        return self._shared.requests

    @property
    def timeouts(self) -> tuple[float, float]:
        """The seconds to wait for a connection and for an answer."""
        return self._timeouts

    @property
    def waited(self) -> float:
        """The seconds for which a guarded client has waited for an API server."""
        return 0.0

    def before_command(self) -> None:
        """Check whether a command in a container may be sent; a guarded client may refuse it."""

    def until_answered(self, call: Callable[[], _T]) -> _T:
        """Return the result of a call; a guarded client repeats one that no API server answers."""
        return call()

    def once(self, also: Callable[[], None] = _allow, attempts: int = 1) -> Any:
        """Return a client for acts that follow a look, which are not sent late.

        also: the last check before a request of a guarded client. attempts: of one request, more for one that
        the object's version protects.
        """
        other = copy.copy(self)
        other._attempts, other._timeouts = attempts, (_ONCE_CONNECT_TIMEOUT, _ONCE_READ_TIMEOUT)
        return other

    def checked(self, before_repeat: Callable[[], None]) -> Any:
        """Return a client with a check before each repetition of a request, after those that it has."""
        other, earlier = copy.copy(self), self._before_repeat

        def both() -> None:
            earlier()
            before_repeat()
        other._before_repeat = both
        return other

    def count_request(self) -> None:
        """Count a request that another client sends, such as a command in a container."""
        with self._shared.counting:
            self._shared.requests += 1

    @property
    def impersonates(self) -> bool:
        """Whether requests have the headers of another identity."""
        return bool(self._extra_headers)

    def headers(self) -> Any:
        """Return the headers that authenticate a request; the configuration refreshes tokens."""
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": "datacache.fluid"})
        for setting in self.configuration.auth_settings().values():
            if setting.get("in") == "header" and setting.get("value"):
                headers[setting["key"]] = setting["value"]
        for key, value in self._extra_headers:
            headers.add(key, value)
        return headers

    def request(self, method: str, path: str, query: dict, body: dict | None,
                content_type: str) -> tuple[Any, bool]:
        """Return the response, and whether the request was sent more than once.

        Raises ServerUnavailable without a response, and ApiError if no attempt can succeed.
        """
        failure: Exception | None = None
        last = self._attempts - 1
        for attempt in range(self._attempts):
            if attempt:
                self._before_repeat()
            wait = BACKOFF * 2 ** attempt
            try:
                response = self.send(method, path, query, body, content_type, self._timeouts[1])
            except HTTP_ERROR as err:
                failure = err
                if _is_permanent(err):
                    break
            else:
                if (response.status not in TRANSIENT or attempt == last
                        or _budget_reason(status_of(response.data))):
                    return response, attempt > 0
                wait = max(wait, retry_after(response))
            if attempt < last:
                self._sleep(wait)
        leaf = ApiError if _is_permanent(failure) else ServerUnavailable
        raise leaf(
            f"no API server answers at {self.configuration.host}: {failure}; check the kubeconfig or host "
            "option and the network") from failure

    def send(self, method: str, path: str, query: dict, body: dict | None, content_type: str,
             timeout: float, stream: bool = False) -> Any:
        """Send a request once and return the urllib3 response. timeout: seconds. stream: leave it unread."""
        headers = self.headers()
        if body is not None:
            headers["Content-Type"] = content_type
        given = {key: value for key, value in query.items() if value not in ("", None)}
        url = self.configuration.host + path + ("?" + urlencode(given) if given else "")
        self.count_request()
        response = self._pool.request(
            method, url, body=None if body is None else json.dumps(body).encode(), headers=headers,
            timeout=urllib3.Timeout(connect=self._timeouts[0], read=timeout), retries=False,
            preload_content=not stream)
        if date := parse_date(response.headers.get("Date")):
            self._shared.server_time = date, time.monotonic()
        return response

    def server_time(self) -> datetime:
        """Return the present time by the API server's clock, in whole seconds rounded down.

        The times in objects are compared with it: this machine's clock may be off. Before the first answer
        it is this machine's.
        """
        if self._shared.server_time is None:
            return datetime.now(timezone.utc)
        date, at = self._shared.server_time
        return date + timedelta(seconds=time.monotonic() - at)


def raise_for_status(
        host: str, response: Any, verb: str, kind: Kind, path: str, repeated: bool = False) -> None:
    """Raise the error for a status of 400 or above. repeated: as in ApiError."""
    if response.status < 400:
        return
    status = status_of(response.data)
    reason = status.get("reason", "")
    message = brief(str(status.get("message") or "")) or f"HTTP {response.status}"
    refused = f"{verb} of {path} was refused: {message}"
    if response.status == 404 and not (status.get("details") or {}).get("name"):
        raise KindNotFound(f"the cluster does not know the kind {kind.kind} ({kind.resource}): install Fluid "
                           "first, for example with the role datacache.fluid.install", 404)
    if response.status == 401:
        raise ApiError(f"the API server at {host} does not accept the credentials (401): check api_key, "
                       "client_cert or the kubeconfig's user", 401)
    if response.status == 403:
        # Quotas and admission controllers answer 403 too.
        raise Forbidden(f"not allowed to {verb} {kind.resource} at {path}: {message}; grant a Role with "
                        "that verb and resource"
                        if _RBAC.search(message) else refused, 403)
    if response.status in TRANSIENT and (budget := _budget_reason(status)):
        raise DisruptionForbidden(
            f"{verb} of {path} was refused: {budget.rstrip('.')}; wait until other pods of the budget are "
            "ready, or leave one budget alone that selects the pod (kubectl get poddisruptionbudgets)",
            response.status)
    if response.status in TRANSIENT:
        raise ServerUnavailable(
            f"the API server at {host} answered {verb} of {path} with {response.status}"
            f"{f' in all {ATTEMPTS} attempts' if repeated else ''}: {message}; check its health, then run "
            "this again", response.status)
    if response.status == 410:
        raise Expired(refused, 410, continue_token=(status.get("metadata") or {}).get("continue", ""))
    if fields := dict.fromkeys(_UNKNOWN_FIELD.findall(message)):
        raise ApiError(f"the cluster's definition of {kind.kind} has no field {', '.join(fields)}: leave it "
                       "out, or install the version that has it", response.status)
    if reason == "AlreadyExists":
        raise AlreadyExists(refused, response.status, repeated)
    raise (WriteConflict if response.status == 409 else ApiError)(refused, response.status, repeated)


def brief(message: str) -> str:
    """Return a message in one line; a long one without its middle."""
    line = " ".join(message.split())
    if len(line) <= _LONGEST_MESSAGE:
        return line
    half = _LONGEST_MESSAGE // 2
    return f"{line[:half]} ... {line[-half:]}"


def parse_date(text: str | None) -> datetime | None:
    """Return the time in an HTTP Date header; None for another text."""
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None


def status_of(data: bytes) -> dict:
    """Return the Status object of a response; {} for other data."""
    try:
        status = json.loads(data)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _budget_reason(status: dict) -> str:
    """Return why a PodDisruptionBudget forbids an eviction; empty for every other Status."""
    message = str(status.get("message") or "")
    causes = [cause for cause in (status.get("details") or {}).get("causes") or []
              if cause.get("reason") == _BUDGET_CAUSE]
    if causes:
        return " ".join([message, *(cause["message"] for cause in causes if cause.get("message"))])
    return message if _SEVERAL_BUDGETS in message else ""


def events(response: Any) -> Iterator[dict]:
    """Yield the events of a watch, one JSON object per line.

    Raises Expired for an outdated resource version, and ApiError for a line that is no such object.
    """
    buffer = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in filter(None, lines):
            event = status_of(line)
            if not isinstance(event.get("object"), dict):
                raise ApiError(f"the server sent no event of a watch: {line[:200]!r}")
            if event.get("type") == "ERROR":
                code = event["object"].get("code", 0)
                if code in TRANSIENT:
                    return
                leaf = {403: Forbidden, 410: Expired}.get(code, ApiError)
                message = brief(str(event["object"].get("message")))
                raise leaf(f"the server ended the watch: {message}", code)
            yield event


def retry_after(response: Any) -> float:
    """Return the seconds of the Retry-After header, at most RETRY_AFTER_MAX; 0 without a number."""
    try:
        return max(0.0, min(float(response.headers.get("Retry-After", 0)), RETRY_AFTER_MAX))
    except ValueError:
        return 0.0


def _is_permanent(err: Exception | None) -> bool:
    """Return whether a retry cannot help: for an untrusted certificate and an invalid URL."""
    return isinstance(err, (urllib3.exceptions.SSLError, urllib3.exceptions.LocationValueError))
