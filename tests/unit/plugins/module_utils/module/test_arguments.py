# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible.module_utils.basic import AnsibleModule
from module_arguments import patch_module_args

from ansible_collections.datacache.fluid.plugins.module_utils.module import arguments


@pytest.fixture
def parsed():
    """The options as a module with these pieces gets them."""
    def parse(*pieces, given=None, **rules):
        with patch_module_args(given or {}):
            return AnsibleModule(arguments.compose(*pieces), **rules).params
    return parse


@pytest.mark.parametrize(("variable", "text", "option", "value"), [
    ("K8S_AUTH_KUBECONFIG", "/a", "kubeconfig", "/a"),
    ("K8S_AUTH_CONTEXT", "two", "context", "two"),
    ("K8S_AUTH_HOST", "https://a", "host", "https://a"),
    ("K8S_AUTH_API_KEY", "abc", "api_key", "abc"),
    ("K8S_AUTH_USERNAME", "ann", "username", "ann"),
    ("K8S_AUTH_PASSWORD", "pw", "password", "pw"),
    ("K8S_AUTH_VALIDATE_CERTS", "no", "validate_certs", False),
    ("K8S_AUTH_VERIFY_SSL", "no", "validate_certs", False),
    ("K8S_AUTH_CA_CERT", "/ca", "ca_cert", "/ca"),
    ("K8S_AUTH_SSL_CA_CERT", "/ca", "ca_cert", "/ca"),
    ("K8S_AUTH_CLIENT_CERT", "/c", "client_cert", "/c"),
    ("K8S_AUTH_CERT_FILE", "/c", "client_cert", "/c"),
    ("K8S_AUTH_CLIENT_KEY", "/k", "client_key", "/k"),
    ("K8S_AUTH_KEY_FILE", "/k", "client_key", "/k"),
    ("K8S_AUTH_PROXY", "http://p", "proxy", "http://p"),
    ("K8S_AUTH_NO_PROXY", "a,b", "no_proxy", "a,b"),
    ("K8S_AUTH_PERSIST_CONFIG", "yes", "persist_config", True),
    ("K8S_AUTH_IMPERSONATE_USER", "ann", "impersonate_user", "ann"),
    ("K8S_AUTH_IMPERSONATE_GROUPS", "a,b", "impersonate_groups", ["a", "b"]),
])
def test_the_variables_of_kubernetes_core(parsed, monkeypatch, variable, text, option, value):
    monkeypatch.setenv(variable, text)
    assert parsed(arguments.connection())[option] == value


def test_an_empty_variable_is_not_given(parsed, monkeypatch):
    """As a container's environment has it for a value that is not set."""
    absent = parsed(arguments.connection())
    for option in arguments.connection().values():
        for variable in option.get("fallback", (None, []))[1]:
            monkeypatch.setenv(variable, "")
    assert parsed(arguments.connection()) == absent
    monkeypatch.setenv("K8S_AUTH_SSL_CA_CERT", "/ca")
    assert parsed(arguments.connection())["ca_cert"] == "/ca"


def test_an_option_comes_before_its_variable(parsed, monkeypatch):
    monkeypatch.setenv("K8S_AUTH_HOST", "https://from-the-environment")
    assert parsed(arguments.connection(), given={"host": "https://given"})["host"] == "https://given"


def test_headers_of_the_proxy_have_variables_too(parsed, monkeypatch):
    monkeypatch.setenv("K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH", "ann:pw")
    assert parsed(arguments.connection())["proxy_headers"] == {
        "proxy_basic_auth": "ann:pw", "basic_auth": None, "user_agent": None}


@pytest.mark.parametrize("option", ["kubeconfig", "api_key", "password"])
def test_credentials_are_never_logged(option):
    assert arguments.connection()[option]["no_log"]


def test_the_names_that_kubernetes_core_knows_options_by(parsed):
    given = {"verify_ssl": False, "ssl_ca_cert": "/ca", "cert_file": "/c", "key_file": "/k"}
    params = parsed(arguments.connection(), given=given)
    assert [params[name] for name in ("validate_certs", "ca_cert", "client_cert", "client_key")] == [
        False, "/ca", "/c", "/k"]


OPTIONS = {"replicas": {"type": "int", "default": 1}, "labels": {"type": "dict"}}


def test_an_object_of_a_list_leaves_out_what_it_does_not_give(parsed):
    params = parsed(arguments.fleet("runtimes", OPTIONS), given={"runtimes": [{"name": "a"}], "replicas": 3})
    assert params["runtimes"] == [{"name": "a", "namespace": None, "replicas": None, "labels": None}]
    assert (params["replicas"], params["namespace"]) == (3, "default")


@pytest.mark.parametrize(("given", "view"), [
    ({}, "one of the following is required: name, runtimes"),
    ({"name": "a", "runtimes": [{"name": "b"}]}, "parameters are mutually exclusive: runtimes|name"),
    ({"labels": {"a": "b"}, "runtimes": [{"name": "b"}]},
     "parameters are mutually exclusive: runtimes|labels"),
    ({"runtimes": [{}]}, "missing required arguments: name found in runtimes"),
], ids=["neither", "both", "option-of-the-single-form", "without-a-name"])
def test_a_name_or_a_list(parsed, capsys, given, view):
    with pytest.raises(SystemExit):
        parsed(arguments.fleet("runtimes", OPTIONS), given=given,
               **arguments.fleet_rules("runtimes", OPTIONS))
    assert view in capsys.readouterr().out


def test_waiting_has_the_timeout_of_its_module(parsed):
    assert parsed(arguments.wait(300)) == {"wait": False, "wait_timeout": 300}


def test_selection(parsed):
    assert parsed(arguments.selection()) == {
        "name": None, "names": None, "namespace": None, "namespaces": None, "label_selectors": [],
        "field_selectors": [],
        "summary": False}


def test_compose_lets_the_modules_own_options_win():
    assert arguments.compose({"a": 1, "b": 1}, {"b": 2}, c=3, a=4) == {"a": 4, "b": 2, "c": 3}
