# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the lab's API server, for the administrator.

Plain HTTPS answers in 10 ms where each start of kubectl costs over 200.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from labctl import pki, settings

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Api:
    """Requests that the lab itself needs; people use kubectl."""

    def __init__(self):
        context = ssl.create_default_context(cafile=str(pki.certificate("ca")))
        context.load_cert_chain(pki.certificate("admin"), pki.key("admin"))
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the bridge is never behind the machine's proxy
            urllib.request.HTTPSHandler(context=context))

    def get(self, path: str) -> dict:
        with self._opener.open(settings.API_URL + path, timeout=10) as answer:
            return json.load(answer)

    def find(self, path: str) -> dict | None:
        """The object, or None when it does not exist or the server does not answer."""
        try:
            return self.get(path)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return None

    def apply_definition(self, file: Path) -> None:
        """Create or update the CustomResourceDefinition in a YAML file, server-side."""
        text = file.read_text()
        name = re.search(r"^metadata:\n(?:  .*\n)*?  name: (\S+)$", text, re.MULTILINE)[1]
        request = urllib.request.Request(
            f"{settings.API_URL}{_DEFINITIONS}/{name}?fieldManager={settings.NAME}&force=true",
            data=text.encode(), method="PATCH",
            headers={"Content-Type": "application/apply-patch+yaml"})
        with self._opener.open(request, timeout=30):
            pass

    def definitions_established(self) -> bool:
        """True once the API server serves every CustomResourceDefinition it has."""
        return all(any(condition["type"] == "Established" and condition["status"] == "True"
                       for condition in item.get("status", {}).get("conditions", []))
                   for item in self.get(_DEFINITIONS)["items"])

    def delete_node(self, name: str) -> None:
        request = urllib.request.Request(f"{settings.API_URL}/api/v1/nodes/{name}", method="DELETE")
        try:
            with self._opener.open(request, timeout=30):
                pass
        except urllib.error.HTTPError as err:
            if err.code != 404:
                raise

    def ready(self) -> bool:
        """True once every start-up hook of the API server has run."""
        try:
            with self._opener.open(settings.API_URL + "/readyz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False
