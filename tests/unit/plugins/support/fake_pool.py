# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection pool that plays back a script: what an API server answers, or how it fails to."""

import io
import json
from types import SimpleNamespace

import urllib3


def answer(status=200, body=None, headers=None):
    """One answer of the server; a body that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps({} if body is None else body).encode()
    return status, body, headers or {}


def refusal(status, reason, message, **details):
    """An answer of kind Status, as the API server writes its errors."""
    return answer(
        status, {"kind": "Status", "status": "Failure", "code": status, "reason": reason, "message": message,
                 "details": details})


class Body(io.BytesIO):
    """Closes itself at its end, as a response of http.client does; urllib3 streams until then."""

    def read(self, *amount):
        data = super().read(*amount)
        if not data:
            self.close()
        return data


class FakePool:
    """Answers each request with the next line of the script; an exception there is raised instead."""

    def __init__(self, *script):
        self.script = list(script)
        self.requests = []

    def request(self, method, url, *, body, headers, timeout, retries, preload_content):
        assert retries is False  # urllib3's own would repeat a request behind the client's back
        path, _sep, query = url.removeprefix("https://api:6443").partition("?")
        self.requests.append(
            SimpleNamespace(method=method, path=path, query=query, timeout=timeout, headers=headers,
                            body=None if body is None else json.loads(body)))
        line = self.script.pop(0)
        if isinstance(line, Exception):
            raise line
        status, text, fields = line
        return urllib3.HTTPResponse(Body(text), headers=fields, status=status,
                                    preload_content=preload_content)

    @property
    def methods(self):
        return [request.method for request in self.requests]
