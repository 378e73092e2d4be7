# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of the module alluxio_restore, and what the restored tree proves. Pure."""

from __future__ import annotations

from dataclasses import asdict

from ...errors import FluidError
from ..catalog import Backup, Tree


def result(changed: bool, chosen: Backup, before: Tree | None, after: Tree | None = None,
           safety: Backup | None = None, restarted: list[str] | None = None) -> dict:
    """Return the module's result. before, after: the trees, None if unknown. safety: the safety backup."""
    expected = Tree(chosen.tree_sha256, chosen.paths or 0) if chosen.tree_sha256 else None
    trees = {name: tree and asdict(tree)
             for name, tree in (("before", before), ("after", after), ("backup", expected))}
    return {
        "changed": changed,
        "backup": chosen.as_dict(),
        "safety_backup": safety.as_dict() if safety else {},
        "trees": trees,
        "restarted": restarted or [],
        "diff": {"before": trees["before"] or {}, "after": trees["backup"] or {}} if changed
        else {"before": {}, "after": {}},
    }


def require_same_tree(chosen: Backup, tree: Tree | None, details: dict) -> None:
    """Raise FluidError with the details when the restored tree is known to differ from the backup's."""
    if tree and chosen.tree_sha256 and not chosen.holds(tree):
        raise FluidError(
            f"backup {chosen.name} is restored, but the file tree is not the one that was backed up: "
            f"{tree.paths} paths with digest {tree.sha256}, expected {chosen.paths} with "
            f"{chosen.tree_sha256}; a client changes it, or the masters do not run "
            f"Alluxio {chosen.alluxio_version} as at the time of the backup", **details)


def unverified(chosen: Backup, tree: Tree | None) -> str:
    """Return why it is unknown whether the restored tree is complete; empty if it is known."""
    if tree is None:
        return f"verify_tree is false: it was not verified that {chosen.name} was restored completely"
    if not chosen.tree_sha256:
        return (f"the tree of files changed during backup {chosen.name}, so it cannot be verified that "
                f"the {tree.paths} restored paths are complete")
    return ""
