# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds for the opening of a stream: the kubernetes package waits for its answer without an end. IO."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

# Of the streams that this thread opens: seconds for the connection, and for each read of the answer.
_TIMEOUTS: ContextVar[tuple[float, float] | None] = ContextVar("handshake timeouts", default=None)


@contextmanager
def bounded(ws_client: Any, connect: float, answer: float) -> Iterator[None]:
    """Bound the handshakes of the streams that this thread opens meanwhile.

    ws_client: the package's module kubernetes.stream.ws_client; streams of other threads stay unbounded.
    connect: seconds for TCP, and for each read of TLS and a proxy. answer: seconds for each read of the
    server's answer. An open stream has no timeout, as without this. websocket-client raises TimeoutError
    before the request is sent, and WebSocketTimeoutException afterwards.
    """
    ws_client.WebSocket = _bounded(ws_client.WebSocket)
    token = _TIMEOUTS.set((connect, answer))
    try:
        yield
    finally:
        _TIMEOUTS.reset(token)


@cache
def _bounded(base: Any) -> Any:
    """Return websocket-client's WebSocket, or a class of this function as it is, with these timeouts."""
    if hasattr(base, "is_bounded"):
        return base

    class BoundedWebSocket(base):
        """A WebSocket whose socket has another timeout before and after the request."""

        is_bounded = True
        _socket: Any = None

        @property
        def sock(self) -> Any:
            """The socket; connect() sets it when it is connected, before it sends the request."""
            return self._socket

        @sock.setter
        def sock(self, value: Any) -> None:
            self._socket = value
            if value is not None and (timeouts := _TIMEOUTS.get()):
                value.settimeout(timeouts[1])

        def connect(self, url: str, **options: Any) -> None:
            timeouts = _TIMEOUTS.get()
            if timeouts:
                self.settimeout(timeouts[0])
            super().connect(url, **options)
            if timeouts:
                self.settimeout(None)

    return BoundedWebSocket
