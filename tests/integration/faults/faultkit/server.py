# SPDX-License-Identifier: GPL-3.0-or-later
"""The real API server, asked directly: for the proxy, and for tests that look at or arrange its objects.

Raw requests on the kubernetes package's connection, so that nothing under test judges itself.
"""

import json
from collections.abc import Mapping

from kubernetes import config

DATASETS = "/apis/data.fluid.io/v1alpha1/namespaces/{namespace}/datasets"
RUNTIMES = "/apis/data.fluid.io/v1alpha1/namespaces/{namespace}/alluxioruntimes"
CLAIMS = "/api/v1/namespaces/{namespace}/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
_MERGE_PATCH = "application/merge-patch+json"


class Refused(Exception):
    """The real server refused what a test arranges."""


class ApiServer:
    """The cluster of the current context of a kubeconfig, with that context's credentials."""

    def __init__(self, kubeconfig: str) -> None:
        api = config.new_client_from_config(kubeconfig)
        self._configuration = api.configuration
        self._pool = api.rest_client.pool_manager

    def send(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"",
             stream: bool = False):
        """Send a request with the real credentials and return urllib3's response, whatever its status."""
        credentials = {setting["key"]: setting["value"] for setting in self._configuration.auth_settings().values()
                       if setting["in"] == "header" and setting["value"]}
        return self._pool.request(method, self._configuration.host + target, headers={**(headers or {}), **credentials},
                                  body=body or None, retries=False, preload_content=not stream)

    def get(self, path: str) -> dict | None:
        response = self.send("GET", path)
        return None if response.status == 404 else _object("GET", path, response)

    def list(self, path: str) -> list[dict]:
        """Return the objects of a collection; a list of core objects leaves their kind out, so it is put in."""
        found = _object("GET", path, self.send("GET", path))
        return [{"kind": found["kind"].removesuffix("List"), **each} for each in found["items"]]

    def create(self, path: str, body: dict, manager: str) -> dict:
        return self._write("POST", "%s?fieldManager=%s" % (path, manager), body, "application/json")

    def patch(self, path: str, patch: dict, manager: str) -> dict:
        return self._write("PATCH", "%s?fieldManager=%s" % (path, manager), patch, _MERGE_PATCH)

    def delete(self, path: str) -> None:
        """Delete an object for good, also one that is there twice over or held by finalizers; gone already is fine."""
        if self.get(path) is not None:
            self.patch(path, {"metadata": {"finalizers": None}}, "fault-tests")
            self.send("DELETE", path)

    def _write(self, method: str, target: str, body: dict, content_type: str) -> dict:
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        return _object(method, target, self.send(method, target, headers, json.dumps(body).encode()))


def _object(method: str, target: str, response) -> dict:
    if response.status >= 400:
        raise Refused("%s %s: HTTP %d %s" % (method, target, response.status, response.data.decode()))
    return json.loads(response.data)
