# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy in front of the real API server: it terminates TLS, counts requests, and injects a fault into some.

Clients speak to it without credentials; it asks the real server with its own.
"""

import itertools
import socket
import ssl
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from raw_api import RawApi
from urllib3.exceptions import HTTPError

from .authority import ADDRESS, Authority
from .upstream import Upstream

# Headers that belong to one connection, or that the proxy's own side sets.
_OWN_HEADERS = frozenset({"host", "connection", "authorization", "content-length", "transfer-encoding"})
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Request:
    """What a client asked. target: path and query as they came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def verb(self) -> str:
        """The API's word for it; "continue" is a list's later page."""
        if self.method != "GET":
            return {"POST": "create", "PATCH": "patch", "DELETE": "delete"}[self.method]
        if "watch" in self.query:
            return "watch"
        if "continue" in self.query:
            return "continue"
        return "list" if "limit" in self.query else "get"


@dataclass(frozen=True)
class Fault:
    """What happens to a request instead of being passed on. It fits requests of these verbs whose body has that text."""

    name: str
    verbs: frozenset[str]
    act: Callable[["Exchange"], None]
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
    """Tells of the requests that it is asked about whether one is that number (from 1) or one of the next ones, up to times."""
    numbers = itertools.count(1)
    return lambda _request: number <= next(numbers) < number + times


def first_attempts() -> Due:
    """Tells of each request that it is due, but not of its repetition."""
    seen: Counter[tuple] = Counter()

    def due(request: Request) -> bool:
        # A watch is not repeated as it was: the objects are read again, and it starts from there.
        key = (request.path, "watch") if request.verb == "watch" else (request.method, request.target, request.body)
        seen[key] += 1
        return seen[key] % 2 == 1
    return due


class FaultProxy:
    """Serves on url until closed. api: the real server, for what faults change there.

    requests: what came in since begin(), in order. created: how often the real server created an object, by its collection's path and its name.
    touched: the paths of the objects that faults have changed.
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
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return "https://%s:%d" % self._listener.server_address

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


class Exchange:
    """One request and the ways to deal with it; what a fault acts on."""

    def __init__(self, handler: "_Handler", proxy: FaultProxy, request: Request) -> None:
        self.proxy = proxy
        self.request = request
        self._handler = handler

    def ask(self, target: str | None = None):
        """Ask the real server, for another target if given, and return its answer, for a watch as a stream."""
        request = self.request
        answer = self.proxy.upstream.send(request.method, target or request.target, request.headers, request.body,
                                          stream=request.verb == "watch")
        if answer.status == 201 and "dryRun" not in request.query:
            self.proxy.note_creation(request.path, answer.json()["metadata"]["name"])
        return answer

    def relay(self, answer) -> None:
        """Pass the real server's answer on, a watch event by event."""
        if self.request.verb == "watch" and answer.status == 200:
            self.start_stream()
            for chunk in self.chunks(answer):
                self.send_chunk(chunk)
            self.end_stream()
        else:
            self.reply(answer.status, answer.data, answer.headers["Content-Type"])

    def reply(self, status: int, body: bytes, content_type: str = "application/json", missing: int = 0, **headers: str) -> None:
        """Answer the client; missing: how many bytes of the body, announced by its length, never come."""
        handler = self._handler
        handler.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body[:len(body) - missing])
        handler.wfile.flush()

    def start_stream(self) -> None:
        self._handler.send_response(200)
        self._handler.send_header("Content-Type", "application/json")
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()
        self._handler.wfile.flush()

    def send_chunk(self, chunk: bytes) -> None:
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self._handler.wfile.flush()

    def end_stream(self) -> None:
        self._handler.wfile.write(b"0\r\n\r\n")
        self._handler.wfile.flush()

    def chunks(self, answer):
        """Yield what the real server streams, until it or the test's end closes the watch."""
        self.proxy.hold(answer)
        try:
            yield from answer.stream(amt=None, decode_content=False)
        except HTTPError:
            return
        finally:
            self.proxy.release(answer)
            answer.close()

    def hang_up(self) -> None:
        """Close the connection in good order, whatever was announced."""
        self._handler.close_connection = True

    def reset(self) -> None:
        """Reset the connection: the client gets no byte more, and no end of the stream either."""
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._handler.close_connection = True

    def wait_for_client_to_leave(self) -> None:
        """Stay silent as long as the client listens."""
        self._handler.rfile.read(1)
        self._handler.close_connection = True


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
            fault.act(exchange)
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
