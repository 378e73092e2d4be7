# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of an AlluxioRuntime that Fluid 1.0.8 defines but never reads. Pure.

Sources: Fluid 1.0.8, pkg/ddc/alluxio/transform.go, transform_resources.go, transform_api_gateway.go and
transform_init_users.go; no other file reads these fields.
"""

from __future__ import annotations

# Of these components Fluid reads the fields that are named only.
_READ = {
    "jobMaster": frozenset({"ports", "resources"}),
    "jobWorker": frozenset({"ports", "resources"}),
    "apiGateway": frozenset({"enabled", "ports"}),
    "initUsers": frozenset({"image", "imageTag", "imagePullPolicy"}),
    "data": frozenset({"replicas"}),
}
# Of these components it reads all but the fields that are named.
_UNREAD = {"master": frozenset({"enabled"}), "worker": frozenset({"enabled", "replicas"})}


def unread(paths: list[tuple]) -> list[tuple]:
    """Return those of an AlluxioRuntime's fields that Fluid never reads. paths: the keys of each field."""
    return [path for path in paths if path[0] == "spec" and _is_unread(path[1:])]


def _is_unread(path: tuple) -> bool:
    if len(path) < 2:
        return False
    part, field = path[:2]
    if part in _READ:
        return field not in _READ[part] or path[1:3] == ("resources", "claims")
    return field in _UNREAD.get(part, ()) or path[1:3] == ("resources", "claims")
