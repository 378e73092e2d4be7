# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields in the spec of a DataLoad, DataMigrate and DataProcess, by option. Pure.

Source: Fluid 1.0.8, api/v1alpha1/dataload_types.go, datamigrate_types.go and dataprocess_types.go.
An operation of a Dataset in another namespace fails (pkg/controllers/v1alpha1/data*/implement.go), so the
option namespace sets both.
"""

from __future__ import annotations

from ..manifest import text_map
from .dataset import ENCRYPT_OPTION
from .shared import IMAGE, POD_METADATA, RESOURCES
from .table import Field

_OPERATION = {
    "kind": Field("kind"),
    "name": Field("name"),
    "namespace": Field("namespace"),
    "api_version": Field("apiVersion"),
}
_RUN_AFTER = Field("runAfter", fields={
    **_OPERATION,
    "affinity_strategy": Field("affinityStrategy", fields={
        "policy": Field("policy"),
        "depend_on": Field("dependOn", fields=_OPERATION),
        "prefers": Field("prefers[]", fields={"name": Field("name"), "weight": Field("weight")}),
        "requires": Field("requires[].name"),
    }),
})
_COMMON = {"run_after": _RUN_AFTER, "ttl_seconds_after_finished": Field("ttlSecondsAfterFinished")}
_JOB = {
    **_COMMON,
    "policy": Field("policy"),
    "schedule": Field("schedule"),
    "options": Field("options", text_map),
    "pod_metadata": Field("podMetadata", fields=POD_METADATA),
    "affinity": Field("affinity"),
    "tolerations": Field("tolerations[]"),
    "node_selector": Field("nodeSelector", text_map),
    "scheduler_name": Field("schedulerName"),
    "resources": Field("resources", fields=RESOURCES),
}
DATA_LOAD = {
    "dataset": Field("dataset.name"),
    "namespace": Field("dataset.namespace"),
    "target": Field("target[]", fields={"path": Field("path"), "replicas": Field("replicas")}),
    "load_metadata": Field("loadMetadata"),
    **_JOB,
}
_STORAGE = {
    "dataset": Field("dataset", fields={
        "name": Field("name"), "namespace": Field("namespace"), "path": Field("path")}),
    "external_storage": Field("externalStorage", fields={
        "uri": Field("uri"), "encrypt_options": Field("encryptOptions[]", fields=ENCRYPT_OPTION)}),
}
DATA_MIGRATE = {
    "from": Field("from", fields=_STORAGE),
    "to": Field("to", fields=_STORAGE),
    "block": Field("block"),
    "runtime_type": Field("runtimeType"),
    "parallelism": Field("parallelism"),
    "parallel_options": Field("parallelOptions", text_map),
    **IMAGE,
    **_JOB,
}
_SCRIPT = {
    **IMAGE,
    "source": Field("source"),
    "command": Field("command[]"),
    "restart_policy": Field("restartPolicy"),
    "env": Field("env[]"),
    "volumes": Field("volumes[]"),
    "volume_mounts": Field("volumeMounts[]"),
    "resources": Field("resources", fields=RESOURCES),
}
DATA_PROCESS = {
    "dataset": Field("dataset.name"),
    "namespace": Field("dataset.namespace"),
    "mount_path": Field("dataset.mountPath"),
    "sub_path": Field("dataset.subPath"),
    "service_account_name": Field("processor.serviceAccountName"),
    "pod_metadata": Field("processor.podMetadata", fields=POD_METADATA),
    "script": Field("processor.script", fields=_SCRIPT),
    "pod_spec": Field("processor.job.podSpec"),
    **_COMMON,
}
