# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names Kubernetes takes for objects. Pure."""

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

    The Dataset's name becomes part of the masters' Service names, which must be such labels.
    """
    if len(name) > _LABEL_LENGTH or not _DNS_1035.match(name):
        raise InvalidInput(
            f"{what} {name!r} is not a DNS-1035 label: expected at most 63 lower-case letters, digits and '-', "
            "starting with a letter and ending with a letter or digit")


def require_identity(params: dict) -> None:
    """Raise InvalidInput unless name and namespace can be an object's: an empty one would address a whole collection."""
    require_name(params["name"])
    require_namespace(params["namespace"])


def require_name(name: str) -> None:
    """Raise InvalidInput unless the name can be an object's (a DNS-1123 subdomain)."""
    if len(name) > _SUBDOMAIN_LENGTH or not _SUBDOMAIN.match(name):
        raise InvalidInput(
            f"name {name!r} cannot be an object's: expected lower-case letters, digits, '-' and '.', starting and ending with a "
            "letter or digit")


def require_namespace(name: str) -> None:
    """Raise InvalidInput unless the name can be a Namespace's (a DNS-1123 label)."""
    if len(name) > _LABEL_LENGTH or not _DNS_1123.match(name):
        raise InvalidInput(
            f"namespace {name!r} is not a DNS-1123 label: expected at most 63 lower-case letters, digits and '-', "
            "starting and ending with a letter or digit")
