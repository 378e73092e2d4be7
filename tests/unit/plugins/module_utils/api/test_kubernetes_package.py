# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the kubernetes package is imported, in interpreters of their own; the rest comes when needed."""

import base64
import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, kubernetes_package

# Every module that is imported, also those that are out of sight again.
_PRELUDE = """
import sys
seen = set()
sys.addaudithook(lambda event, args: seen.add(args[0]) if event == "import" else None)
from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, kubernetes_package

def models():
    return sorted(
        name for name in seen if name.startswith(("kubernetes.client.models", "kubernetes.client.api")))

def visible():
    return sorted(name for name in sys.modules
                  if name.partition(".")[0] in ("kubernetes", "oauthlib", "requests_oauthlib"))
"""


def kubeconfig(user, server="https://one:6443"):
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "one",
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "users": [{"name": "ann", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "ann"}}],
    }


@pytest.fixture
def python(tmp_path):
    """Run code in a new interpreter that finds what this one does, and return what it prints."""
    def run(code, **environ):
        script = tmp_path / "script.py"
        script.write_text(_PRELUDE + textwrap.dedent(code))
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(tmp_path), **environ}
        environ.pop("KUBECONFIG", None)
        done = subprocess.run([sys.executable, script], env=environ, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()
    return run


@pytest.mark.parametrize("options", [
    pytest.param({"kubeconfig": kubeconfig({"token": "t"})}, id="token"),
    pytest.param({"kubeconfig": kubeconfig({"client-certificate-data": "Y2VydA==",
                                            "client-key-data": "a2V5"})}, id="certificate"),
    pytest.param({"kubeconfig": kubeconfig({"username": "ann", "password": "pw"})}, id="password"),
    pytest.param({"host": "https://one:6443", "api_key": "t", "proxy": "http://proxy:3128"},
                 id="no-kubeconfig"),
])
def test_connecting_imports_no_model_and_leaves_nothing_behind(python, options):
    assert python(f"""
        connection.connect({options!r})
        assert models() == [], models()
        assert visible() == [], visible()
        print(connection.kubernetes.Configuration.__module__)
    """) == ["kubernetes.client.configuration"]


def test_the_stream_imports_no_model_either(python):
    assert python("""
        stream = connection.kubernetes.import_stream()
        assert stream is connection.kubernetes.import_stream()
        assert models() == [] and visible() == []
        print(stream.ApiException.__name__)
    """) == ["ApiException"]


def test_the_whole_package_is_there_for_whoever_imports_it_afterwards(python):
    assert python("""
        given = {"host": "https://one:6443", "api_key": "t"}
        before = connection.connect(given)
        import kubernetes, kubernetes.client, kubernetes.config
        import kubernetes.dynamic, kubernetes.stream, kubernetes.watch
        pod = kubernetes.client.V1Pod(metadata=kubernetes.client.V1ObjectMeta(name="one"))
        assert kubernetes.client.ApiClient().sanitize_for_serialization(pod) == {"metadata": {"name": "one"}}
        assert kubernetes.client.CoreV1Api().list_namespace
        assert kubernetes.config.kube_config.ApiClient is kubernetes.client.ApiClient
        assert kubernetes.config.kube_config.Configuration is kubernetes.client.Configuration
        assert kubernetes.config.kube_config.OAuth2Session.__module__.startswith("requests_oauthlib")
        assert kubernetes.client.Configuration is not connection.kubernetes.Configuration
        after = connection.connect(given)
        assert type(after.configuration) is type(before.configuration)
        assert connection.kubernetes.import_stream() is not kubernetes.stream.ws_client
        assert kubernetes.client is sys.modules["kubernetes.client"]
        print(before.configuration.host, before.headers()["authorization"])
    """) == ["https://one:6443", "Bearer", "t"]


def test_a_package_that_is_imported_already_is_used_as_it_is(python):
    assert python("""
        import kubernetes
        parts = kubernetes_package.load()
        assert parts.Configuration is kubernetes.client.Configuration
        assert parts.import_stream() is kubernetes.stream.ws_client
        print(connection.kubernetes.Configuration is kubernetes.client.Configuration)
    """) == ["False"]


@pytest.mark.parametrize("obstacle", [
    pytest.param('_PACKAGES = ("client", "elsewhere")', id="a-package-is-missing"),
    pytest.param('_oauth = lambda: {"oauthlib.oauth2": None}', id="a-module-cannot-be-imported"),
])
def test_a_package_of_another_build_is_imported_as_a_whole(python, obstacle):
    assert python(f"""
        kubernetes_package.{obstacle}
        parts = kubernetes_package.load()
        import kubernetes
        assert "oauthlib" in visible()
        print(parts.Configuration is kubernetes.client.Configuration)
    """) == ["True"]


def test_without_the_package_the_ordinary_import_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "kubernetes", None)
    with pytest.raises(ImportError, match="kubernetes"):
        kubernetes_package.load()


