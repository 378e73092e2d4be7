# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server as the tests themselves ask it: raw requests that share no code with the modules."""

import json
from urllib.parse import urlencode

from kubernetes import config
from kubernetes.client import ApiClient, Configuration

FLUID = "/apis/data.fluid.io/v1alpha1"
MERGE, APPLY, JSON = "application/merge-patch+json", "application/apply-patch+yaml", "application/json"


class Refused(Exception):
    """The server's refusal; the message is its own."""

    def __init__(self, status, text):
        super().__init__(f"HTTP {status}: {text}")
        self.status = status


class RawApi:
    """Requests with the rights of the kubeconfig's user. Paths are as in the API's documentation."""

    def __init__(self, kubeconfig):
        self.configuration = Configuration()
        config.load_kube_config(kubeconfig, client_configuration=self.configuration)
        self._pool = ApiClient(self.configuration).rest_client.pool_manager

    def request(self, method, path, body=None, content_type=JSON, **query):
        headers = {"Content-Type": content_type, "Accept": JSON}
        for setting in self.configuration.auth_settings().values():
            headers[setting["key"]] = setting["value"]
        url = self.configuration.host + path + ("?" + urlencode(query) if query else "")
        answer = self._pool.request(method, url, body=None if body is None else json.dumps(body),
                                    headers=headers)
        if answer.status >= 400:
            raise Refused(answer.status, answer.data.decode())
        return json.loads(answer.data)

    def get(self, path):
        """The object, or None."""
        try:
            return self.request("GET", path)
        except Refused as err:
            if err.status != 404:
                raise
            return None

    def create(self, path, body, manager="test"):
        return self.request("POST", path, body, fieldManager=manager)

    def patch(self, path, patch, manager="test"):
        """Change fields as a person or another tool does, under that field manager's name."""
        return self.request("PATCH", path, patch, MERGE, fieldManager=manager)

    def apply(self, path, body, manager):
        """Server-side apply, as `kubectl apply --server-side` does."""
        return self.request("PATCH", path, body, APPLY, fieldManager=manager, force="true")

    def replace(self, path, body, manager):
        return self.request("PUT", path, body, fieldManager=manager)

    def delete(self, path):
        """Ask for a deletion; what is gone already is as well."""
        try:
            self.request("DELETE", path)
        except Refused as err:
            if err.status != 404:
                raise
