# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server, asked raw over the kubernetes package's pooled connections, without any tool under test."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from kubernetes import config
from kubernetes.client import ApiClient

# The API server takes its most requests a second from about this many connections.
WORKERS = 8
_SECONDS_TO_CLEAR = 300


@dataclass(frozen=True)
class Request:
    """target: path and query."""

    method: str
    target: str
    body: bytes = b""
    content_type: str = "application/json"


class Refused(Exception):
    """The server refused what the benchmark arranges or replays."""


class Cluster:
    """The cluster of a kubeconfig's current context, with that context's credentials."""

    def __init__(self, kubeconfig: str) -> None:
        api: ApiClient = config.new_client_from_config(kubeconfig)
        self.configuration = api.configuration
        self._pool = api.rest_client.pool_manager

    def credentials(self) -> dict[str, str]:
        """The headers that authenticate a request; none where a client certificate does."""
        return {setting["key"]: setting["value"] for setting in self.configuration.auth_settings().values()
                if setting["in"] == "header" and setting["value"]}

    def send(self, request: Request, seconds: float = 60) -> dict:
        headers = {"Accept": "application/json", "Content-Type": request.content_type, **self.credentials()}
        answer = self._pool.request(request.method, self.configuration.host + request.target,
                                    body=request.body or None,
                                    headers=headers, retries=False, timeout=seconds)
        if answer.status >= 400:
            raise Refused(f"{request.method} {request.target}: HTTP {answer.status} {answer.data.decode()}")
        return json.loads(answer.data)

    def send_all(self, requests: Iterable[Request]) -> None:
        """Send the requests from WORKERS connections at once."""
        with ThreadPoolExecutor(WORKERS) as workers:
            for _answer in workers.map(self.send, requests):
                pass

    def version(self) -> str:
        return self.send(Request("GET", "/version"))["gitVersion"]

    def create(self, objects: Iterable[dict]) -> None:
        self.send_all(Request("POST", _collection(each), json.dumps(each).encode()) for each in objects)

    def patch_status(self, manifest: dict, status: dict) -> None:
        target = f"{_collection(manifest)}/{manifest['metadata']['name']}/status"
        self.send(Request("PATCH", target, json.dumps({"status": status}).encode(),
                          "application/merge-patch+json"))

    def clear_volumes(self, namespace: str) -> None:
        """Delete the volumes that content.volume() describes for the namespace."""
        self.send(Request("DELETE", f"/api/v1/persistentvolumes?labelSelector=bench%3D{namespace}"))

    def clear(self, *kinds: str, namespace: str) -> None:
        """Delete all of Fluid's objects of the kinds (their plural names) in the namespace."""
        for kind in kinds:
            self.send(Request("DELETE", f"/apis/data.fluid.io/v1alpha1/namespaces/{namespace}/{kind}"),
                      _SECONDS_TO_CLEAR)

    def create_namespace(self, name: str) -> None:
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self.send(Request("POST", "/api/v1/namespaces", json.dumps(body).encode()))

    def delete_namespace(self, name: str) -> None:
        self.send(Request("DELETE", f"/api/v1/namespaces/{name}"))


def _collection(manifest: dict) -> str:
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    inside = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"/{'apis' if '/' in version else 'api'}/{version}/{inside}{manifest['kind'].lower()}s"
