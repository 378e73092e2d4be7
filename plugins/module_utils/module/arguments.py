# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' argument specs, in named pieces that have the names of the doc fragments."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback


def _from_environment(*names: str, **spec: Any) -> dict:
    """An option that kubernetes.core also reads from the environment, under the same names."""
    return {**spec, "fallback": (env_fallback, ["K8S_AUTH_" + name for name in names])}


def connection() -> dict:
    """The connection options of kubernetes.core, with its environment variables."""
    return {
        "kubeconfig": _from_environment("KUBECONFIG", type="raw", no_log=True),
        "context": _from_environment("CONTEXT", type="str"),
        "host": _from_environment("HOST", type="str"),
        "api_key": _from_environment("API_KEY", type="str", no_log=True),
        "username": _from_environment("USERNAME", type="str"),
        "password": _from_environment("PASSWORD", type="str", no_log=True),
        "validate_certs": _from_environment("VALIDATE_CERTS", "VERIFY_SSL", type="bool", aliases=["verify_ssl"]),
        "ca_cert": _from_environment("CA_CERT", "SSL_CA_CERT", type="path", aliases=["ssl_ca_cert"]),
        "client_cert": _from_environment("CLIENT_CERT", "CERT_FILE", type="path", aliases=["cert_file"]),
        "client_key": _from_environment("CLIENT_KEY", "KEY_FILE", type="path", aliases=["key_file"], no_log=False),
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
    return {
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str", "default": "default"},
    }


def fleet(plural: str, options: dict) -> dict:
    """Name and options of a single object, or a list of objects that each have them.

    Defaults stand at the module only, so that an object of the list can be seen to leave an option out.
    """
    item = {name: {key: value for key, value in option.items() if key != "default"} for name, option in options.items()}
    item.update(name={"type": "str", "required": True}, namespace={"type": "str"})
    return {
        "name": {"type": "str"},
        "namespace": {"type": "str", "default": "default"},
        **options,
        plural: {"type": "list", "elements": "dict", "options": item},
    }


def fleet_rules(plural: str, options: dict) -> dict:
    """The rules that go with fleet(): a name or the list, and the list without the single form's options."""
    free = [name for name, option in options.items() if "default" not in option]
    return {
        "required_one_of": [("name", plural)],
        "mutually_exclusive": [(plural, name) for name in ["name", *free]],
    }


def state() -> dict:
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "force_conflicts": {"type": "bool", "default": False},
    }


def metadata() -> dict:
    return {"labels": {"type": "dict"}, "annotations": {"type": "dict"}}


def user() -> dict:
    """A user and group, as Fluid's type User (api/v1alpha1/common.go) wants all four."""
    return {"type": "dict", "options": {
        "uid": {"type": "int", "required": True}, "gid": {"type": "int", "required": True},
        "user": {"type": "str", "required": True}, "group": {"type": "str", "required": True},
    }}


def wait(timeout: int) -> dict:
    """Waiting, with the default timeout (seconds) that the awaited thing usually stays well below."""
    return {
        "wait": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": timeout},
    }


def wait_for() -> dict:
    """A field to wait for, by a JMESPath expression."""
    return {"wait_for": {"type": "dict", "options": {"path": {"type": "str", "required": True}, "value": {"type": "raw"}}}}


def backups() -> dict:
    """Where the backups of a runtime are."""
    return {
        "claim": {"type": "str", "required": True},
        "path": {"type": "str", "default": ""},
        "image": {"type": "str"},
        "timeout": {"type": "int", "default": 600},
    }


def selection() -> dict:
    """Which objects an info module returns."""
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


def compose(*pieces: dict, **options: dict) -> dict:
    """Return one argument spec of the pieces and the module's own options."""
    spec: dict = {}
    for piece in pieces:
        spec.update(piece)
    spec.update(options)
    return spec
