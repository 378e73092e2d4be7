# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the lab's API server, for the administrator.

Plain HTTPS answers in 10 ms where each start of kubectl costs over 200.
"""

import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from labctl import pki, settings
from labctl.errors import LabError

_WATCH = 300  # seconds that a watch lasts
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Api:
    """Requests that the lab itself needs; people use kubectl."""

    def __init__(self):
        try:
            context = ssl.create_default_context(cafile=str(pki.certificate("ca")))
            context.load_cert_chain(pki.certificate("admin"), pki.key("admin"))
        except OSError as err:
            raise LabError(f"the lab's keys in {pki.folder()} cannot be read: {err.strerror}; "
                           f"only root may") from err
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the bridge is never behind the machine's proxy
            urllib.request.HTTPSHandler(context=context))

    def get(self, path: str) -> dict:
        return json.loads(self._send("GET", path))

    def find(self, path: str) -> dict | None:
        """The object, or None when it does not exist or the server does not answer."""
        try:
            return self.get(path)
        except LabError:
            return None

    def ready(self) -> bool:
        """True once every start-up hook of the API server has run."""
        try:
            self._send("GET", "/readyz")
            return True
        except LabError:
            return False

    def apply_definition(self, file: Path) -> None:
        """Create or update the CustomResourceDefinition in a YAML file, server-side."""
        text = file.read_text()
        name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", text, re.MULTILINE)[1]
        self._send("PATCH", f"{_DEFINITIONS}/{name}?fieldManager={settings.NAME}&force=true",
                   text.encode(), "application/apply-patch+yaml")

    def definitions_established(self) -> bool:
        """True once the API server serves every CustomResourceDefinition it has."""
        return all(is_true(item, "Established") for item in self.get(_DEFINITIONS)["items"])

    def delete_node(self, name: str) -> None:
        self.delete(f"/api/v1/nodes/{name}")

    def create(self, path: str, body: dict) -> None:
        self._send("POST", path, json.dumps(body).encode())

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def watch(self, path: str) -> Iterator[dict]:
        """Yield an event for each object, then one for each change, until the server ends the watch."""
        yield from map(json.loads, self._lines("GET", f"{path}?watch=true&timeoutSeconds={_WATCH}"))

    def _send(self, method: str, path: str, body: bytes | None = None,
              kind: str = "application/json") -> bytes:
        return b"".join(self._lines(method, path, body, kind, 30))

    def _lines(self, method: str, path: str, body: bytes | None = None,
               kind: str = "application/json", timeout: float = _WATCH + 10) -> Iterator[bytes]:
        request = urllib.request.Request(settings.API_URL + path, data=body, method=method,
                                         headers={"Content-Type": kind})
        try:
            with self._opener.open(request, timeout=timeout) as answer:
                yield from answer
        except urllib.error.HTTPError as err:
            raise LabError(f"the API server refuses {method} {path}: {err.code} "
                           f"{err.read().decode(errors='replace')[:500]}") from err
        except (OSError, http.client.HTTPException) as err:
            raise LabError(f"no answer from the API server at {settings.API_URL} to {method} {path}: {err}; "
                           f"`lab status` tells what runs") from err


def is_true(item: dict, condition: str) -> bool:
    """Whether an object's status has the condition; a new object has no status yet."""
    conditions = item.get("status", {}).get("conditions") or []
    return any(found["type"] == condition and found["status"] == "True" for found in conditions)
