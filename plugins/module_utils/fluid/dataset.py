# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a Dataset and the validation of its options. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import InvalidInput
from ..k8s.names import require_dns_1035, require_namespace
from . import kinds as fluid_kinds
from .manifest import build, compact, compact_or_none, text_map

# Alluxio recognizes schemes in lower case only (UnderFileSystemFactory.supportsPath).
_URL = re.compile(r"[a-z][-a-z0-9+.]*://.")
REFERENCE_SCHEME = "dataset://"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for values that Fluid accepts but cannot use."""
    require_dns_1035("Dataset name", params["name"])
    require_namespace(params["namespace"])
    if params.get("mounts") == []:
        raise InvalidInput("mounts is empty: declare at least one mount, or omit the option")
    seen: set[str] = set()
    for mount in params.get("mounts") or []:
        point = mount["mount_point"]
        if not _URL.match(point):
            raise InvalidInput(
                f"mount_point {point!r} is not a URL with a lower-case scheme: expected for example "
                "https://host/path/, s3://bucket/path, local:///path or dataset://namespace/name")
        path = mount.get("path") or f"/{mount.get('name') or ''}"
        if path in seen:
            raise InvalidInput(f"two mounts have the path {path}: give each mount its own name or path")
        seen.add(path)


def manifest(params: dict) -> dict:
    """Return the Dataset that the options describe (api/v1alpha1/dataset_types.go)."""
    affinity = params.get("node_affinity")
    return build(fluid_kinds.DATASET, params, compact(
        mounts=_each(_mount, params.get("mounts")),
        owner=compact_or_none(**(params.get("owner") or {})),
        nodeAffinity={"required": affinity} if affinity else None,
        tolerations=params.get("tolerations"),
        accessModes=params.get("access_modes"),
        placement=params.get("placement"),
        sharedOptions=text_map(params.get("shared_options")),
        sharedEncryptOptions=_each(_encrypt_option, params.get("shared_encrypt_options"))))


def _each(convert: Callable[[dict], dict], values: list[dict] | None) -> list[dict] | None:
    return None if values is None else [convert(value) for value in values]


def _mount(mount: dict) -> dict:
    return compact(
        mountPoint=mount["mount_point"], name=mount.get("name"), path=mount.get("path"),
        readOnly=mount.get("read_only"), shared=mount.get("shared"),
        options=text_map(mount.get("options")),
        encryptOptions=_each(_encrypt_option, mount.get("encrypt_options")))


def _encrypt_option(option: dict) -> dict:
    reference = {"name": option["secret_name"], "key": option["secret_key"]}
    return {"name": option["name"], "valueFrom": {"secretKeyRef": reference}}


def is_reference(existing: dict) -> bool:
    """Return whether a Dataset mounts another one; Fluid then creates its runtime."""
    return any(mount.get("mountPoint", "").startswith(REFERENCE_SCHEME)
               for mount in existing.get("spec", {}).get("mounts") or [])
