# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of data operations, without name and namespace."""

from __future__ import annotations

from ..fluid.data_operations.rules import POLICIES
from ..fluid.kinds import OPERATIONS
from . import arguments

_RESOURCES = {"type": "dict", "options": {
    "requests": {"type": "dict"}, "limits": {"type": "dict"}, "claims": {"type": "list", "elements": "str"}}}
_POD_METADATA = {"type": "dict", "options": arguments.metadata()}
_IMAGE = {"image": {"type": "str"}, "image_tag": {"type": "str"}, "image_pull_policy": {"type": "str"}}


def load() -> dict:
    """Return the options of a DataLoad."""
    return arguments.compose(
        _common(), _job(),
        dataset={"type": "str"},
        target={"type": "list", "elements": "dict", "options": {
            "path": {"type": "str", "required": True}, "replicas": {"type": "int"}}},
        load_metadata={"type": "bool"})


def migration() -> dict:
    """Return the options of a DataMigrate."""
    secret = {key: {"type": "str", "required": True, "no_log": False}
              for key in ("name", "secret_name", "secret_key")}
    side = {"type": "dict", "options": {
        "dataset": {"type": "dict", "options": {
            "name": {"type": "str", "required": True}, "namespace": {"type": "str"},
            "path": {"type": "str"}}},
        "external_storage": {"type": "dict", "options": {
            "uri": {"type": "str", "required": True},
            "encrypt_options": {"type": "list", "elements": "dict", "options": secret, "no_log": False}}}}}
    return arguments.compose(
        _common(), _job(), _IMAGE, {"from": side, "to": side},
        block={"type": "bool"}, runtime_type={"type": "str"}, parallelism={"type": "int"},
        parallel_options={"type": "dict"})


def process() -> dict:
    """Return the options of a DataProcess."""
    script = {
        **_IMAGE, "source": {"type": "str", "required": True}, "resources": _RESOURCES,
        "command": {"type": "list", "elements": "str"},
        "restart_policy": {"type": "str", "choices": ["Never", "OnFailure"]},
        **{name: {"type": "list", "elements": "dict"} for name in ("env", "volumes", "volume_mounts")},
    }
    return arguments.compose(
        _common(),
        dataset={"type": "str"}, mount_path={"type": "str"}, sub_path={"type": "str"},
        service_account_name={"type": "str"}, pod_metadata=_POD_METADATA,
        script={"type": "dict", "options": script}, pod_spec={"type": "dict"})


def _common() -> dict:
    """Return what all three have: the metadata, when it expires, the predecessor, and when to run again."""
    operation = {
        "kind": {"type": "str", "required": True, "choices": [kind.kind for kind in OPERATIONS]},
        "name": {"type": "str", "required": True}, "namespace": {"type": "str"},
        "api_version": {"type": "str"}}
    strategy = {
        "policy": {"type": "str", "choices": ["Prefer", "Require"]},
        "depend_on": {"type": "dict", "options": operation},
        "prefers": {"type": "list", "elements": "dict", "options": {
            "name": {"type": "str", "required": True}, "weight": {"type": "int", "required": True}}},
        "requires": {"type": "list", "elements": "str"}}
    return arguments.compose(
        arguments.metadata(),
        run_after={"type": "dict", "options": {
            **operation, "affinity_strategy": {"type": "dict", "options": strategy}}},
        ttl_seconds_after_finished={"type": "int"},
        restarted_after={"type": "str"},
        retry_failed={"type": "bool", "default": False})


def _job() -> dict:
    """Return what the operations have that run in a pod of Fluid's own."""
    return {
        "policy": {"type": "str", "choices": list(POLICIES)},
        "schedule": {"type": "str"},
        "options": {"type": "dict"},
        "pod_metadata": _POD_METADATA,
        "affinity": {"type": "dict"},
        "tolerations": {"type": "list", "elements": "dict"},
        "node_selector": {"type": "dict"},
        "scheduler_name": {"type": "str"},
        "resources": _RESOURCES,
    }
