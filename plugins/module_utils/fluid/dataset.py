# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a Dataset and the validation of its options. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations

from ..alluxio import mounts as alluxio_mounts
from ..errors import InvalidInput
from ..k8s.names import (
    require_dns_1035,
    require_key,
    require_namespace,
    require_stateful_set_prefix,
    require_volume_name,
)
from ..k8s.placement_rules import require_placement
from ..k8s.scheduling import Demands
from . import kinds as fluid_kinds
from .fields import overrides, restore
from .fields.dataset import DATASET
from .fields.table import render
from .fields.texts import METADATA, require_texts
from .manifest import build, text_map
from .rules import users

# Alluxio recognizes schemes in lower case only (UnderFileSystemFactory.supportsPath).
_URL = re.compile(r"[a-z][-a-z0-9+.]*://.")
REFERENCE_SCHEME = "dataset://"
# The type of AlluxioRuntimes in a Dataset's status (pkg/common/alluxio.go).
ALLUXIO_TYPE = "alluxio"
_PATH_SCHEME, _CLAIM_SCHEME = "local://", "pvc://"
# Fluid mounts these into the pods instead of into Alluxio (pkg/common, IsFluidNativeScheme).
_NATIVE_SCHEMES = (_PATH_SCHEME, _CLAIM_SCHEME)
# Fluid's volume for a Secret in the masters (pkg/ddc/alluxio/transform_volumes.go).
SECRET_VOLUME = "alluxio-mount-secret-"
_SPACE = re.compile(r"\s")
# What would break the chart's YAML, into which Fluid writes the paths of native mounts without quotes.
_NOT_IN_YAML = re.compile(r"[\x00-\x1f\x7f]|: | #|:\Z")


def require_valid(params: dict) -> None:
    """Raise InvalidInput for values that Fluid accepts but cannot use."""
    _require_options(params)
    overrides.require_as_options(DATASET, params, _require_options)


def _require_options(params: dict) -> None:
    mounts = params.get("mounts") or []
    require_dns_1035("Dataset name", params["name"])
    require_namespace(params["namespace"])
    require_texts(METADATA | DATASET, params)
    if params.get("mounts") == []:
        raise InvalidInput("mounts is empty: declare at least one mount, or omit the option")
    for number, mount in enumerate(mounts):
        _require_valid_mount(f"mounts[{number}]", mount)
    _require_distinct(mounts)
    _require_parents(mounts)
    _require_lone_reference(params, mounts)
    if not refers(params):
        # Each runtime has a StatefulSet <name>-worker; that of a reference has no pods.
        require_stateful_set_prefix("Dataset name", params["name"], "-worker")
    _require_valid_options("", params.get("shared_options"), params.get("shared_encrypt_options"), "shared_")
    if terms := params.get("node_affinity"):
        _require_node_selector(terms)
    require_placement(params)
    users.require_ids("owner", params.get("owner"))
    restore.require_valid(params.get("data_restore_location") or {})
    _require_masters(params.get("runtimes") or [])


def _require_masters(runtimes: list[dict]) -> None:
    for number, each in enumerate(runtimes):
        count = each.get("master_replicas")
        if count is not None and count < 1:
            raise InvalidInput(f"runtimes[{number}].master_replicas is {count}: expected at least one master")


def path_of(mount: dict) -> str:
    """Return a mount's path in the cache (Fluid: pkg/utils/ufs_path_builder.go).

    mount: the options, or an entry of a Dataset's spec or status.
    """
    path = mount.get("path") or ""
    return path if path.startswith("/") else "/" + (mount.get("name") or "").lstrip("/")


def is_native(mount_point: str) -> bool:
    """Return whether Fluid mounts it into the pods at their start, instead of into Alluxio."""
    return mount_point.startswith(_NATIVE_SCHEMES)


def refers(params: dict) -> bool:
    """Return whether the options mount another Dataset."""
    return any(map(_is_reference, params.get("mounts") or []))


def _is_reference(mount: dict) -> bool:
    return mount["mount_point"].startswith(REFERENCE_SCHEME)


def _require_valid_mount(where: str, mount: dict) -> None:
    point = mount["mount_point"]
    if not _URL.match(point):
        raise InvalidInput(
            f"mount_point {point!r} is not a URL with a lower-case scheme: expected for example "
            "https://host/path/, s3://bucket/path, local:///path or dataset://namespace/name")
    if mount.get("path"):
        alluxio_mounts.require_path(f"{where}.path", mount["path"])
    if is_native(point):
        _require_valid_native(where, mount)
        return
    alluxio_mounts.require_path(f"the path of {where} from its name", path_of(mount))
    alluxio_mounts.require_plain(f"{where}.mount_point", point, _remedy(point))
    alluxio_mounts.require_plain(f"{where}, whose path is {path_of(mount)!r}", path_of(mount))
    _require_valid_options(f"{where}.", mount.get("options"), mount.get("encrypt_options"))


def _remedy(point: str) -> str:
    """Return what to do about a character of the shell; only web servers decode what is percent-encoded."""
    if point.startswith(("http://", "https://")):
        return "write it in hexadecimal, such as %20 for a space"
    return "mount the folder above it, or rename the folder"


