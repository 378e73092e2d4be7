# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of the options that Fluid copies into the pods of a runtime. Pure.

Sources: Fluid 1.0.8, pkg/ddc/alluxio/transform_volumes.go and transform.go, charts/alluxio/templates.
"""

from __future__ import annotations

import re

from ...errors import InvalidInput
from ...k8s.names import require_labels, require_metadata, require_volume_name
from ..components import COMPONENTS
from ..manifest import text_map

# The volumes that Fluid puts into the pods, and the paths at which it mounts them.
_FLUID_VOLUMES = re.compile(
    r"(alluxio-(domain|fuse-device|fuse-mount|journal|metastore|mount-conf|mount-secret-.*)|hdfs-confs|pvc|host"
    r"|dir|user|group|(mem|ssd|hdd)(-\d+)?)\Z")
# Keys of a VolumeMount (k8s.io/api/core/v1, and pkg/apis/core/validation for their values).
_MOUNT_KEYS = ("mountPath", "mountPropagation", "name", "readOnly", "recursiveReadOnly", "subPath",
               "subPathExpr")
_PROPAGATIONS = ("None", "HostToContainer", "Bidirectional")
_NOT_IN_PATHS = re.compile(r"[:\x00-\x1f\x7f]")
_ENVIRONMENT_NAME = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*\Z", re.ASCII)
# What ends or changes a text within quotes, in which the chart writes the values of env.
_NOT_IN_QUOTES = re.compile(r"[\"\\\x00-\x1f\x7f]")
_FLUID_PATHS = frozenset({"/journal", "/etc/fluid/scripts", "/dev/fuse"})
# The labels that Fluid's chart gives to the pods; its StatefulSets and this collection select pods by them.
_FLUID_LABELS = frozenset({"app", "chart", "release", "heritage", "role", "name", "fluid.io/dataset",
                           "fluid.io/dataset-placement"})


def require_valid(params: dict) -> None:
    """Raise InvalidInput for volumes, mounts, labels and env with which a runtime's pods cannot start."""
    volumes = _volume_names(params.get("volumes") or [])
    _require_metadata("", params)
    for component in COMPONENTS:
        own = params.get(component) or {}
        _require_valid_mounts(f"{component}.volume_mounts", own.get("volume_mounts") or [], volumes)
        _require_metadata(component + ".", own)
        require_labels(f"{component}.node_selector", text_map(own.get("node_selector")) or {})
        _require_environment(f"{component}.env", text_map(own.get("env")) or {})
    for number, level in enumerate(params.get("tieredstore") or []):
        _require_valid_source(f"tieredstore[{number}].volume_source", level)


def _volume_names(volumes: list[dict]) -> list[str]:
    names: list[str] = []
    for number, volume in enumerate(volumes):
        name = volume.get("name")
        if not isinstance(name, str) or not name:
            raise InvalidInput(f"volumes[{number}] has no name: give it one, for volume_mounts to refer to")
        if _FLUID_VOLUMES.match(name):
            raise InvalidInput(f"volumes[{number}] has the name {name}, which a volume of Fluid's own has: "
                               "use another name")
        if name in names:
            raise InvalidInput(f"volumes has the name {name} twice: give each volume its own name")
        require_volume_name(f"the name of volumes[{number}]", name)
        _require_one_source(f"volumes[{number}] {name}", volume)
        names.append(name)
    return names


def _require_one_source(where: str, volume: dict) -> None:
    sources = sorted(key for key, value in volume.items() if key != "name" and value is not None)
    if len(sources) != 1:
        found = f"the sources {', '.join(sources)}: expected one" if sources else (
            "no source: expected one, such as secret")
        raise InvalidInput(f"{where} has {found}")
    if not isinstance(volume[sources[0]], dict):
        raise InvalidInput(f"{where} has the source {sources[0]}, which is no dictionary: expected its "
                           "fields")