# -- authentication that asks somebody --------------------------------------------------------

@pytest.fixture(params=[kubernetes_package.lean, kubernetes_package.whole], ids=lambda load: load.__name__)
def connect(monkeypatch, request):
    """connect() on the kubernetes package without and with its models."""
    monkeypatch.setattr(connection, "kubernetes", request.param())
    return connection.connect


def authorization(client):
    return client.headers().get("authorization")


def test_an_exec_plugin_is_asked_again_when_its_token_has_expired(connect, tmp_path):
    answers = tmp_path / "answers"
    plugin = tmp_path / "plugin"
    plugin.write_text(f"""#!{sys.executable}
import json, pathlib
asked = pathlib.Path({str(answers)!r})
""" + """
count = len(asked.read_text()) if asked.exists() else 0
asked.write_text("x" * (count + 1))
expires = "2020-01-01T00:00:00Z" if count == 0 else "2999-01-01T00:00:00Z"
status = {"token": f"token-{count}", "expirationTimestamp": expires}
print(json.dumps({
    "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}))
""")
    plugin.chmod(0o755)
    client = connect({"kubeconfig": kubeconfig({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin),
        "interactiveMode": "Never"}})})
    assert list(client.configuration.api_key.values()) == ["Bearer token-0"]
    assert [authorization(client), authorization(client)] == ["Bearer token-1"] * 2


def test_a_pods_token_is_read_again_when_it_is_old(connect, monkeypatch, tmp_path):
    token, certificate = tmp_path / "token", tmp_path / "ca.crt"
    token.write_text("first")
    certificate.write_text("certificate")
    module = connection.kubernetes.load_incluster_config.__globals__
    monkeypatch.setitem(module, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setitem(module, "SERVICE_CERT_FILENAME", str(certificate))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    client = connect({})
    assert (client.configuration.host, authorization(client)) == ("https://10.96.0.1:443", "bearer first")
    token.write_text("second")
    assert authorization(client) == "bearer first"
    [loader] = [cell.cell_contents for cell in client.configuration.refresh_api_key_hook.__closure__]
    loader.token_expires_at -= loader._token_refresh_period
    assert authorization(client) == "bearer second"


def id_token(expires):
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


class Issuer(BaseHTTPRequestHandler):
    """An OpenID Connect issuer that takes one refresh token."""

    fresh = id_token(time.time() + 86400)

    def do_GET(self):
        self._answer({"token_endpoint": f"http://127.0.0.1:{self.server.server_port}/token"})

    def do_POST(self):
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        assert sent["refresh_token"] == ["old-refresh"]
        self._answer({"id_token": self.fresh, "refresh_token": "new-refresh", "access_token": "a",
                      "token_type": "bearer"})

    def _answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Not into the tests' output."""


@pytest.fixture
def issuer():
    with HTTPServer(("127.0.0.1", 0), Issuer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_openid_token_is_refreshed(connect, monkeypatch, tmp_path, issuer):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig({"auth-provider": {"name": "oidc", "config": {
        "client-id": "us", "client-secret": "s", "id-token": id_token(0), "refresh-token": "old-refresh",
        "idp-issuer-url": issuer}}})))
    assert authorization(connect({"kubeconfig": str(path)})) == "Bearer " + Issuer.fresh
