# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an AlluxioRuntime, without name and namespace; several modules accept them."""

from __future__ import annotations

from ..alluxio import properties
from . import arguments


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
        recreate={"type": "str"},
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
        journal_volume={"type": "dict", "options": {
            "type": {"type": "str", "choices": ["auto", "claim", "emptyDir"], "default": "claim"},
            "size": {"type": "str"}, "storage_class": {"type": "str"},
            "keep": {"type": "bool", "default": False}}},
        spread_masters={"type": "str", "choices": ["required", "preferred", "ignored"]},
        stable_peer_addresses={"type": "bool", "default": True},
        disruption_budget={"type": "bool", "default": True},
        run_as=arguments.user(),
        disable_prometheus={"type": "bool"},
        hadoop_config={"type": "str"})
