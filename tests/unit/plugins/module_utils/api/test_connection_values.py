# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options that no request can be sent with are refused by one sentence, before a request."""

import base64

import pytest
import urllib3

from ansible_collections.datacache.fluid.plugins.module_utils.api import (
    connection,
    connection_values,
    kubernetes_package,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput

HOST = {"host": "https://three:6443", "api_key": "abc"}
KUBECONFIG = "apiVersion: v1\nusers: [{name: a, user: {token: anns-token}}]\n"


@pytest.fixture(autouse=True)
def no_proxy_of_the_environment(monkeypatch):
    monkeypatch.setattr(connection, "kubernetes", kubernetes_package.load())
    for variable in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)


def refusal(**options):
    with pytest.raises(InvalidInput) as refused:
        connection.connect({**HOST, **options})
    return str(refused.value)


@pytest.mark.parametrize("content", [KUBECONFIG, '{"apiVersion": "v1", "token": "anns-token"}'])
def test_the_content_of_a_kubeconfig_is_no_path_and_is_not_shown(content):
    message = refusal(kubeconfig=content)
    assert "kubeconfig (K8S_AUTH_KUBECONFIG) is the content of a kubeconfig, expected the path" in message
    assert "from_yaml" in message
    assert "anns-token" not in message


@pytest.mark.parametrize(("options", "named", "secret"), [
    ({"api_key": "anns-token\n"}, r"api_key (K8S_AUTH_API_KEY) has the character '\n'", "anns-token"),
    ({"api_key": "anns-tok\u2713"}, "api_key (K8S_AUTH_API_KEY) has the character '\u2713'", "anns-tok"),
    ({"impersonate_user": "ann\r\nX: y"}, "impersonate_user (K8S_AUTH_IMPERSONATE_USER)", "X: y"),
    ({"impersonate_groups": ["a", "b\n"]}, "impersonate_groups (K8S_AUTH_IMPERSONATE_GROUPS)", None),
    ({"proxy_headers": {"proxy_basic_auth": "ann:pw\n"}},
     "proxy_headers_proxy_basic_auth (K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH)", "ann:pw"),
])
def test_a_value_that_no_header_can_hold(options, named, secret):
    message = refusal(**options)
    assert named in message
    assert "remove it" in message
    assert secret is None or secret not in message


@pytest.mark.parametrize("option", ["ca_cert", "client_cert", "client_key"])
def test_a_file_that_does_not_exist_is_named(tmp_path, option):
    message = refusal(**{option: str(tmp_path / "none.pem")})
    assert f"{option} (K8S_AUTH_{option.upper()}) is {tmp_path}/none.pem" in message
    assert "No such file or directory" in message


@pytest.mark.parametrize("url", ["ftp://ann:pw-of-ann@proxy:3128", "http://ann:pw-of-ann@proxy:port",
                                 "http://ann:pw-of-ann@[::1"])
def test_a_proxy_that_cannot_be_used(url):
    message = refusal(proxy=url)
    assert message.startswith("the proxy ")
    assert "set proxy (K8S_AUTH_PROXY) or HTTPS_PROXY to http://host:port" in message
    assert "pw-of-ann" not in message


def test_an_error_of_urllib3_that_quotes_the_proxy(monkeypatch):
    """As urllib3 2.3 does; the pool of later versions quotes no password."""
    url = "http://ann:pw-of-ann@proxy:port"

    def pool(_configuration):
        raise urllib3.exceptions.LocationParseError(url)
    monkeypatch.setattr(connection.kubernetes, "RESTClientObject", pool)
    message = refusal(proxy=url)
    assert "http://ann:" in message and "@proxy:port" in message
    assert "pw-of-ann" not in message


def test_a_proxy_of_the_environment_that_cannot_be_used(monkeypatch):
    monkeypatch.setattr(connection.kubernetes, "Configuration", _with_proxy("ftp://proxy:3128"))
    assert refusal().startswith("the proxy ftp://proxy:3128 cannot be used")


def test_a_proxy_without_a_scheme_speaks_http(monkeypatch):
    assert connection.connect({**HOST, "proxy": "proxy:3128"}).configuration.proxy == "http://proxy:3128"
    monkeypatch.setattr(connection.kubernetes, "Configuration", _with_proxy("proxy:3128"))
    assert connection.connect(HOST).configuration.proxy == "http://proxy:3128"


def test_the_name_and_password_in_the_url_of_a_proxy():
    sent = _sent_to_proxy(proxy="http://us%40er:p%3Aw@proxy:3128")
    assert sent == "us@er:p:w"


def test_a_proxy_of_socks_takes_them_from_its_url():
    assert connection_values.proxy_credentials("socks5://ann:pw@proxy:1080") == {}


def test_the_option_wins_over_the_url_of_a_proxy():
    assert _sent_to_proxy(proxy="http://ann:pw@proxy:3128",
                          proxy_headers={"proxy_basic_auth": "bob:secret"}) == "bob:secret"


def _with_proxy(url):
    """A configuration that has the proxy of the environment, as that of the kubernetes package 34."""
    base = connection.kubernetes.Configuration

    def make():
        made = base()
        made.proxy = url
        return made
    return make


def _sent_to_proxy(**options):
    headers = connection.connect({**HOST, **options}).configuration.proxy_headers
    return base64.b64decode(headers["proxy-authorization"].removeprefix("Basic ")).decode()
