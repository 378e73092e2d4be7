# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of names, labels and annotations. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import InvalidInput

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?\Z", re.ASCII)
_DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z", re.ASCII)
# A label's value and the part of a key behind its slash (k8s.io/apimachinery, pkg/util/validation).
_LABEL = re.compile(r"[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?\Z", re.ASCII)
# A key of a Secret or ConfigMap (the same file, IsConfigMapKey).
_KEY = re.compile(r"(?!\.\Z|\.\.)[-._A-Za-z0-9]{1,253}\Z", re.ASCII)
# An image of the OCI distribution specification: a registry, the name, a tag and a digest.
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REGISTRY = r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9][-A-Za-z0-9.]*)(:[0-9]+)?/"
_TAG = r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?"
_IMAGE = re.compile(rf"({_REGISTRY})?{_PART}(/{_PART})*{_TAG}\Z", re.ASCII)
_LABEL_LENGTH = 63
_SUBDOMAIN_LENGTH = 253
_KEYS = ("at most 63 letters, digits, '-', '_' and '.', possibly after a DNS name and a slash, such as "
         "example.com/team")
_REVISION_HASH_LENGTH = len("-4294967295")


def require_dns_1035(what: str, name: str) -> None:
    """Raise InvalidInput unless the name is a DNS-1035 label.

    A Dataset's name must be one, because the names of the masters' Services contain it.
    """
    if len(name) > _LABEL_LENGTH or not _DNS_1035.match(name):
        raise InvalidInput(
            f"{what} {name!r} is not a DNS-1035 label: expected at most 63 lower-case letters, digits and "
            "'-', starting with a letter and ending with a letter or digit")


def require_stateful_set_prefix(what: str, name: str, suffix: str) -> None:
    """Raise InvalidInput unless the pods of the StatefulSet name + suffix can have their labels.

    The StatefulSet's controller sets controller-revision-hash to its name, '-' and a hash of up to 10
    characters (k8s.io/kubernetes, pkg/controller/history, ControllerRevisionName).
    """
    longest = _LABEL_LENGTH - len(suffix) - _REVISION_HASH_LENGTH
    if len(name) > longest:
        raise InvalidInput(
            f"{what} {name!r} has {len(name)} characters: expected at most {longest}, because Kubernetes "
            f"labels the pods of {name}{suffix} with that name and a hash, in 63 characters")


def require_volume_name(what: str, name: str, prefix: str = "") -> None:
    """Raise InvalidInput unless prefix + name can be the name of a pod's volume, a DNS-1123 label."""
    longest = _LABEL_LENGTH - len(prefix)
    if len(name) > longest or not _DNS_1123.match(name):
        raise InvalidInput(
            f"{what} {name!r} cannot name a volume of the pods, as Fluid needs it: expected at most "
            f"{longest} lower-case letters, digits and '-', starting and ending with a letter or digit")


def require_key(what: str, key: str) -> None:
    """Raise InvalidInput unless a Secret or ConfigMap can have the key."""
    if not _KEY.match(key):
        raise InvalidInput(
            f"{what} {key!r} cannot be a key of a Secret: expected at most 253 letters, digits, '-', '_' and "
            "'.', and neither '.' nor '..' at its start")


def require_image(what: str, image: str) -> None:
    """Raise InvalidInput unless a container can have the image."""
    if not _IMAGE.match(image):
        raise InvalidInput(f"{what} is {image!r}: expected the name of an image, such as alluxio/alluxio or "
                           "registry.example.com:5000/alluxio/alluxio, in lower case")


def require_identity(params: dict) -> None:
    """Raise InvalidInput unless name and namespace are valid; an empty one would address a collection."""
    require_name(params["name"])
    require_namespace(params["namespace"])


def require_name(name: str, what: str = "name") -> None:
    """Raise InvalidInput unless an object's name is a DNS-1123 subdomain. what: the option."""
    if len(name) > _SUBDOMAIN_LENGTH or not _SUBDOMAIN.match(name):
        raise InvalidInput(
            f"{what} {name!r} is not a DNS-1123 subdomain: expected at most 253 lower-case letters, digits, "
            "'-' and '.', starting and ending with a letter or digit")


def require_namespace(name: str) -> None:
    """Raise InvalidInput unless a Namespace's name is a DNS-1123 label."""
    if len(name) > _LABEL_LENGTH or not _DNS_1123.match(name):
        raise InvalidInput(
            f"namespace {name!r} is not a DNS-1123 label: expected at most 63 lower-case letters, digits and "
            "'-', starting and ending with a letter or digit")


def require_metadata(params: dict, prefix: str = "") -> None:
    """Raise InvalidInput for labels and annotations that the API server refuses.

    params: with the options labels and annotations, each a map of scalars, or without them. prefix: of the
    names of the options.
    """
    for key in params.get("annotations") or {}:
        _require_key(f"{prefix}annotations", str(key))
    require_labels(f"{prefix}labels", params.get("labels") or {})


def require_labels(option: str, labels: Mapping[str, object]) -> None:
    """Raise InvalidInput for keys and values that no label can have. labels: a map of scalars."""
    for key, value in labels.items():
        _require_key(option, str(key))
        require_label_value(f"{option}[{key}]", value)


def require_label_key(what: str, key: str) -> None:
    """Raise InvalidInput unless a label or a taint can have the key."""
    if not _is_key(key):
        raise InvalidInput(f"{what} is {key!r}, which is no key of a label: expected {_KEYS}")


def require_label_value(what: str, value: object) -> None:
    """Raise InvalidInput unless the value of a label is empty, or at most 63 valid characters."""
    text = "" if value is None else str(value)
    if text and not _is_label(text):
        raise InvalidInput(
            f"{what} is {text!r}, which is no value of a label: expected at most 63 letters, digits, '-', "
            "'_' and '.', starting and ending with a letter or digit")


def _require_key(option: str, key: str) -> None:
    if not _is_key(key):
        raise InvalidInput(f"{option} has the key {key!r}: expected {_KEYS}")


def _is_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    domain = len(prefix) <= _SUBDOMAIN_LENGTH and _SUBDOMAIN.match(prefix) is not None
    return _is_label(name) and (domain or not slash)


def _is_label(text: str) -> bool:
    return len(text) <= _LABEL_LENGTH and _LABEL.match(text) is not None
