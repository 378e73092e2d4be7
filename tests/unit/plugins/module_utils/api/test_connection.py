# SPDX-License-Identifier: GPL-3.0-or-later
"""From options to a client: which source wins, and what is said when there is none. No server is asked."""

import base64
import pathlib

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection, kubernetes_package
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, InvalidInput

KUBECONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "one",
    "clusters": [{"name": "one", "cluster": {"server": "https://one:6443/"}},
                 {"name": "two", "cluster": {"server": "https://two:6443",
                                             "insecure-skip-tls-verify": True}}],
    "users": [{"name": "ann", "user": {"token": "anns-token"}},
              {"name": "bob", "user": {"username": "bob", "password": "pw"}}],
    "contexts": [{"name": "one", "context": {"cluster": "one", "user": "ann"}},
                 {"name": "two", "context": {"cluster": "two", "user": "bob"}}],
}


@pytest.fixture(autouse=True, params=[kubernetes_package.lean, kubernetes_package.whole],
                ids=lambda load: load.__name__)
def kubernetes(monkeypatch, request):
    """The kubernetes package, without and with its models."""
    monkeypatch.setattr(connection, "kubernetes", request.param())


@pytest.fixture(autouse=True)
def machine_without_a_cluster(monkeypatch, tmp_path, kubernetes):
    """Neither a pod's configuration nor the default kubeconfig of whoever runs the tests."""
    def not_in_a_pod(**_kwargs):
        raise connection.kubernetes.ConfigException("Service host/port is not set.")
    monkeypatch.setattr(connection.kubernetes, "load_incluster_config", not_in_a_pod)
    kube_config = connection.kubernetes.load_kube_config.__globals__
    monkeypatch.setitem(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "default"))
    monkeypatch.delenv("KUBECONFIG", raising=False)


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(KUBECONFIG))
    return str(path)


def authorization(client):
    return client.headers().get("authorization")


def test_the_current_context_of_a_kubeconfig(kubeconfig):
    client = connection.connect({"kubeconfig": kubeconfig})
    assert client.configuration.host == "https://one:6443"
    assert authorization(client) == "Bearer anns-token"


def test_a_kubeconfig_as_a_dictionary():
    assert connection.connect({"kubeconfig": KUBECONFIG}).configuration.host == "https://one:6443"


def test_another_context(kubeconfig):
    client = connection.connect({"kubeconfig": kubeconfig, "context": "two"})
    assert client.configuration.host == "https://two:6443"
    assert client.configuration.verify_ssl is False
    assert authorization(client) == "Basic " + base64.b64encode(b"bob:pw").decode()


def test_the_default_kubeconfig(tmp_path):
    (tmp_path / "default").write_text(yaml.safe_dump(KUBECONFIG))
    assert connection.connect({}).configuration.host == "https://one:6443"


def test_a_pods_own_configuration_comes_before_the_default_kubeconfig(monkeypatch, tmp_path):
    (tmp_path / "default").write_text(yaml.safe_dump(KUBECONFIG))

    def in_a_pod(client_configuration):
        client_configuration.host = "https://10.96.0.1:443"
    monkeypatch.setattr(connection.kubernetes, "load_incluster_config", in_a_pod)
    assert connection.connect({}).configuration.host == "https://10.96.0.1:443"
    assert connection.connect({"context": "two"}).configuration.host == "https://two:6443"


def test_options_come_before_the_kubeconfig(kubeconfig):
    client = connection.connect({"kubeconfig": kubeconfig, "host": "https://three:6443/",
                                 "api_key": "another", "validate_certs": False})
    assert client.configuration.host == "https://three:6443"
    assert client.configuration.verify_ssl is False
    assert authorization(client) == "Bearer another"


def test_an_option_alone_keeps_the_rest_of_the_kubeconfig(kubeconfig):
    client = connection.connect({"kubeconfig": kubeconfig, "host": "https://three:6443"})
    assert authorization(client) == "Bearer anns-token"


@pytest.mark.parametrize("option", ["host", "api_key", "username", "ca_cert", "client_cert", "client_key",
                                    "context", "impersonate_user"])
def test_an_empty_option_is_not_given(kubeconfig, option):
    configuration = connection.connect({"kubeconfig": kubeconfig, option: ""}).configuration
    expected = connection.connect({"kubeconfig": kubeconfig}).configuration
    for attribute in ("host", "username", "ssl_ca_cert", "cert_file", "key_file", "proxy", "no_proxy"):
        assert getattr(configuration, attribute) == getattr(expected, attribute)