def _require_valid_native(where: str, mount: dict) -> None:
    """Check a mount of a host's directory or a claim, which becomes a volume of the pods."""
    point = mount["mount_point"]
    scheme, _separator, rest = point.partition("://")
    if ":" in path_of(mount):
        raise InvalidInput(f"{where} has the path {path_of(mount)}: Kubernetes mounts no path with a ':'; "
                           "use another path or name")
    if _NOT_IN_YAML.search(point + (mount.get("path") or "")):
        raise InvalidInput(f"{where}.mount_point or its path has ': ', ' #', a ':' at its end or a control "
                           "character, which Fluid's chart cannot render: rename the directory")
    if scheme == "local":
        if not rest.startswith("/"):
            raise InvalidInput(f"{where}.mount_point is {point!r}: expected an absolute path after local://, "
                               f"such as local:///{rest}")
        if not mount.get("name"):
            raise InvalidInput(f"{where} of {point} has no name: Fluid names the volume of the pods after "
                               "it, so add a name")
        if ".." in rest.split("/"):
            raise InvalidInput(f"{where}.mount_point is {point!r}: expected a path without '..'")
        require_volume_name(f"{where}.name", mount["name"])
    else:
        claim, _separator, folder = rest.partition("/")
        require_volume_name(f"the claim of {where}.mount_point", claim)
        if ".." in folder.split("/") or folder.startswith("/"):
            raise InvalidInput(f"{where}.mount_point is {point!r}: expected a folder of the claim without "
                               "'..' and without a second '/' before it")


def _require_distinct(mounts: list[dict]) -> None:
    for (_number, one), (number, other) in combinations(enumerate(mounts), 2):
        if path_of(one) == path_of(other):
            raise InvalidInput(
                f"two mounts have the path {path_of(one)}: give each mount its own name or path")
        volume = _volume_of(one)
        if volume and volume == _volume_of(other):
            raise InvalidInput(
                f"{one['mount_point']} and {other['mount_point']} both need a volume {volume} of the pods, "
                "which Fluid names after the claim or the local mount: mount a claim only once, at their "
                "common folder, and give local mounts other names")
        if not any(is_native(each["mount_point"]) or _is_reference(each) for each in (one, other)) and (
                alluxio_mounts.overlapping(one["mount_point"], other["mount_point"])):
            raise InvalidInput(
                f"mounts[{number}].mount_point {other['mount_point']} and {one['mount_point']} lie within "
                "each other, and Alluxio mounts a folder only once: mount the outer one alone")
    root = next((mount for mount in mounts if path_of(mount) == "/" and not is_native(mount["mount_point"])),
                None)
    if root and len(mounts) > 1:
        raise InvalidInput(
            f"the mount of {root['mount_point']} has the path / beside other mounts, and Fluid silently "
            "drops it: give it a name or another path, or mount it alone")


def _require_parents(mounts: list[dict]) -> None:
    """Raise InvalidInput for a mount of Alluxio below a path that no earlier mount provides.

    Alluxio mounts into an existing folder only (DefaultFileSystemMaster.mountInternal, setCreateAncestors).
    """
    present = {path_of(mount) for mount in mounts if is_native(mount["mount_point"])}
    for number, mount in enumerate(mounts):
        above = path_of(mount).split("/")[1:-1]
        paths = {"/", *("/" + "/".join(above[:length]) for length in range(1, len(above) + 1))}
        if above and not is_native(mount["mount_point"]) and not paths & present:
            raise InvalidInput(
                f"mounts[{number}] has the path {path_of(mount)}, and no mount before it provides "
                f"/{'/'.join(above)}: Alluxio mounts into an existing folder only; use a path such as "
                f"/{'-'.join([*above, path_of(mount).rpartition('/')[2]])}")
        present.add(path_of(mount))


def _volume_of(mount: dict) -> str:
    """Return the name of the pods' volume for a native mount (transform_ufs.go), empty for others."""
    point = mount["mount_point"]
    if point.startswith(_CLAIM_SCHEME):
        return point.removeprefix(_CLAIM_SCHEME).partition("/")[0]
    return (mount.get("name") or "") if point.startswith(_PATH_SCHEME) else ""


def _require_lone_reference(params: dict, mounts: list[dict]) -> None:
    """Check a mount of another Dataset (Fluid: pkg/ddc/base/dataset.go, CheckReferenceDataset)."""
    for number, mount in enumerate(mounts):
        if not _is_reference(mount):
            continue
        if len(mounts) > 1:
            raise InvalidInput(f"mounts[{number}] is {mount['mount_point']} beside other mounts: Fluid "
                               "mounts another Dataset alone; mount its under-stores, or drop the others")
        parts = mount["mount_point"].removeprefix(REFERENCE_SCHEME).split("/")
        if len(parts) < 2 or not all(parts[:2]):
            raise InvalidInput(f"mounts[{number}].mount_point is {mount['mount_point']!r}: expected "
                               "dataset://namespace/name")
        if parts[:2] == [params["namespace"], params["name"]]:
            raise InvalidInput(f"mounts[{number}].mount_point is {mount['mount_point']!r}, the Dataset "
                               "itself: expected another Dataset")


