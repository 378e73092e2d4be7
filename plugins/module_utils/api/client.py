# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the API server: JSON in, JSON out, its errors turned into ours. IO.

Transient faults (429, 500, 502, 503, 504 and a broken connection) are tried again up to
ATTEMPTS times in all, with waits of 0.1, 0.2, 0.4, 0.8 seconds or what Retry-After asks for, at
most RETRY_AFTER_MAX seconds each time.
"""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any, Callable, Iterator
from urllib.parse import urlencode

from ..errors import AlreadyExists, ApiError, Expired, KindNotFound, PodUnreachable, ServerUnavailable, WriteConflict
from ..k8s.kinds import Kind

try:
    import urllib3
    from urllib3._collections import (
        HTTPHeaderDict,  # urllib3 1.26, which kubernetes admits, has it nowhere else
    )
    from urllib3.exceptions import HTTPError, ReadTimeoutError
except ImportError:  # connection.py, which makes every Client, says so in a sentence
    HTTPError, ReadTimeoutError = OSError, TimeoutError

ATTEMPTS = 5
BACKOFF = 0.1
RETRY_AFTER_MAX = 10.0
PAGE = 500
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUT = 60.0
_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}
_MERGE_PATCH = "application/merge-patch+json"
# How the API server's own words end when nothing answers at a pod's address; where a process has ended, the address refuses.
_NO_WAY = re.compile(r"no route to host|host is (?:down|unreachable)|network is unreachable|i/o timeout|context deadline exceeded")
_REFUSED = "connection refused"


class Client:
    """One kept-alive connection pool to one API server.

    configuration: a kubernetes.client.Configuration; pool: its urllib3 PoolManager. Several threads
    may use it. requests: how many requests were sent, repetitions and commands in containers included.
    """

    def __init__(self, configuration: Any, pool: Any, headers: list[tuple[str, str]],
                 sleep: Callable[[float], None] = time.sleep) -> None:
        self.configuration = configuration
        self.requests = 0
        self._counting = threading.Lock()
        self._pool = pool
        self._extra_headers = headers
        self._sleep = sleep

    def count_request(self) -> None:
        with self._counting:
            self.requests += 1

    @property
    def impersonates(self) -> bool:
        return bool(self._extra_headers)

    # -- objects ---------------------------------------------------------------------------

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> dict | None:
        """Return the object, or None when there is none of that name.

        Raises KindMissing when the server does not know the kind.
        """
        try:
            return self._json("GET", kind, kind.path(namespace, name))
        except ApiError as err:
            if err.status == 404 and not isinstance(err, KindNotFound):
                return None
            raise

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "",
             field_selector: str = "", limit: int | None = None) -> Iterator[dict]:
        """Yield the objects of a kind, holding no more than a page of at most limit (PAGE) objects at a time."""
        query = {"limit": limit or PAGE, "labelSelector": label_selector, "fieldSelector": field_selector}
        for page in self._pages(kind, namespace, query, resume=True):
            yield from _items(kind, page)

    def snapshot(self, kind: Kind, namespace: str | None, only: str = "") -> tuple[dict[str, dict], str]:
        """Return the objects of a namespace (or just the one of that name) by name, and the version to watch from.

        All objects are of that version: a list whose pages expire is read anew, up to ATTEMPTS times in all.
        """
        for _attempt in range(ATTEMPTS - 1):
            try:
                return self._snapshot(kind, namespace, only)
            except Expired:
                continue
        return self._snapshot(kind, namespace, only)

    def _snapshot(self, kind: Kind, namespace: str | None, only: str) -> tuple[dict[str, dict], str]:
        found: dict[str, dict] = {}
        version = ""
        for page in self._pages(kind, namespace, {"limit": PAGE, "fieldSelector": _field_selector(only)}):
            found.update((item["metadata"]["name"], item) for item in _items(kind, page))
            version = page["metadata"].get("resourceVersion", "")
        return found, version

    def _pages(self, kind: Kind, namespace: str | None, query: dict, resume: bool = False) -> Iterator[dict]:
        """Yield the pages of a list.

        resume: when a page has expired, go on with the token that the refusal offers: the rest is then newer than
        what came before (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
        """
        token = ""
        while True:
            try:
                page = self._json("GET", kind, kind.path(namespace), {**query, "continue": token}, verb="list")
            except Expired as err:
                if not resume or err.rest in ("", token):
                    raise
                token = err.rest
                continue
            yield page
            token = page.get("metadata", {}).get("continue", "")
            if not token:
                return

    def create(self, kind: Kind, body: dict, manager: str, dry_run: bool = False) -> dict:
        """Create the object. Raises AlreadyExists, also when a lost answer's create had worked."""
        namespace = body["metadata"].get("namespace")
        return self._json("POST", kind, kind.path(namespace), _write_query(manager, dry_run), body)

    def patch(self, kind: Kind, name: str, namespace: str | None, patch: dict, manager: str,
              dry_run: bool = False) -> dict:
        """Send a JSON merge patch. With metadata.resourceVersion in it a change in between raises WriteConflict."""
        return self._json("PATCH", kind, kind.path(namespace, name), _write_query(manager, dry_run), patch, _MERGE_PATCH)

    def delete(self, kind: Kind, name: str, namespace: str | None, uid: str, dry_run: bool = False, grace: int | None = None) -> bool:
        """Delete the object with that uid; False when it is gone already. grace: seconds that a pod gets to end, instead of its own."""
        # With a body the server reads its options there alone: dryRun in the query would be ignored, and the object deleted.
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid},
                "propagationPolicy": "Background", "dryRun": ["All"] if dry_run else []}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        try:
            self._json("DELETE", kind, kind.path(namespace, name), body=body)
        except ApiError as err:
            if err.status != 404:
                raise
            return False
        return True

    def watch(self, kind: Kind, namespace: str | None, only: str, resource_version: str,
              timeout: float) -> Iterator[dict]:
        """Yield the events ({type, object}) of a namespace, or of the one object named, for at most timeout seconds.

        Ends early when the server or the network closes the stream or is in trouble; raises Expired
        when the resource version is too old. Both mean: read again, then watch again.
        """
        query = {"watch": "true", "fieldSelector": _field_selector(only), "resourceVersion": resource_version,
                 "timeoutSeconds": max(1, int(timeout))}
        try:
            response = self._send("GET", kind.path(namespace), query, None, "", timeout + 1, stream=True)
            try:
                if response.status in _TRANSIENT:
                    self._sleep(min(_retry_after(response), timeout))
                    return
                self._raise_for_status(response, "watch", kind, kind.path(namespace))
                yield from _events(response)
            finally:
                response.close()
        except HTTPError:
            return

    def log(self, namespace: str, pod: str, container: str, tail_lines: int, previous: bool = False) -> str:
        """Return the newest lines of a container's log, or of the log of its previous run."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        response, _repeated = self._request("GET", path, {
            "container": container, "tailLines": tail_lines, "previous": "true" if previous else ""}, None, "")
        if response.status >= 400:
            raise ApiError(f"log of {pod}/{container}: HTTP {response.status}", response.status)
        return response.data.decode("utf-8", "replace")

    def proxied(self, namespace: str, pod: str, port: int, path: str, timeout: float) -> bytes | None:
        """Return what a pod's own HTTP port answers through the API server; None when it does not answer with 200.

        path: with its query, from the slash on. Sent once: who asks wants to know now whether it answers. Raises Unreachable
        when the pod was silent for timeout seconds or the API server finds no way to it, and ApiError when the API server itself
        refuses (no permission for get on pods/proxy).
        """
        response = self._through(namespace, pod, port, path, timeout)
        return response.data if response is not None and response.status == 200 else None

    def refuses(self, namespace: str, pod: str, port: int, timeout: float) -> bool:
        """Tell whether nothing listens on a pod's port, whatever protocol it has, in the API server's own words.

        Raises what proxied raises.
        """
        response = self._through(namespace, pod, port, "/", timeout)
        return response is not None and response.status == 503 and _REFUSED in str(_status(response.data).get("message"))

    def _through(self, namespace: str, pod: str, port: int, path: str, timeout: float) -> Any:
        """Return the response to a GET on a pod's port, None when the connection broke off."""
        target = f"/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy{path}"
        try:
            response = self._send("GET", target, {}, None, "", timeout)
        except ReadTimeoutError as err:
            raise PodUnreachable(f"pod {pod} in namespace {namespace} is silent for {timeout:g} s") from err
        except HTTPError:
            return None
        if response.status in (401, 403) and _status(response.data).get("kind") == "Status":
            raise ApiError(f"not allowed to ask pod {pod} in namespace {namespace}: {_status(response.data).get('message')}; it needs get "
                           "on pods/proxy", response.status)
        if response.status == 503 and _NO_WAY.search(str(_status(response.data).get("message"))):
            raise PodUnreachable(f"pod {pod} in namespace {namespace}: {_status(response.data)['message']}", response.status)
        return response

    # -- requests --------------------------------------------------------------------------

    def headers(self) -> Any:
        """The headers that authenticate a request; tokens are refreshed by the configuration."""
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": "datacache.fluid"})
        for setting in self.configuration.auth_settings().values():
            if setting.get("in") == "header" and setting.get("value"):
                headers[setting["key"]] = setting["value"]
        for key, value in self._extra_headers:
            headers.add(key, value)
        return headers

    def _json(self, method: str, kind: Kind, path: str, query: dict | None = None, body: dict | None = None,
              content_type: str = "application/json", verb: str = "") -> dict:
        response, repeated = self._request(method, path, query or {}, body, content_type)
        self._raise_for_status(response, verb or _VERBS[method], kind, path, repeated)
        try:
            return json.loads(response.data)
        except ValueError as err:
            raise ApiError("the API server at %s answered %s with something that is not JSON: %.200r"
                           % (self.configuration.host, path, response.data)) from err

    def _request(self, method: str, path: str, query: dict, body: dict | None, content_type: str) -> tuple[Any, bool]:
        """Return the answer, and whether the request had to be sent more than once for it."""
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            wait = BACKOFF * 2 ** attempt
            try:
                response = self._send(method, path, query, body, content_type, _READ_TIMEOUT)
            except HTTPError as err:
                failure = err
                if _is_permanent(err):
                    break
            else:
                if response.status not in _TRANSIENT or attempt == ATTEMPTS - 1:
                    return response, attempt > 0
                wait = max(wait, _retry_after(response))
            if attempt < ATTEMPTS - 1:
                self._sleep(wait)
        leaf = ApiError if _is_permanent(failure) else ServerUnavailable
        raise leaf(
            f"no API server answers at {self.configuration.host}: {failure}; check the kubeconfig or host option and the network") from failure

    def _send(self, method: str, path: str, query: dict, body: dict | None, content_type: str,
              timeout: float, stream: bool = False) -> Any:
        headers = self.headers()
        if body is not None:
            headers["Content-Type"] = content_type
        given = {key: value for key, value in query.items() if value not in ("", None)}
        url = self.configuration.host + path + ("?" + urlencode(given) if given else "")
        self.count_request()
        return self._pool.request(
            method, url, body=None if body is None else json.dumps(body).encode(), headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=timeout), retries=False, preload_content=not stream)

    def _raise_for_status(self, response: Any, verb: str, kind: Kind, path: str, repeated: bool = False) -> None:
        if response.status < 400:
            return
        status = _status(response.data)
        reason, message = status.get("reason", ""), status.get("message") or f"HTTP {response.status}"
        if response.status == 404 and not (status.get("details") or {}).get("name"):
            raise KindNotFound(
                f"the cluster does not know the kind {kind.kind} ({kind.resource}): install Fluid first, for example with the role "
                "datacache.fluid.install", 404)
        if response.status == 401:
            raise ApiError(f"the API server at {self.configuration.host} does not accept the credentials (401): check api_key, client_cert "
                           "or the kubeconfig's user", 401)
        if response.status == 403 and " cannot " in message:  # RBAC's words; quotas and admission answer 403 too
            raise ApiError(f"not allowed to {verb} {kind.resource} at {path}: {message}; ask for a Role with that verb and resource", 403)
        if response.status in _TRANSIENT:
            raise ServerUnavailable(f"the API server at {self.configuration.host} answered {verb} of {path} with {response.status} each "
                                    f"time of {ATTEMPTS}: {message}; check that it is healthy, then "
                             "run this again",
                             response.status)
        if response.status == 410:
            rest = (status.get("metadata") or {}).get("continue", "")
            raise Expired(f"{verb} of {path} was refused: {message}", 410, rest=rest)
        leaf = AlreadyExists if reason == "AlreadyExists" else WriteConflict if response.status == 409 else ApiError
        raise leaf(f"{verb} of {path} was refused: {message}", response.status, repeated)


