# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of the options of data operations. Pure.

Sources: Fluid 1.0.8, pkg/controllers/v1alpha1/data*/implement.go and the charts fluid-dataloader/alluxio,
fluid-datamigrate/juicefs and fluid-dataprocess/common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from ...alluxio import mounts as alluxio_mounts
from ...errors import InvalidInput
from ...k8s.names import require_dns_1035, require_key, require_name, require_namespace
from ...k8s.quantity import parse_time
from ..fields.operations import DATA_LOAD, DATA_MIGRATE, DATA_PROCESS
from ..fields.table import Table
from ..fields.texts import METADATA, require_texts
from .names import LOADER, MIGRATION, PROCESSOR
from .schedule import require_schedule

# Helm refuses a longer name of a release (helm.sh/helm/v3, pkg/chartutil/validate_name.go).
_RELEASE_LENGTH = 53
ONCE, CRON, ON_EVENT = "Once", "Cron", "OnEvent"
POLICIES = (ONCE, CRON, ON_EVENT)
# The chart removes spaces and joins the paths with colons; its script splits and expands them without quotes,
# and kubelet expands $(NAME) in the environment that holds them.
_NOT_IN_TARGETS = re.compile(r"[\s:*?\[\]\\$\x00-\x1f\x7f]")
# The volumes that Fluid adds to the pod of a DataProcess (pkg/dataprocess/generate_values.go and the chart).
_PROCESS_VOLUMES = ("fluid-dataset-vol", "script-cm-vol")
_SSH_SECRET = "sshSecretName"  # noqa: S105  the name of an option


def require_valid_load(params: dict) -> None:
    """Raise InvalidInput for options of a DataLoad that Fluid accepts but cannot use."""
    _require_operation(params, LOADER, DATA_LOAD)
    _require_policy(params)
    require_dns_1035("dataset", params["dataset"])
    require_targets("target", params.get("target") or [])


def require_targets(option: str, targets: Iterable[dict]) -> None:
    """Raise InvalidInput for a path that Fluid's script would split, or that occurs twice."""
    seen = set()
    for number, target in enumerate(targets):
        where, path = f"{option}[{number}]", target["path"]
        alluxio_mounts.require_path(f"{where}.path", path)
        found = _NOT_IN_TARGETS.search(path)
        if found:
            raise InvalidInput(f"{where}.path is {path!r} with the character {found[0]!r}, at which the "
                               "script of the load splits or expands paths: load the folder above it")
        if path in seen:
            raise InvalidInput(f"{where}.path is {path!r}, which is in the list twice: keep one of both")
        if target.get("replicas") is not None and target["replicas"] < 1:
            raise InvalidInput(f"{where}.replicas is {target['replicas']}: expected 1 or more")
        seen.add(path)


def require_valid_migration(params: dict) -> None:
    """Raise InvalidInput for options of a DataMigrate that Fluid accepts but cannot use."""
    _require_operation(params, MIGRATION, DATA_MIGRATE)
    _require_policy(params)
    for option in ("from", "to"):
        _require_one_of(params.get(option) or {}, ("dataset", "external_storage"), f"{option} has")
        _require_storage(option, params[option])
    if not any((params.get(option) or {}).get("dataset") for option in ("from", "to")):
        raise InvalidInput("neither from.dataset nor to.dataset is given: expected one of them, whose "
                           "runtime moves the data")
    workers = params.get("parallelism")
    if workers is not None and workers < 1:
        raise InvalidInput(f"parallelism is {workers}: expected 1 or more")
    if (workers or 1) > 1 and not (params.get("parallel_options") or {}).get(_SSH_SECRET):
        raise InvalidInput(f"parallelism is {workers} without parallel_options.{_SSH_SECRET}: set it to the "
                           "Secret with the SSH key by which the launcher reaches its workers")


def _require_storage(where: str, storage: dict) -> None:
    """Check what Fluid writes into a command of bash, without quotes, once it has decoded it.

    Source: pkg/ddc/juicefs/data_migrate.go (genDataUrl).
    """
    dataset, external = storage.get("dataset") or {}, storage.get("external_storage") or {}
    for option, text in ((f"{where}.dataset.path", dataset.get("path")),
                         (f"{where}.external_storage.uri", external.get("uri"))):
        if (text or "").startswith("pvc://"):  # a volume of the pods
            continue
        alluxio_mounts.require_plain(option, unquote_plus(text or ""), "rename the folder")
    for secret in external.get("encrypt_options") or []:
        what = f"of {where}.external_storage.encrypt_options {secret['name']},"
        require_name(secret["secret_name"], f"secret_name {what}")
        require_key(f"secret_key {what}", secret["secret_key"])


