# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds for the opening of a stream: the kubernetes package waits for its answer without an end. IO."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass
class Opening:
    """The opening of a stream. sent: whether its request may have been sent.

    connect: seconds for TCP, and for each read of TLS and a proxy. answer: seconds for each read of the
    server's answer.
    """

    connect: float
    answer: float
    sent: bool = False


# Of the streams that this thread opens.
_OPENING: ContextVar[Opening | None] = ContextVar("opening of a stream", default=None)


@contextmanager
def bounded(ws_client: Any, opening: Opening) -> Iterator[None]:
    """Bound the handshake of the stream that this thread opens meanwhile, and record its state.

    ws_client: the package's module kubernetes.stream.ws_client; streams of other threads stay unbounded.
    An open stream has no timeout, as without this.
    """
    ws_client.WebSocket = _bounded(ws_client.WebSocket)
    token = _OPENING.set(opening)
    try:
        yield
    finally:
        _OPENING.reset(token)


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
            if value is not None and (opening := _OPENING.get()):
                opening.sent = True
                value.settimeout(opening.answer)

        def connect(self, url: str, **options: Any) -> None:
            opening = _OPENING.get()
            if opening:
                self.settimeout(opening.connect)
            super().connect(url, **options)
            if opening:
                self.settimeout(None)

    return BoundedWebSocket