@pytest.mark.parametrize("credentials", [
    pytest.param({"api_key": "abc"}, id="token"),
    pytest.param({"username": "ann", "password": "pw"}, id="password"),
    pytest.param({"client_cert": __file__, "client_key": __file__}, id="certificate"),
])
def test_a_host_with_credentials_needs_no_kubeconfig(credentials):
    assert connection.connect({"host": "https://three:6443", **credentials}).configuration.host == (
        "https://three:6443")


def test_certificates(tmp_path):
    given = {option: str(tmp_path / option) for option in ("ca_cert", "client_cert", "client_key")}
    for path in given.values():
        pathlib.Path(path).touch()
    configuration = connection.connect({"host": "https://three:6443", **given}).configuration
    assert (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file) == (
        given["ca_cert"], given["client_cert"], given["client_key"])


def test_a_proxy_with_headers():
    headers = {"proxy_basic_auth": "ann:pw", "basic_auth": None, "user_agent": "us"}
    configuration = connection.connect({"host": "https://three:6443", "api_key": "abc",
                                        "proxy": "http://proxy:3128",
                                        "no_proxy": "internal", "proxy_headers": headers}).configuration
    assert (configuration.proxy, configuration.no_proxy) == ("http://proxy:3128", "internal")
    assert configuration.proxy_headers["user-agent"] == "us"
    assert configuration.proxy_headers["proxy-authorization"].startswith("Basic ")
    assert "authorization" not in configuration.proxy_headers


def test_no_proxy_headers_when_none_are_given():
    headers = {"proxy_basic_auth": None, "basic_auth": None, "user_agent": None}
    assert connection.connect({"host": "https://three:6443", "api_key": "a",
                               "proxy_headers": headers}).configuration.proxy_headers is None


@pytest.mark.parametrize(("given", "headers"), [
    pytest.param({}, [], id="nobody"),
    pytest.param({"impersonate_user": "ann"}, [("Impersonate-User", "ann")], id="a-user"),
    pytest.param({"impersonate_user": "ann", "impersonate_groups": ["a", "b"]},
                 [("Impersonate-User", "ann"), ("Impersonate-Group", "a"), ("Impersonate-Group", "b")],
                 id="a-user-with-groups"),
])
def test_impersonation(kubeconfig, given, headers):
    client = connection.connect({"kubeconfig": kubeconfig, **given})
    assert [(key, value) for key, value in client.headers().iteritems() if key.startswith("Impersonate")] == (
        headers)
    assert client.impersonates is bool(headers)


@pytest.mark.parametrize(("content", "view"), [
    pytest.param(None, "No configuration found", id="no-file"),
    pytest.param("", "Invalid kube-config", id="empty"),
    pytest.param("apiVersion: v1\n", "Expected key current-context", id="incomplete"),
    pytest.param("a: [b", "while parsing a flow sequence", id="not-yaml"),
    pytest.param("a-token", "it has another form than a kubeconfig", id="text"),
    pytest.param("[a]", "it has another form than a kubeconfig", id="list"),
    pytest.param("current-context: a\ncontexts: [{name: a, context: b}]\n", "another form", id="context"),
    pytest.param("current-context: a\ncontexts: [{name: a, context: {cluster: b, user: c}}]\nclusters: 7\n",
                 "another form", id="clusters"),
])
def test_a_kubeconfig_that_cannot_be_used(tmp_path, content, view):
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidInput) as refused:
        connection.connect({"kubeconfig": str(path)})
    assert str(refused.value).startswith(f"no cluster to connect to: {path} cannot be used (")
    assert view in str(refused.value)
    assert str(refused.value).endswith(
        "set kubeconfig, or host with api_key, or the K8S_AUTH_* environment variables")


def test_a_context_that_does_not_exist(kubeconfig):
    with pytest.raises(InvalidInput, match="three"):
        connection.connect({"kubeconfig": kubeconfig, "context": "three"})


def test_no_configuration_at_all():
    with pytest.raises(InvalidInput, match=r"no cluster to connect to: ~/\.kube/config cannot be used"):
        connection.connect({})


def test_a_kubeconfig_in_the_home_folder(monkeypatch, kubeconfig, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert connection.connect({"kubeconfig": "~/config"}).configuration.host == "https://one:6443"


def test_without_the_kubernetes_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(connection, "KUBERNETES_IMPORT_ERROR", "Traceback ...")
    with pytest.raises(ApiError,
                       match="the Python package kubernetes is not installed for the interpreter") as raised:
        connection.connect({})
    assert raised.value.details == {"exception": "Traceback ..."}
