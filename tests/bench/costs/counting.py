# SPDX-License-Identifier: GPL-3.0-or-later
"""A transparent proxy in front of the API server that counts requests.

It reads what clients ask and passes the answers on byte by byte: watches, commands in pods and kept-alive
connections work as they do without it. Clients speak plain HTTP/1.1 to it, on the loopback device only, and
it adds the credentials; so every client is counted alike, whatever it would do to authenticate.
"""

import asyncio
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from .cluster import Cluster, Request

_HEAD_LIMIT = 1 << 20
_CHUNK = 1 << 16
_LENGTH_REQUIRED = b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class CountingProxy:
    """Serves until the process ends. kubeconfig: the file that leads clients to it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster = cluster
        self._upstream = urlsplit(cluster.configuration.host)
        self._requests: list[Request] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD_LIMIT), self._loop).result()
        port = server.sockets[0].getsockname()[1]
        self.kubeconfig = folder / "counting-kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(_kubeconfig(f"http://127.0.0.1:{port}")))

    def take(self) -> list[Request]:
        """The requests that came in since the last call, in order."""
        with self._lock:
            taken, self._requests = self._requests, []
        return taken

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection(
            self._upstream.hostname, self._upstream.port or (443 if self._tls() else 80), ssl=self._tls(),
            server_hostname=self._cluster.configuration.tls_server_name if self._tls() else None)
        both = [asyncio.ensure_future(self._pass_requests(client, to_client, to_server)),
                asyncio.ensure_future(_copy(server, to_client))]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for direction in both:
            direction.cancel()
        with suppress(asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError):
            await asyncio.gather(*both)
        for writer in (to_client, to_server):
            writer.close()

    async def _pass_requests(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter,
                             to_server: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):  # the client has left
            while True:
                first, headers = _parsed(await client.readuntil(b"\r\n\r\n"))
                if "transfer-encoding" in headers:  # no client in use sends bodies without their length
                    to_client.write(_LENGTH_REQUIRED)
                    return
                body = await client.readexactly(int(headers.get("content-length", 0)))
                method, target, _version = first.split(" ")
                with self._lock:
                    self._requests.append(Request(method, target, body, headers.get("content-type", "")))
                to_server.write(self._head(method, target, headers) + body)
                await to_server.drain()
                if "upgrade" in headers:
                    await _copy(client, to_server)
                    return

    def _head(self, method: str, target: str, headers: dict[str, str]) -> bytes:
        sent = {**headers, "host": self._upstream.netloc, **self._cluster.credentials()}
        lines = [f"{method} {self._upstream.path}{target} HTTP/1.1",
                 *(f"{key}: {value}" for key, value in sent.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _tls(self) -> ssl.SSLContext | None:
        if self._upstream.scheme != "https":
            return None
        configuration = self._cluster.configuration
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        if not configuration.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


def _parsed(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first, {name.strip().lower(): value.strip() for name, _colon, value in pairs}


def _kubeconfig(server: str) -> dict:
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "counted",
        "clusters": [{"name": "counted", "cluster": {"server": server}}],
        "users": [{"name": "nobody", "user": {}}],
        "contexts": [{"name": "counted", "context": {"cluster": "counted", "user": "nobody"}}],
    }