def _require_valid_mounts(option: str, mounts: list[dict], volumes: list[str]) -> None:
    paths, used = set(_FLUID_PATHS), set()
    for number, mount in enumerate(mounts):
        where, name, path = f"{option}[{number}]", mount.get("name"), mount.get("mountPath")
        if name not in volumes:
            raise InvalidInput(
                f"{where} has the name {name!r}, and volumes has {', '.join(volumes) or 'none'}: declare "
                "the volume, without which Fluid creates no pods")
        if name in used:
            raise InvalidInput(
                f"{where} mounts the volume {name} a second time: Fluid then declares it twice in the pods, "
                "and Kubernetes refuses them; declare a second volume of the same source")
        if not isinstance(path, str) or not path.startswith("/") or not path.strip("/"):
            raise InvalidInput(f"{where} has the mountPath {path!r}: expected an absolute path")
        if _NOT_IN_PATHS.search(path):
            raise InvalidInput(f"{where} has the mountPath {path!r}: expected an absolute path without ':' "
                               "and control characters")
        _require_mount_options(where, mount)
        if path.rstrip("/") in paths:
            raise InvalidInput(f"{where} has the mountPath {path}, which another mount has: use another path")
        used.add(name)
        paths.add(path.rstrip("/"))


def _require_mount_options(where: str, mount: dict) -> None:
    if unknown := sorted(str(key) for key in mount if key not in _MOUNT_KEYS):
        raise InvalidInput(f"{where} has the unknown key {unknown[0]!r}: expected {', '.join(_MOUNT_KEYS)}")
    if mount.get("readOnly") not in (None, True, False):
        raise InvalidInput(f"{where} has readOnly {mount['readOnly']!r}: expected true or false")
    if mount.get("mountPropagation") not in (None, *_PROPAGATIONS):
        raise InvalidInput(f"{where} has the mountPropagation {mount['mountPropagation']!r}: expected one of "
                           f"{', '.join(_PROPAGATIONS)}")
    given = [key for key in ("subPath", "subPathExpr") if mount.get(key)]
    if len(given) > 1:
        raise InvalidInput(f"{where} has subPath and subPathExpr: use one of them")
    for key in given:
        path = mount[key]
        if not isinstance(path, str) or path.startswith("/") or ".." in path.split("/"):
            raise InvalidInput(f"{where} has the {key} {path!r}: expected a relative path without '..'")


def _require_metadata(prefix: str, options: dict) -> None:
    """Check the option pod_metadata."""
    metadata = options.get("pod_metadata") or {}
    for key in metadata.get("labels") or {}:
        if key in _FLUID_LABELS:
            raise InvalidInput(f"{prefix}pod_metadata.labels has {key}, which is a label of Fluid's: use "
                               "another key")
    require_metadata({option: text_map(metadata.get(option)) for option in ("labels", "annotations")},
                     f"{prefix}pod_metadata.")


def _require_environment(option: str, env: dict[str, str]) -> None:
    """Check names and values of environment variables. The values are not shown."""
    for name, value in env.items():
        if not _ENVIRONMENT_NAME.match(name):
            raise InvalidInput(f"{option} has the name {name!r}: expected letters, digits, '_', '-' and '.', "
                               "without a digit at its start")
        if found := _NOT_IN_QUOTES.search(value):
            raise InvalidInput(f"{option}.{name} has the character {found[0]!r}, which Fluid's chart cannot "
                               "render within quotes: put the value into a file of a volume")


def _require_valid_source(option: str, level: dict) -> None:
    """Raise InvalidInput for an emptyDir whose medium Fluid would take as the medium of the tier."""
    source = level.get("volume_source") or {}
    if not isinstance(source.get("emptyDir") or {}, dict):
        raise InvalidInput(f"{option}.emptyDir is no dictionary: expected its fields, such as medium")
    if level.get("volume_type") == "emptyDir" and "emptyDir" in source and not (
            source["emptyDir"] or {}).get("medium"):
        raise InvalidInput(f"{option}.emptyDir has no medium: Fluid then gives the workers no volume for the "
                           "tier; set medium: Memory, or leave volume_source out")
