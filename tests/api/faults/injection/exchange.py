# SPDX-License-Identifier: GPL-3.0-or-later
"""One request through the proxy, and the ways to deal with it: what faults are made of."""

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from .proxy import FaultProxy

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

    @property
    def is_dry_run(self) -> bool:
        """A deletion says so in its body, and the server then looks nowhere else."""
        return "dryRun" in self.query or bool(self.body and json.loads(self.body).get("dryRun"))


class Exchange:
    """One request and the ways to deal with it; what a fault acts on."""

    def __init__(self, handler: BaseHTTPRequestHandler, proxy: "FaultProxy", request: Request) -> None:
        self.proxy = proxy
        self.request = request
        self._handler = handler

    def ask(self, target: str | None = None):
        """Ask the real server, maybe for another target; return its answer, that of a watch as a stream."""
        request = self.request
        answer = self.proxy.upstream.send(request.method, target or request.target, request.headers,
                                          request.body,
                                          stream=request.verb == "watch")
        if answer.status == 201 and not request.is_dry_run:
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

    def reply(self, status: int, body: bytes, content_type: str = "application/json", missing: int = 0,
              **headers: str) -> None:
        """Answer the client; missing: how many bytes of the body, announced by its length, never come."""
        handler = self._handler
        handler.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)),
                            **headers}.items():
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
        self._handler.wfile.write(f"{len(chunk):x}".encode() + b"\r\n" + chunk + b"\r\n")
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
