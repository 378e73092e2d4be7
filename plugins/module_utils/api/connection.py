# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options to a Client, through the kubernetes package's configuration. IO."""

from __future__ import annotations

import copy
import os
import traceback
from collections.abc import Mapping
from typing import Any
from urllib.request import getproxies_environment

from ..errors import ApiError, InvalidInput
from ..redaction import redacted
from . import kubernetes_package
from .client import Client
from .connection_values import proxy_credentials, proxy_url, require_usable

KUBERNETES_IMPORT_ERROR: str | None = None
kubernetes: Any = None
try:
    import urllib3
    from yaml import YAMLError  # required by kubernetes, because kubeconfigs are YAML
    kubernetes = kubernetes_package.load()
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()

# The Configuration's attribute for each connection option.
_ATTRIBUTES = {
    "host": "host", "username": "username", "password": "password", "validate_certs": "verify_ssl",
    "ca_cert": "ssl_ca_cert", "client_cert": "cert_file", "client_key": "key_file",
    "proxy": "proxy", "no_proxy": "no_proxy",
}
_GIVEN_IF_FULL = ("host", "username", "password", "ca_cert", "client_cert", "client_key")
# Each of these sets, together with host, authenticates without a kubeconfig.
_SUFFICIENT = (("username", "password"), ("api_key",), ("client_cert", "client_key"))
# For streams: every host bypasses the proxy, and none (RFC 6761 reserves the domain).
_ALL_HOSTS, _NO_HOST = "*", "no-host.invalid"


def connect(params: Mapping[str, Any]) -> Client:
    """Return a client for the cluster that the connection options name.

    Raises InvalidInput if they name no cluster, or have a value that cannot be used, and ApiError if the
    kubernetes package is missing.
    """
    if KUBERNETES_IMPORT_ERROR:
        raise ApiError(
            "the Python package kubernetes is not installed for the interpreter that runs the module: "
            "install it there (pip install kubernetes), or set ansible_python_interpreter to one that has it",
            exception=KUBERNETES_IMPORT_ERROR)
    require_usable(params)
    configuration = _configuration(params)
    # The client retries by itself; urllib3 must not repeat a request without its knowledge.
    configuration.retries = False
    return Client(configuration, _pool(configuration), _impersonation(params))


def _pool(configuration: Any) -> Any:
    """Return the pool of connections. Raises InvalidInput for an unusable proxy."""
    try:
        return kubernetes.RESTClientObject(configuration).pool_manager
    except (ImportError, ValueError, AssertionError, urllib3.exceptions.HTTPError) as err:
        if not configuration.proxy:
            raise
        # urllib3 needs the package PySocks for a proxy that speaks SOCKS. Its older versions quote the URL.
        raise InvalidInput(
            f"the proxy {redacted(configuration.proxy)} cannot be used ({redacted(str(err))}): set proxy "
            "(K8S_AUTH_PROXY) or HTTPS_PROXY to http://host:port, and no_proxy for a cluster without one"
        ) from err


def for_streams(configuration: Any) -> Any:
    """Return a configuration with which streams take the way of the requests, directly or through the proxy.

    By themselves streams take a proxy from the environment that no request uses, and they match the hosts of
    no_proxy by other rules (websocket-client, _url.py).
    """
    proxied = configuration.proxy and not kubernetes.should_bypass_proxies(
        configuration.host, configuration.no_proxy or "")
    followed = copy.copy(configuration)
    # Without a proxy the package passes no_proxy on to nobody.
    followed.proxy = configuration.proxy or configuration.host
    followed.no_proxy = _NO_HOST if proxied else _ALL_HOSTS
    return followed


def _configuration(params: Mapping[str, Any]) -> Any:
    configuration = kubernetes.Configuration()
    has_credentials = params.get("host") and any(all(params.get(key) for key in keys) for keys in _SUFFICIENT)
    if not has_credentials:
        _load(configuration, params)
    for option, attribute in _ATTRIBUTES.items():
        # Only an empty proxy has a meaning: none, whatever the environment names.
        if params.get(option) or (params.get(option) is not None and option not in _GIVEN_IF_FULL):
            setattr(configuration, attribute, params[option])
    if configuration.no_proxy is None:
        # Versions 34 and 35 take the proxy from the environment, but drop the hosts that bypass it.
        configuration.no_proxy = getproxies_environment().get("no")
    configuration.host = configuration.host.rstrip("/")
    if params.get("api_key"):
        configuration.api_key = {"authorization": "Bearer " + params["api_key"]}
    configuration.proxy = proxy_url(configuration.proxy)
    given = {key: value for key, value in (params.get("proxy_headers") or {}).items() if value is not None}
    headers = {**proxy_credentials(configuration.proxy), **given}
    if headers:
        configuration.proxy_headers = urllib3.util.make_headers(**headers)
    return configuration


def _load(configuration: Any, params: Mapping[str, Any]) -> None:
    """Load the given kubeconfig, else the in-cluster one, else the default one, as kubernetes.core does."""
    kubeconfig = params.get("kubeconfig")
    if not kubeconfig and not params.get("context"):
        try:
            kubernetes.load_incluster_config(client_configuration=configuration)
            return
        except kubernetes.ConfigException:
            pass  # not in a pod
    options = {"context": params.get("context") or None, "client_configuration": configuration}
    try:
        if isinstance(kubeconfig, dict):
            kubernetes.load_kube_config_from_dict(config_dict=kubeconfig, **options)
        else:
            kubernetes.load_kube_config(
                config_file=os.path.expanduser(kubeconfig) if kubeconfig else None,
                persist_config=bool(params.get("persist_config")), **options)
    except (kubernetes.ConfigException, OSError, ValueError, YAMLError, TypeError, AttributeError,
            LookupError) as err:
        # The package looks into the content without a check of its types.
        reason = "it has another form than a kubeconfig" if isinstance(
            err, (TypeError, AttributeError, LookupError)) else err
        source = "the given kubeconfig" if isinstance(kubeconfig, dict) else kubeconfig or os.environ.get(
            "KUBECONFIG", "~/.kube/config")
        raise InvalidInput(
            f"no cluster to connect to: {source} cannot be used ({reason}); set kubeconfig, or host with "
            "api_key, or the K8S_AUTH_* environment variables") from err


def _impersonation(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    headers = [("Impersonate-Group", group) for group in params.get("impersonate_groups") or []]
    if params.get("impersonate_user"):
        headers.insert(0, ("Impersonate-User", params["impersonate_user"]))
    return headers
