# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of an AlluxioRuntime's spec, by option. Pure.

Source: Fluid 1.0.8, api/v1alpha1/alluxioruntime_types.go.
"""

from __future__ import annotations

from ..components import COMPONENTS
from ..manifest import number_map, text_map
from .shared import IMAGE, POD_METADATA, PULL_SECRETS, RESOURCES, USER
from .table import Field

_COMPONENT = {
    "jvm_options": Field("jvmOptions[]"),
    "properties": Field("properties", text_map),
    "env": Field("env", text_map),
    "resources": Field("resources", fields=RESOURCES),
    "node_selector": Field("nodeSelector", text_map),
    "network_mode": Field("networkMode"),
    "volume_mounts": Field("volumeMounts[]"),
    "pod_metadata": Field("podMetadata", fields=POD_METADATA),
    "image_pull_secrets": PULL_SECRETS,
}
_FUSE = {**_COMPONENT, **IMAGE, "args": Field("args[]"), "clean_policy": Field("cleanPolicy")}
_SERVER = {**_COMPONENT, "ports": Field("ports", number_map), "enabled": Field("enabled")}
_REPLICATED = {**_SERVER, "replicas": Field("replicas")}
_FIELDS_OF = {"fuse": _FUSE, "master": _SERVER}
_LEVEL = {
    "mediumtype": Field("mediumtype"),
    "path": Field("path"),
    "quota": Field("quota"),
    "quota_list": Field("quotaList"),
    "high": Field("high"),
    "low": Field("low"),
    "volume_type": Field("volumeType"),
    "volume_source": Field("volumeSource"),
}
_MANAGEMENT = {
    "clean_cache_policy": Field("cleanCachePolicy", fields={
        "grace_period_seconds": Field("gracePeriodSeconds"),
        "max_retry_attempts": Field("maxRetryAttempts")}),
    "metadata_sync_policy": Field("metadataSyncPolicy", fields={"auto_sync": Field("autoSync")}),
}
RUNTIME = {
    "worker_replicas": Field("replicas"),
    "master_replicas": Field("master.replicas"),
    **{option: Field("alluxioVersion." + field.path) for option, field in IMAGE.items()},
    "image_pull_secrets": PULL_SECRETS,
    "tieredstore": Field("tieredstore.levels[]", fields=_LEVEL),
    "properties": Field("properties", text_map),
    "jvm_options": Field("jvmOptions[]"),
    "run_as": Field("runAs", fields=USER),
    "init_users": Field("initUsers", fields={
        **IMAGE, "env": Field("env", text_map), "resources": Field("resources", fields=RESOURCES)}),
    "disable_prometheus": Field("disablePrometheus"),
    "hadoop_config": Field("hadoopConfig"),
    "volumes": Field("volumes[]"),
    "pod_metadata": Field("podMetadata", fields=POD_METADATA),
    "management": Field("management", fields=_MANAGEMENT),
    "data": Field("data", fields={"replicas": Field("replicas"), "pin": Field("pin")}),
    **{option: Field(field, fields=_FIELDS_OF.get(option, _REPLICATED))
       for option, field in COMPONENTS.items()},
}
