# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs of pods, and HTTP to pods through the API server's proxy. IO, read-only."""

from __future__ import annotations

import re
from typing import Any

from ..errors import ApiError, Forbidden, PodUnreachable, ServerUnavailable
from ..k8s.kinds import POD, ObjectRef
from .transport import CONNECT_ERRORS, HTTP_ERROR, READ_TIMEOUT_ERROR, Transport, brief, status_of

# The API server's messages for a pod's address that does not answer. If only the process has ended, the
# address refuses connections instead.
_NO_ROUTE = re.compile(
    r"no route to host|host is (?:down|unreachable)|network is unreachable|i/o timeout|"
    r"context deadline exceeded")
_REFUSED = "connection refused"


class PodApi(Transport):
    """A client that reads from pods."""

    def log(self, pod: ObjectRef, container: str, tail_lines: int, previous: bool = False,
            timestamps: bool = False) -> str:
        """Return the newest lines of a container's log. previous: of the previous run's log.

        timestamps: begin each line with the time (RFC 3339, UTC) at which the kubelet received it.

        Raises Forbidden without the permission get on pods/log, and ApiError if there is no log.
        """
        query = {"container": container, "tailLines": tail_lines, "previous": "true" if previous else "",
                 "timestamps": "true" if timestamps else ""}
        response, _repeated = self.request("GET", POD.path(pod) + "/log", query, None, "")
        if response.status >= 400:
            found = f"log of {pod.name}/{container}: HTTP {response.status}"
            if response.status == 403:
                raise Forbidden(f"{found}; it needs get on pods/log", 403)
            raise ApiError(found, response.status)
        return response.data.decode("utf-8", "replace")

    def proxied(self, pod: ObjectRef, port: int, path: str, timeout: float) -> bytes | None:
        """Return the body of a pod's HTTP answer, read through the API server; None unless its status is 200.

        path: begins with a slash and includes the query. Sent only once, because the current state matters.
        Raises PodUnreachable if the pod does not answer within timeout seconds or the API server has no route
        to it, and Forbidden without the permission get on pods/proxy.
        """
        response = self._through(pod, port, path, timeout)
        return response.data if response is not None and response.status == 200 else None

    def refuses(self, pod: ObjectRef, port: int, timeout: float) -> bool:
        """Return whether the pod refuses connections to a port of any protocol. Raises as proxied does."""
        response = self._through(pod, port, "/", timeout)
        return response is not None and response.status == 503 and _REFUSED in str(
            status_of(response.data).get("message"))

    def _through(self, pod: ObjectRef, port: int, path: str, timeout: float) -> Any:
        """Return the response to a GET on a pod's port, None if the connection broke.

        Raises ServerUnavailable if no API server accepts a connection, which shows nothing of the pod.
        """
        where = f"pod {pod.name} in namespace {pod.namespace}"
        try:
            response = self.send("GET", f"{POD.path(pod)}:{port}/proxy{path}", {}, None, "", timeout)
        except READ_TIMEOUT_ERROR as err:
            raise PodUnreachable(f"{where} did not answer within {timeout:g} s") from err
        except CONNECT_ERRORS as err:
            raise ServerUnavailable(f"no API server answers a request to {where}: {err}") from err
        except HTTP_ERROR:
            return None
        status = status_of(response.data) if response.status in (401, 403, 503) else {}
        if response.status in (401, 403) and status.get("kind") == "Status":
            leaf = Forbidden if response.status == 403 else ApiError
            message = brief(str(status.get("message")))
            raise leaf(f"not allowed to read from {where}: {message}; it needs get on pods/proxy",
                       response.status)
        if response.status == 503 and _NO_ROUTE.search(str(status.get("message"))):
            raise PodUnreachable(f"{where}: {status['message']}", response.status)
        return response
