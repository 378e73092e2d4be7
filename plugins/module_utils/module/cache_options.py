# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the parts of a cache, without name and namespace; several modules accept them."""

from __future__ import annotations

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ..alluxio import properties
from ..errors import InvalidInput
from . import arguments


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
        owner=arguments.user())


def runtime() -> dict:
    """Return the options of an AlluxioRuntime."""
    component = {
        "resources": {"type": "dict", "options": {"requests": {"type": "dict"}, "limits": {"type": "dict"}}},
        "jvm_options": {"type": "list", "elements": "str"}, "properties": {"type": "dict"},
        "env": {"type": "dict"},
        "ports": {"type": "dict"}, "node_selector": {"type": "dict"},
    }
    image = {
        "image": {"type": "str"}, "image_tag": {"type": "str"},
        "image_pull_policy": {"type": "str", "choices": ["Always", "IfNotPresent", "Never"]},
    }
    fuse = {
        **{key: value for key, value in component.items() if key != "ports"}, **image,
        "args": {"type": "list", "elements": "str"},
        "clean_policy": {"type": "str", "choices": ["OnDemand", "OnRuntimeDeleted", "OnFuseChanged"]},
    }
    level = {
        "mediumtype": {"type": "str", "choices": ["MEM", "SSD", "HDD"], "required": True},
        "path": {"type": "str", "required": True}, "quota": {"type": "str"}, "quota_list": {"type": "str"},
        "high": {"type": "str"}, "low": {"type": "str"},
        "volume_type": {"type": "str", "choices": ["hostPath", "emptyDir"]},
    }
    return arguments.compose(
        arguments.metadata(), image,
        {name: {"type": "dict", "options": component}
         for name in ("master", "worker", "job_master", "job_worker")},
        fuse={"type": "dict", "options": fuse},
        master_replicas={"type": "int", "default": 1},
        recreate={"type": "bool", "default": False},
        worker_replicas={"type": "int", "default": 1},
        tieredstore={"type": "list", "elements": "dict", "options": level},
        properties={"type": "dict"},
        jvm_options={"type": "list", "elements": "str"},
        network_mode={"type": "str", "choices": ["HostNetwork", "ContainerNetwork"],
                      "default": "HostNetwork"},
        raft={"type": "dict", "options": {
            "profile": {"type": "str", "choices": list(properties.RAFT_PROFILES)},
            **{option: {"type": "str"} for option in properties.RAFT_PROPERTIES},
            "backup_delegation": {"type": "bool"}}},
        stable_peer_addresses={"type": "bool", "default": True},
        run_as=arguments.user(),
        disable_prometheus={"type": "bool"},
        hadoop_config={"type": "str"})


def volume() -> dict:
    """Return the options of a Dataset's volume and claim."""
    return {
        "capacity": {"type": "str"},
        "reclaim_policy": {"type": "str", "choices": ["Retain", "Delete"]},
        "labels": {"type": "dict"},
    }


def converted(option: str, given: dict, options: dict) -> dict:
    """Return a dictionary with the types and defaults of a module that has these options.

    option: its name. Raises InvalidInput, naming it, for an unknown key and for a value of another type.
    """
    result = ArgumentSpecValidator(arguments.compose(arguments.identity(), options)).validate(given)
    messages = [f"{'unsupported option ' if isinstance(each, UnsupportedError) else ''}{each.msg}"
                for each in result.errors]
    if messages:
        raise InvalidInput(f"{option}: {'; '.join(messages)}")
    return result.validated_parameters
