# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of a Dataset's data_restore_location. Pure.

Source: Fluid 1.0.8, pkg/utils/databackup.go and pkg/ddc/alluxio/transform.go.
"""

from __future__ import annotations

import re

from ...alluxio import mounts
from ...errors import InvalidInput
from ...k8s.names import require_name

_PATH = re.compile(r"(pvc://[^/]+|local:///[^/])")


def require_valid(location: dict) -> None:
    """Raise InvalidInput for a location from which Fluid restores nothing."""
    path, node = location.get("path") or "", location.get("node_name")
    if location and not _PATH.match(path):
        raise InvalidInput(f"data_restore_location.path is {path!r}: expected pvc://<claim>/<folder> or "
                           "local:///<folder>")
    if ".." in path.split("/"):
        raise InvalidInput(f"data_restore_location.path is {path!r}: expected a path without '..'")
    if path.startswith("pvc:"):
        # The folder is a part of an unquoted argument of the masters; that of a node is mounted.
        mounts.require_plain("data_restore_location.path", path)
        require_name(path.split("/")[2], "the claim of data_restore_location.path")
    if node:
        require_name(node, "data_restore_location.node_name")
    if path.startswith("local:") and not node:
        raise InvalidInput(f"data_restore_location.path is {path!r} without node_name: set the node that "
                           "has the folder")
    if path.startswith("pvc:") and node:
        raise InvalidInput(f"data_restore_location.node_name is {node!r}, which Fluid ignores for a claim: "
                           "leave it out")
