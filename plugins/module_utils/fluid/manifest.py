# SPDX-License-Identifier: GPL-3.0-or-later
"""The common parts of the manifests of all kinds. Pure."""

from __future__ import annotations

import re
from typing import Any

from ..k8s.kinds import Kind

_WHOLE = re.compile(r"\s*[0-9]{1,18}\s*\Z", re.ASCII)


def compact(**fields: Any) -> dict:
    """Return the fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def text_map(values: dict | None) -> dict | None:
    """Return the map with keys and values as strings, which the API requires: true becomes "true"."""
    if values is None:
        return None
    return {str(key): _text(value) for key, value in values.items()}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def whole_number(value: object) -> int | None:
    """Return the whole number that a value is, or spells as text; None for any other, such as true."""
    if isinstance(value, int):
        return None if isinstance(value, bool) else value
    return int(value) if isinstance(value, str) and _WHOLE.match(value) else None


def number_map(values: dict | None) -> dict | None:
    """Return the map with whole numbers instead of text that spells them, as the API requires."""
    if values is None:
        return None
    return {key: value if (number := whole_number(value)) is None else number
            for key, value in values.items()}


def build(kind: Kind, params: dict, spec: dict) -> dict:
    """Return an object with the spec, and the name, namespace, labels and annotations of params."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": compact(
            name=params["name"], namespace=params["namespace"] if kind.namespaced else None,
            labels=text_map(params.get("labels")), annotations=text_map(params.get("annotations"))),
        "spec": spec,
    }
