# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of the options that Fluid copies into the pods of a runtime. Pure.

Sources: Fluid 1.0.8, pkg/ddc/alluxio/transform_volumes.go and transform.go, charts/alluxio/templates.
"""

from __future__ import annotations

import re

from ...errors import InvalidInput
from ..components import COMPONENTS

# The volumes that Fluid puts into the pods, and the paths at which it mounts them.
_FLUID_VOLUMES = re.compile(
    r"(alluxio-(domain|fuse-device|fuse-mount|journal|metastore|mount-conf|mount-secret-.*)|hdfs-confs|pvc|host"
    r"|dir|user|group|(mem|ssd|hdd)(-\d+)?)\Z")
_FLUID_PATHS = frozenset({"/journal", "/etc/fluid/scripts", "/dev/fuse"})
# The labels that Fluid's chart gives to the pods; its StatefulSets and this collection select pods by them.
_FLUID_LABELS = frozenset({"app", "chart", "release", "heritage", "role", "name", "fluid.io/dataset",
                           "fluid.io/dataset-placement"})


def require_valid(params: dict) -> None:
    """Raise InvalidInput for volumes, mounts and labels with which the pods of a runtime cannot start."""
    volumes = _volume_names(params.get("volumes") or [])
    _require_own_labels("", params)
    for component in COMPONENTS:
        own = params.get(component) or {}
        _require_valid_mounts(f"{component}.volume_mounts", own.get("volume_mounts") or [], volumes)
        _require_own_labels(component + ".", own)
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
        names.append(name)
    return names


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
        if not isinstance(path, str) or not path.startswith("/"):
            raise InvalidInput(f"{where} has the mountPath {path!r}: expected an absolute path")
        if path.rstrip("/") in paths:
            raise InvalidInput(f"{where} has the mountPath {path}, which another mount has: use another path")
        used.add(name)
        paths.add(path.rstrip("/"))


def _require_own_labels(prefix: str, options: dict) -> None:
    labels = (options.get("pod_metadata") or {}).get("labels") or {}
    for key in labels:
        if key in _FLUID_LABELS:
            raise InvalidInput(f"{prefix}pod_metadata.labels has {key}, which is a label of Fluid's: use "
                               "another key")


def _require_valid_source(option: str, level: dict) -> None:
    """Raise InvalidInput for an emptyDir whose medium Fluid would take as the medium of the tier."""
    source = level.get("volume_source") or {}
    if level.get("volume_type") == "emptyDir" and "emptyDir" in source and not (
            source["emptyDir"] or {}).get("medium"):
        raise InvalidInput(f"{option}.emptyDir has no medium: Fluid then gives the workers no volume for the "
                           "tier; set medium: Memory, or leave volume_source out")
