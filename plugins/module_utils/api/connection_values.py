# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of connection options that the kubernetes package would fail at later. IO: files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ..errors import InvalidInput

_FILES = ("ca_cert", "client_cert", "client_key")
# What no HTTP header can hold (RFC 9110, field values; Python's http.client sends them as Latin-1).
_NO_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")


def require_usable(params: Mapping[str, Any]) -> None:
    """Raise InvalidInput for values that no request can be sent with. Names no credential."""
    kubeconfig = params.get("kubeconfig")
    if isinstance(kubeconfig, str) and ("\n" in kubeconfig or kubeconfig.lstrip().startswith("{")):
        raise InvalidInput(
            "kubeconfig (K8S_AUTH_KUBECONFIG) is the content of a kubeconfig, expected the path of one or a "
            "dictionary: give its path, or pass the content through the filter from_yaml")
    for option in _FILES:
        if params.get(option):
            _require_file(option, params[option])
    for option, value in _in_headers(params):
        if found := _NO_HEADER.search(value):
            raise InvalidInput(
                f"{option} (K8S_AUTH_{option.upper()}) has the character {found[0]!r}, which no HTTP header "
                "can hold: remove it, for example with the filter trim")


def _require_file(option: str, path: str) -> None:
    try:
        with open(path, "rb"):
            pass
    except OSError as err:
        raise InvalidInput(f"{option} (K8S_AUTH_{option.upper()}) is {path}, which the host of the tasks "
                           f"cannot read ({err.strerror}): set it to a file of that host") from err


def _in_headers(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options that become headers, with their values."""
    for option in ("api_key", "impersonate_user"):
        yield option, params.get(option) or ""
    for group in params.get("impersonate_groups") or []:
        yield "impersonate_groups", group
    for name, value in (params.get("proxy_headers") or {}).items():
        yield f"proxy_headers_{name}", value or ""


def proxy_url(given: str | None) -> str | None:
    """Return the URL of a proxy, which curl, kubectl and helm also take without its scheme."""
    return f"http://{given}" if given and "://" not in given else given


def proxy_credentials(url: str | None) -> dict[str, str]:
    """Return the option of proxy_headers that has the name and password in a proxy's URL; {} without them.

    A proxy that speaks SOCKS takes them from the URL itself.
    """
    try:
        parts = urlsplit(url or "")
    except ValueError:  # the connection refuses the URL
        return {}
    return {"proxy_basic_auth": f"{unquote(parts.username)}:{unquote(parts.password or '')}"} \
        if parts.username and parts.scheme in ("http", "https") else {}