def _require_valid_options(where: str, plain: dict | None, encrypted: list[dict] | None,
                           prefix: str = "") -> None:
    """Check the options of a mount or of all mounts. prefix: of the names of the two options."""
    for key, value in (text_map(plain) or {}).items():
        what = f"{where}{prefix}options.{key}"
        _require_key(what, key)
        # Fluid's script reads a Secret within backticks, without quotes: spaces split it.
        alluxio_mounts.require_plain(
            f"the value of {what}", value, "use a value without spaces, as a Secret's has to be, too"
            if _SPACE.search(value) else f"put the value into a Secret and use {prefix}encrypt_options")
        if value.startswith("~"):
            raise InvalidInput(f"the value of {what} starts with '~', which a shell in the masters replaces: "
                               "write the whole path")
    seen = set(plain or {})
    for option in encrypted or []:
        what = f"{where}{prefix}encrypt_options {option['name']}"
        _require_key(what, option["name"])
        if option["name"] in seen:
            raise InvalidInput(f"{what} is set twice, and Fluid would use one of both: set it once")
        seen.add(option["name"])
        require_volume_name(f"secret_name of {what},", option["secret_name"], SECRET_VOLUME)
        # Fluid's script has the key as a part of a path, unquoted in the shell of the masters.
        require_key(f"secret_key of {what},", option["secret_key"])


def _require_key(what: str, key: str) -> None:
    alluxio_mounts.require_plain(f"the name of {what}", key, "correct the name")
    if not key or "=" in key:
        raise InvalidInput(f"{what}: expected the name of an option without '='")


def _require_node_selector(terms: dict) -> None:
    """Raise InvalidInput for another field of an affinity than the NodeSelector."""
    unknown = sorted(terms.keys() - {"nodeSelectorTerms"})
    if unknown:
        raise InvalidInput(f"node_affinity has {', '.join(unknown)}: expected a NodeSelector, with "
                           "nodeSelectorTerms alone, as Fluid requires it of nodes")


def manifest(params: dict) -> dict:
    """Return the Dataset that the options describe (api/v1alpha1/dataset_types.go)."""
    return build(fluid_kinds.DATASET, params,
                 overrides.merged(params.get("spec_overrides"), render(DATASET, params)))


def is_reference(existing: dict) -> bool:
    """Return whether a Dataset mounts another one; Fluid then creates its runtime."""
    return any(mount.get("mountPoint", "").startswith(REFERENCE_SCHEME)
               for mount in existing.get("spec", {}).get("mounts") or [])


def is_of_alluxio(existing: dict) -> bool:
    """Return whether no runtime of another kind than Alluxio binds a Dataset; other kinds keep their mounts.
    """
    types = [runtime.get("type") for runtime in existing.get("status", {}).get("runtimes") or []]
    return not is_reference(existing) and (not types or ALLUXIO_TYPE in types)


def out_of_sync(existing: dict) -> dict[str, list[str]]:
    """Return the paths in which spec and status of a bound Dataset differ: "missing" and "left".

    Fluid copies the mounts of the spec into the status once Alluxio has the same paths. It never does for
    native mounts (pkg/utils/dataset.go, AnalyzePathsDelta).
    """
    status = existing.get("status", {}).get("mounts")
    if status is None or not is_of_alluxio(existing):
        return {"missing": [], "left": []}
    desired, mounted = _paths(existing.get("spec", {}).get("mounts")), _paths(status)
    return {"missing": [path for path in desired if path not in mounted],
            "left": [path for path in mounted if path not in desired]}


def _paths(mounts: list[dict] | None) -> list[str]:
    return [path_of(mount) for mount in mounts or [] if not is_native(mount.get("mountPoint", ""))]


def demands_on_masters(existing: dict | None, selector: Mapping[str, str] | None) -> Demands:
    """Return what a runtime's masters demand of their nodes, by the Dataset and the runtime's node selector.

    Masters get the Dataset's tolerations like workers (charts/alluxio/templates/master/statefulset.yaml), its
    node affinity only with a local mount (pkg/ddc/alluxio/transform_ufs.go, types_selector.go), and the node
    of a local restore location (transform.go). existing: None for a Dataset that does not exist yet.
    """
    spec = (existing or {}).get("spec") or {}
    required = (spec.get("nodeAffinity") or {}).get("required")
    local = any(mount.get("mountPoint", "").startswith(_PATH_SCHEME) for mount in spec.get("mounts") or [])
    terms = [{"matchExpressions": term.get("matchExpressions") or []}
             for term in required.get("nodeSelectorTerms") or []] if local and required else None
    return Demands({**(selector or {}), **_restore_node(spec.get("dataRestoreLocation") or {})},
                   spec.get("tolerations") or [], terms)


def _restore_node(location: dict) -> dict[str, str]:
    """Return the label of the node that holds a backup outside of a claim."""
    node, path = location.get("nodeName"), location.get("path")
    return {"kubernetes.io/hostname": node} if node and path and not path.startswith("pvc://") else {}
