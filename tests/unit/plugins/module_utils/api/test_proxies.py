# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests and streams take the same way, directly or through a proxy, with every version of the kubernetes
package.
"""

import contextlib
import os
import socket
import threading

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, kubernetes_package
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import execute
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")


class Listener:
    """A server that closes each connection without an answer. names: those of all servers that were asked."""

    def __init__(self, name, names):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._serve, args=(name, names), daemon=True).start()

    def _serve(self, name, names):
        with contextlib.suppress(OSError):
            while True:
                accepted, _address = self.socket.accept()
                names.append(name)
                accepted.close()


@pytest.fixture
def asked():
    return []


@pytest.fixture
def servers(asked, monkeypatch):
    """The API server and two proxies, of which the environment names none."""
    monkeypatch.setattr(connection, "kubernetes", kubernetes_package.load())
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    made = {name: Listener(name, asked) for name in ("server", "proxy", "other")}
    yield {name: listener.address for name, listener in made.items()}
    for listener in made.values():
        listener.socket.close()


class ReadsProxies:
    """Let the package's configuration take these from the environment, as versions 34 to 36 do."""

    def __init__(self, *names):
        self.names = names

    def __call__(self, configuration):
        def make():
            made = configuration()
            made.proxy = os.environ.get("HTTPS_PROXY") if "proxy" in self.names else None
            made.no_proxy = os.environ.get("NO_PROXY") if "no_proxy" in self.names else None
            return made
        return make


VERSIONS = {"up-to-33": ReadsProxies(), "34-and-35": ReadsProxies("proxy"),
            "36-and-later": ReadsProxies("proxy", "no_proxy")}


def ways(servers, asked, **options):
    """The first server that a request asks, and that of a command in a container."""
    client = connection.connect({"host": f"http://{servers['server']}", "api_key": "t", **options})
    with contextlib.suppress(connection.urllib3.exceptions.HTTPError):
        client.send("GET", "/version", {}, None, "", 5)
    with pytest.raises(ApiError):
        execute(client, ObjectRef("data", "hbase-master-0"), "alluxio-master", ["true"], 5)
    return asked


@pytest.fixture(params=VERSIONS.values(), ids=VERSIONS)
def version(monkeypatch, request):
    monkeypatch.setattr(
        connection.kubernetes, "Configuration", request.param(connection.kubernetes.Configuration))
    return request.param.names


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "a.host, 127.0.0.0/8", "*"])
def test_a_host_in_no_proxy_is_asked_directly(servers, asked, monkeypatch, version, no_proxy):
    monkeypatch.setenv("HTTPS_PROXY", f"http://{servers['proxy']}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{servers['proxy']}")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert ways(servers, asked) == ["server", "server"]


def test_a_proxy_of_the_environment_is_for_both_or_none(servers, asked, monkeypatch, version):
    monkeypatch.setenv("HTTPS_PROXY", f"http://{servers['proxy']}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{servers['proxy']}")
    monkeypatch.setenv("NO_PROXY", "another.host")
    assert ways(servers, asked) == ["proxy" if "proxy" in version else "server"] * 2


def test_the_options_win_over_the_environment(servers, asked, monkeypatch, version):
    monkeypatch.setenv("HTTP_PROXY", f"http://{servers['other']}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert ways(servers, asked, proxy=f"http://{servers['proxy']}", no_proxy="another.host") == [
        "proxy", "proxy"]


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "a.host, 127.0.0.0/8"])
def test_the_option_no_proxy(servers, asked, version, no_proxy):
    assert ways(servers, asked, proxy=f"http://{servers['proxy']}", no_proxy=no_proxy) == [
        "server", "server"]


def test_a_proxy_with_headers_that_is_bypassed(servers, asked, version):
    assert ways(servers, asked, proxy=f"http://{servers['proxy']}", no_proxy="127.0.0.1",
                proxy_headers={"proxy_basic_auth": "ann:pw"}) == ["server", "server"]
