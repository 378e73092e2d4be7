# SPDX-License-Identifier: GPL-3.0-or-later
"""The real API server, as the proxy asks it: whatever came in goes on, with the real credentials."""

from collections.abc import Mapping

from kubernetes.client import ApiClient


class Upstream:
    """The API server of a kubernetes.client.Configuration."""

    def __init__(self, configuration) -> None:
        self._configuration = configuration
        self._pool = ApiClient(configuration).rest_client.pool_manager

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes, stream: bool):
        """Send a request once; return urllib3's response, whatever its status, and a stream unread."""
        credentials = {setting["key"]: setting["value"]
                       for setting in self._configuration.auth_settings().values()}
        return self._pool.request(method, self._configuration.host + target,
                                  headers={**headers, **credentials},
                                  body=body or None, retries=False, preload_content=not stream)
