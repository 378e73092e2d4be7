# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of object names. Pure."""

from __future__ import annotations

import re

from ..errors import InvalidInput

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z", re.ASCII)
_DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z", re.ASCII)
_LABEL_LENGTH = 63
_SUBDOMAIN_LENGTH = 253


def require_dns_1035(what: str, name: str) -> None:
    """Raise InvalidInput unless the name is a DNS-1035 label.

    A Dataset's name must be one, because the names of the masters' Services contain it.
    """
    if len(name) > _LABEL_LENGTH or not _DNS_1035.match(name):
        raise InvalidInput(
            f"{what} {name!r} is not a DNS-1035 label: expected at most 63 lower-case letters, digits and "
            "'-', starting with a letter and ending with a letter or digit")


def require_identity(params: dict) -> None:
    """Raise InvalidInput unless name and namespace are valid; an empty one would address a collection."""
    require_name(params["name"])
    require_namespace(params["namespace"])


def require_name(name: str) -> None:
    """Raise InvalidInput unless an object's name is a DNS-1123 subdomain."""
    if len(name) > _SUBDOMAIN_LENGTH or not _SUBDOMAIN.match(name):
        raise InvalidInput(
            f"name {name!r} is not a DNS-1123 subdomain: expected at most 253 lower-case letters, digits, "
            "'-' and '.', starting and ending with a letter or digit")


def require_namespace(name: str) -> None:
    """Raise InvalidInput unless a Namespace's name is a DNS-1123 label."""
    if len(name) > _LABEL_LENGTH or not _DNS_1123.match(name):
        raise InvalidInput(
            f"namespace {name!r} is not a DNS-1123 label: expected at most 63 lower-case letters, digits and "
            "'-', starting and ending with a letter or digit")
