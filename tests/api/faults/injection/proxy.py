# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of the real API server: it terminates TLS, counts requests, and injects a fault into some.

Clients speak to it without credentials; it asks the real server with its own.
"""

import itertools
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from raw_api import RawApi

from .authority import ADDRESS, Authority
from .exchange import Exchange, Request
from .upstream import Upstream

# Headers that belong to one connection, or that the proxy's own side sets.
_OWN_HEADERS = frozenset({"host", "connection", "authorization", "content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of being passed on.

    It fits requests of these verbs whose body has the text of about.
    """

    name: str
    verbs: frozenset[str]
    action: Callable[[Exchange], None]
    about: bytes = b""

    def __str__(self) -> str:
        return self.name

    def fits(self, request: Request) -> bool:
        return request.verb in self.verbs and self.about in request.body

    def only(self, verb: str, about: bytes = b"") -> "Fault":
        """The same fault for fewer requests."""
        return replace(self, verbs=frozenset({verb}), about=about)


Due = Callable[[Request], bool]


def nth(number: int, times: float = 1) -> Due:
    """Tells of each request whether it is that number, counted from 1, or one of the next, up to times."""
    numbers = itertools.count(1)
    return lambda _request: number <= next(numbers) < number + times


def first_attempts() -> Due:
    """Tells of each request that it is due, but not of its repetition."""
    seen: Counter[tuple] = Counter()

    def due(request: Request) -> bool:
        # A watch is not repeated as it was: the objects are read again, and it starts from there.
        key = (request.path,
               "watch") if request.verb == "watch" else (request.method, request.target, request.body)
        seen[key] += 1
        return seen[key] % 2 == 1
    return due


class FaultProxy:
    """Serves on url until closed. api: the real server, for what faults change there.

    requests: what came in since begin(), in order. created: how often the real server created an
    object, by its collection's path and its name. touched: the paths of the objects that faults have changed.
    """

    def __init__(self, api: RawApi, authority: Authority) -> None:
        self.api = api
        self.upstream = Upstream(api.configuration)
        self.ca_file = authority.ca_file
        self.requests: list[Request] = []
        self.created: Counter[tuple[str, str]] = Counter()
        self.touched: list[str] = []
        self.injected = 0
        self._on_watch: Callable[[], None] = lambda: None
        self._fault: Fault | None = None
        self._due: Due = first_attempts()
        self._streams: set = set()
        self._lock = threading.Lock()
        self._listener = _Listener((ADDRESS, 0), _Handler)
        self._listener.proxy = self
        self._listener.socket = authority.server_context().wrap_socket(
            self._listener.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05},
                                        daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        address, port = self._listener.server_address
        return f"https://{address}:{port}"

    def begin(self, on_watch: Callable[[], None] = lambda: None) -> None:
        """Start to count anew, without a fault. on_watch: called once, when the first watch comes in."""
        self.end_watches()
        with self._lock:
            self.requests, self.created, self.touched, self.injected = [], Counter(), [], 0
            self._fault, self._on_watch = None, on_watch

    def inject(self, fault: Fault, due: Due) -> None:
        """Let the fault have its way with those of the requests that it fits that are due."""
        with self._lock:
            self._fault, self._due = fault, due

    def end_watches(self) -> None:
        """Let go of the real server's watches, whose clients may have left without a word."""
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.shutdown()

    def close(self) -> None:
        self.end_watches()
        self._listener.shutdown()
        self._listener.server_close()

    def admit(self, request: Request) -> Fault | None:
        """Count the request; return the fault to inject into it."""
        with self._lock:
            self.requests.append(request)
            if request.verb == "watch":
                self._on_watch()
                self._on_watch = lambda: None
            fault = self._fault
            if fault is None or not fault.fits(request) or not self._due(request):
                return None
            self.injected += 1
            return fault

    def note_creation(self, path: str, name: str) -> None:
        with self._lock:
            self.created[path, name] += 1

    def note_touch(self, path: str) -> None:
        with self._lock:
            self.touched.append(path)

    def hold(self, stream) -> None:
        with self._lock:
            self._streams.add(stream)

    def release(self, stream) -> None:
        with self._lock:
            self._streams.discard(stream)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One segment for each answer, sent at once: a delayed acknowledgement would cost 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN_HEADERS}
        exchange = Exchange(self, self.server.proxy, Request(self.command, self.path, headers, body))
        fault = self.server.proxy.admit(exchange.request)
        if fault:
            fault.action(exchange)
        else:
            exchange.relay(exchange.ask())

    do_GET = do_POST = do_PATCH = do_DELETE = _exchange

    def log_message(self, *_args) -> None:
        """The tests read the proxy's own list of requests."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: FaultProxy

    def shutdown_request(self, request) -> None:
        """Close without the base class's shutdown: its FIN would come before the RST of a reset."""
        self.close_request(request)

    def handle_error(self, request, client_address) -> None:
        """Clients of a fault proxy leave in the middle; anything else is a bug of the proxy."""
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)
