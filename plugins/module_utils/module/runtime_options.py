# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an AlluxioRuntime, without name and namespace; several modules accept them."""

from __future__ import annotations

from ..alluxio import properties
from . import arguments, cache_options


def runtime() -> dict:
    """Return the options of an AlluxioRuntime."""
    networks = {"type": "str", "choices": ["HostNetwork", "ContainerNetwork"]}
    resources = {"type": "dict", "options": {
        "requests": {"type": "dict"}, "limits": {"type": "dict"}, "claims": _list("str")}}
    pods = {
        "pod_metadata": {"type": "dict", "options": arguments.metadata()},
        "image_pull_secrets": {**_list("str"), "no_log": False},
    }
    component = {
        "resources": resources, "jvm_options": _list("str"), "properties": {"type": "dict"},
        "env": {"type": "dict"}, "node_selector": {"type": "dict"},
        "network_mode": networks, "volume_mounts": _list("dict"), **pods,
    }
    server = {**component, "ports": {"type": "dict"}, "enabled": {"type": "bool"}}
    replicated = {**server, "replicas": {"type": "int"}}
    image = {
        "image": {"type": "str"}, "image_tag": {"type": "str"},
        "image_pull_policy": {"type": "str", "choices": ["Always", "IfNotPresent", "Never"]},
    }
    fuse = {
        **component, **image, "args": _list("str"),
        "clean_policy": {"type": "str", "choices": ["OnDemand", "OnRuntimeDeleted", "OnFuseChanged"]},
    }
    level = {
        "mediumtype": {"type": "str", "choices": ["MEM", "SSD", "HDD"], "required": True},
        "path": {"type": "str", "required": True}, "quota": {"type": "str"}, "quota_list": {"type": "str"},
        "high": {"type": "str"}, "low": {"type": "str"},
        "volume_type": {"type": "str", "choices": ["hostPath", "emptyDir"]},
        "volume_source": {"type": "dict"},
    }
    return arguments.compose(
        arguments.metadata(), image, pods,
        {name: {"type": "dict", "options": replicated}
         for name in ("worker", "job_master", "job_worker", "api_gateway")},
        master={"type": "dict", "options": server},
        fuse={"type": "dict", "options": fuse},
        volumes=_list("dict"),
        master_replicas={"type": "int", "default": 1},
        recreate={"type": "str"},
        worker_replicas={"type": "int", "default": 1},
        drain_workers={"type": "bool", "default": True},
        tieredstore={"type": "list", "elements": "dict", "options": level},
        properties={"type": "dict"},
        jvm_options=_list("str"),
        network_mode={**networks, "default": "HostNetwork"},
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
        init_users={"type": "dict", "options": {**image, "env": {"type": "dict"}, "resources": resources}},
        management={"type": "dict", "options": {
            "clean_cache_policy": {"type": "dict", "options": {
                "grace_period_seconds": {"type": "int"}, "max_retry_attempts": {"type": "int"}}},
            "metadata_sync_policy": {"type": "dict", "options": {"auto_sync": {"type": "bool"}}}}},
        data={"type": "dict", "options": {"replicas": {"type": "int"}, "pin": {"type": "bool"}}},
        disable_prometheus={"type": "bool"},
        hadoop_config={"type": "str"},
        spec_overrides={"type": "dict"})


def cache_parts(params: dict) -> dict:
    """Return dataset, runtime and volume of the options as their modules read them; None for one not given.

    Raises InvalidInput with the option, for an unknown key and a value of another type.
    """
    parts = (("dataset", cache_options.dataset), ("runtime", runtime), ("volume", cache_options.volume))
    return {part: None if params[part] is None else cache_options.converted(part, params[part], options())
            for part, options in parts}


def _list(elements: str) -> dict:
    return {"type": "list", "elements": elements}