def require_valid_process(params: dict) -> None:
    """Raise InvalidInput for options of a DataProcess that Fluid accepts but cannot use."""
    _require_operation(params, PROCESSOR, DATA_PROCESS)
    require_dns_1035("dataset", params["dataset"])
    alluxio_mounts.require_path("mount_path", params["mount_path"])
    sub_path = params.get("sub_path") or ""
    if sub_path.startswith("/") or ".." in sub_path.split("/"):
        raise InvalidInput(f"sub_path is {sub_path!r}: expected a folder of the Dataset, relative and "
                           "without '..'")
    _require_one_of(params, ("script", "pod_spec"), "the processor has")
    if params.get("script"):
        _require_script(params["script"], params["mount_path"])
    else:
        _require_pod_spec(params["pod_spec"], params["mount_path"])


def _require_script(script: dict, mount_path: str) -> None:
    if not script["source"].strip():
        raise InvalidInput("script.source is empty: expected the script to run")
    for option in ("image", "image_tag"):
        if not script.get(option):
            raise InvalidInput(f"script.{option} is not given, and Fluid has no default: set it")
    _require_free_volumes("script.volumes", script.get("volumes") or [])
    _require_free_path("script.volume_mounts", script.get("volume_mounts") or [], mount_path)


def _require_pod_spec(spec: dict, mount_path: str) -> None:
    if not spec.get("containers"):
        raise InvalidInput("pod_spec has no containers: expected at least one, which Fluid gives the Dataset")
    if spec.get("restartPolicy") not in ("Never", "OnFailure"):
        raise InvalidInput(f"pod_spec.restartPolicy is {spec.get('restartPolicy') or 'Always'!r}: expected "
                           "Never or OnFailure, which a Job requires")
    _require_free_volumes("pod_spec.volumes", spec.get("volumes") or [])
    for part in ("containers", "initContainers"):
        for number, container in enumerate(spec.get(part) or []):
            _require_free_path(
                f"pod_spec.{part}[{number}].volumeMounts", container.get("volumeMounts") or [], mount_path)


def _require_free_volumes(where: str, volumes: list[dict]) -> None:
    for number, volume in enumerate(volumes):
        if volume.get("name") in _PROCESS_VOLUMES:
            raise InvalidInput(f"{where}[{number}] has the name {volume['name']}, which a volume of Fluid's "
                               "own has: use another name")


def _require_free_path(where: str, mounts: list[dict], mount_path: str) -> None:
    for number, mount in enumerate(mounts):
        if (mount.get("mountPath") or "").rstrip("/") == mount_path.rstrip("/"):
            raise InvalidInput(f"{where}[{number}] has the mountPath {mount_path}, at which Fluid mounts the "
                               "Dataset: use another path")


def _require_one_of(options: dict, names: tuple[str, str], what: str) -> None:
    given = [name for name in names if options.get(name)]
    if len(given) != 1:
        raise InvalidInput(f"{what} {' and '.join(given) or 'neither ' + ' nor '.join(names)}: expected "
                           f"exactly one of {' and '.join(names)}")


def _require_operation(params: dict, suffix: str, table: Table) -> None:
    """Check what the three kinds have in common."""
    require_name(params["name"])
    require_namespace(params["namespace"])
    longest = _RELEASE_LENGTH - len(suffix)
    if len(params["name"]) > longest:
        raise InvalidInput(f"name {params['name']!r} has {len(params['name'])} characters: expected at most "
                           f"{longest}, because Fluid runs it as the Helm release {params['name']}{suffix}, "
                           f"of at most {_RELEASE_LENGTH}")
    require_texts({**METADATA, **table}, params)
    seconds = params.get("ttl_seconds_after_finished")
    if seconds is not None and seconds < 0:
        raise InvalidInput(f"ttl_seconds_after_finished is {seconds}: expected 0 or more")
    if params.get("restarted_after") is not None:
        parse_time(params["restarted_after"])


def _require_policy(params: dict) -> None:
    policy = params.get("policy") or ONCE
    if policy == ON_EVENT:
        raise InvalidInput(
            "policy is OnEvent, which Fluid 1.0.8 defines but does not implement: its charts render no Job, "
            "and its controller fails on the object; use Once or Cron")
    if policy != CRON:
        if params.get("schedule"):
            raise InvalidInput(f"schedule is given with policy {policy}, which ignores it: set policy: Cron")
        return
    if not params.get("schedule"):
        raise InvalidInput("policy is Cron without a schedule: set one, such as '0 3 * * *'")
    require_schedule(params["schedule"])
    for option in ("restarted_after", "ttl_seconds_after_finished"):
        if params.get(option) is not None:
            raise InvalidInput(f"{option} is given with policy Cron, where it has no effect: leave it out")
