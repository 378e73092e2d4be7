# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of a Dataset and the validation of its options. Pure."""

from __future__ import annotations

import re

from ..errors import InvalidInput
from ..k8s.names import require_dns_1035, require_namespace
from . import kinds as fluid_kinds
from .fields import overrides
from .fields.dataset import DATASET
from .fields.table import render
from .manifest import build

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
    return build(fluid_kinds.DATASET, params,
                 overrides.merged(params.get("spec_overrides"), render(DATASET, params)))


def is_reference(existing: dict) -> bool:
    """Return whether a Dataset mounts another one; Fluid then creates its runtime."""
    return any(mount.get("mountPoint", "").startswith(REFERENCE_SCHEME)
               for mount in existing.get("spec", {}).get("mounts") or [])
