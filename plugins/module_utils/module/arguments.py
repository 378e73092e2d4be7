# SPDX-License-Identifier: GPL-3.0-or-later
"""The common parts of the modules' argument specs, named like the doc fragments."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import env_fallback


def _from_environment(*names: str, **spec: Any) -> dict:
    """Return an option with kubernetes.core's environment variables as fallback."""
    return {**spec, "fallback": (_fallback, ["K8S_AUTH_" + name for name in names])}


def _fallback(*names: str) -> str:
    """Return the first of the variables that is not empty, as env_fallback does for one that is set."""
    return env_fallback(*(name for name in names if os.environ.get(name)))


def connection() -> dict:
    """Return the connection options of kubernetes.core, with its environment variables."""
    return {
        "kubeconfig": _from_environment("KUBECONFIG", type="raw", no_log=True),
        "context": _from_environment("CONTEXT", type="str"),
        "host": _from_environment("HOST", type="str"),
        "api_key": _from_environment("API_KEY", type="str", no_log=True),
        "username": _from_environment("USERNAME", type="str"),
        "password": _from_environment("PASSWORD", type="str", no_log=True),
        "validate_certs": _from_environment(
            "VALIDATE_CERTS", "VERIFY_SSL", type="bool", aliases=["verify_ssl"]),
        "ca_cert": _from_environment("CA_CERT", "SSL_CA_CERT", type="path", aliases=["ssl_ca_cert"]),
        "client_cert": _from_environment("CLIENT_CERT", "CERT_FILE", type="path", aliases=["cert_file"]),
        "client_key": _from_environment(
            "CLIENT_KEY", "KEY_FILE", type="path", aliases=["key_file"], no_log=False),
        "proxy": _from_environment("PROXY", type="str"),
        "no_proxy": _from_environment("NO_PROXY", type="str"),
        "proxy_headers": {"type": "dict", "apply_defaults": True, "options": {
            "proxy_basic_auth": _from_environment("PROXY_HEADERS_PROXY_BASIC_AUTH", type="str", no_log=True),
            "basic_auth": _from_environment("PROXY_HEADERS_BASIC_AUTH", type="str", no_log=True),
            "user_agent": _from_environment("PROXY_HEADERS_USER_AGENT", type="str"),
        }},
        "persist_config": _from_environment("PERSIST_CONFIG", type="bool"),
        "impersonate_user": _from_environment("IMPERSONATE_USER", type="str"),
        "impersonate_groups": _from_environment("IMPERSONATE_GROUPS", type="list", elements="str"),
    }


def identity() -> dict:
    """Return the name and namespace of an object."""
    return {
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "default": "default"},
    }


def declared_cache(volume_required: bool = False) -> dict:
    """Return the parts that declare a cache, whose own options runtime_options.cache_parts reads."""
    return {
        "dataset": {"type": "dict", "required": True},
        "runtime": {"type": "dict", "required": True},
        "volume": {"type": "dict", "required": volume_required},
    }


def fleet(plural: str, options: dict) -> dict:
    """Return the name and options of a single object, and a list of objects with the same options.

    Only the module's own options have defaults: an option that an object of the list omits must be None.
    """
    item = {name: {key: value for key, value in option.items() if key != "default"}
            for name, option in options.items()}
    item.update(name={"type": "str", "required": True}, namespace={"type": "str"})
    return {
        "name": {"type": "str"},
        "namespace": {"type": "str", "default": "default"},
        **options,
        plural: {"type": "list", "elements": "dict", "options": item},
    }


def fleet_rules(plural: str, options: dict) -> dict:
    """Return the rules for fleet(): a name or the list, and no option of a single object beside the list."""
    free = [name for name, option in options.items() if "default" not in option]
    return {
        "required_one_of": [("name", plural)],
        "mutually_exclusive": [(plural, name) for name in ["name", *free]],
    }


def state() -> dict:
    """Return the options of a module that creates, changes and deletes objects."""
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "force_conflicts": {"type": "bool", "default": False},
    }


def metadata() -> dict:
    """Return the labels and annotations of an object."""
    return {"labels": {"type": "dict"}, "annotations": {"type": "dict"}}


def user() -> dict:
    """Return a user and group; Fluid's type User (api/v1alpha1/common.go) requires all four fields."""
    return {"type": "dict", "options": {
        "uid": {"type": "int", "required": True}, "gid": {"type": "int", "required": True},
        "user": {"type": "str", "required": True}, "group": {"type": "str", "required": True},
    }}


def wait(timeout: int) -> dict:
    """Return the options of a wait. timeout: the default in seconds, well above the usual duration."""
    return {
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": timeout},
    }


def wait_for() -> dict:
    """Return the option for a wait on a field, given by a JMESPath expression."""
    return {"wait_for": {"type": "dict",
                         "options": {"path": {"type": "str", "required": True}, "value": {"type": "raw"}}}}


def backups() -> dict:
    """Return the options that locate the backups of a runtime."""
    return {
        "claim": {"type": "str", "required": True},
        "path": {"type": "str", "default": ""},
        "image": {"type": "str"},
        "wait_timeout": {"type": "int", "default": 600},
    }


def selection() -> dict:
    """Return the options that select the objects of an info module."""
    return {
        "name": {"type": "str"},
        "names": {"type": "list", "elements": "str"},
        "namespace": {"type": "str"},
        "namespaces": {"type": "list", "elements": "str"},
        "summary": {"type": "bool", "default": False},
        "label_selectors": {"type": "list", "elements": "str", "default": []},
        "field_selectors": {"type": "list", "elements": "str", "default": []},
    }


SELECTION_RULES = {"mutually_exclusive": [("name", "names"), ("namespace", "namespaces")]}


def compose(*parts: dict, **options: dict) -> dict:
    """Return one argument spec from the parts and the module's own options."""
    return {name: option for part in (*parts, options) for name, option in part.items()}