def _items(kind: Kind, page: dict) -> Iterator[dict]:
    """The objects of a page; in a list they carry no kind of their own."""
    for item in page.get("items") or []:
        yield {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _field_selector(name: str) -> str:
    return "metadata.name=" + name if name else ""


def _write_query(manager: str, dry_run: bool) -> dict:
    return {"fieldManager": manager, "fieldValidation": "Strict", "dryRun": "All" if dry_run else ""}


def _status(data: bytes) -> dict:
    try:
        status = json.loads(data)
    except ValueError:
        return {}
    return status if isinstance(status, dict) else {}


def _events(response: Any) -> Iterator[dict]:
    buffer = b""
    for chunk in response.stream(amt=None, decode_content=False):
        *lines, buffer = (buffer + chunk).split(b"\n")
        for line in filter(None, lines):
            event = json.loads(line)
            if event.get("type") == "ERROR":
                code = event.get("object", {}).get("code", 0)
                if code in _TRANSIENT:
                    return
                leaf = Expired if code == 410 else ApiError
                raise leaf(f"the watch was ended by the server: {event['object'].get('message')}", code)
            yield event


def _retry_after(response: Any) -> float:
    try:
        return max(0.0, min(float(response.headers.get("Retry-After", 0)), RETRY_AFTER_MAX))
    except ValueError:
        return 0.0


def _is_permanent(err: Exception) -> bool:
    """A certificate that is not trusted, or a URL that is none, does not get better by asking again."""
    return isinstance(err, (urllib3.exceptions.SSLError, urllib3.exceptions.LocationValueError))
