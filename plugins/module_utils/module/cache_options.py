# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the parts of a cache, without name and namespace; several modules accept them."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ..errors import InvalidInput
from . import arguments
from .option_names import require_names
from .option_values import given

# Faults that a message names; Ansible reports one several times, and each element of a list on its own.
_NAMED_FAULTS = 2


def dataset() -> dict:
    """Return the options of a Dataset."""
    secret = {key: {"type": "str", "required": True, "no_log": False}
              for key in ("name", "secret_name", "secret_key")}
    encrypt_options = {"type": "list", "elements": "dict", "options": secret, "no_log": False}
    return arguments.compose(
        arguments.metadata(),
        mounts={"type": "list", "elements": "dict", "options": {
            "mount_point": {"type": "str", "required": True},
            "name": {"type": "str"},
            "path": {"type": "str"},
            "read_only": {"type": "bool"},
            "shared": {"type": "bool"},
            "options": {"type": "dict"},
            "encrypt_options": encrypt_options,
        }},
        shared_options={"type": "dict"},
        shared_encrypt_options=encrypt_options,
        access_modes={"type": "list", "elements": "str",
                      "choices": ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]},
        placement={"type": "str", "choices": ["Exclusive", "Shared"]},
        node_affinity={"type": "dict"},
        tolerations={"type": "list", "elements": "dict"},
        owner=arguments.user(),
        data_restore_location={"type": "dict", "options": {
            "path": {"type": "str"}, "node_name": {"type": "str"}}},
        runtimes={"type": "list", "elements": "dict", "options": {
            **{name: {"type": "str"} for name in ("name", "namespace", "category", "type")},
            "master_replicas": {"type": "int"}}},
        spec_overrides={"type": "dict"})


def volume() -> dict:
    """Return the options of a Dataset's volume and claim."""
    return {
        "capacity": {"type": "str"},
        "reclaim_policy": {"type": "str", "choices": ["Retain", "Delete"]},
        "labels": {"type": "dict"},
    }


def converted(option: str, values: dict, options: dict) -> dict:
    """Return a dictionary with the types and defaults of a module that has these options.

    option: its name. Raises InvalidInput, naming it, for an unknown key and for a value of another type.
    """
    spec = arguments.compose(arguments.identity(), options)
    values = given(values, spec)
    require_names(values, spec, f"{option}.")
    result = ArgumentSpecValidator(spec).validate(values)
    messages = [f"{'unsupported option ' if isinstance(each, UnsupportedError) else ''}{each.msg}"
                for each in result.errors]
    if messages:
        shown = list(dict.fromkeys(messages))[:_NAMED_FAULTS]
        raise InvalidInput(f"{option}: {'; '.join(shown)}")
    return result.validated_parameters
