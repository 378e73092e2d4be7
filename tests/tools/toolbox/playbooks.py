# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the shipped collection."""

from collections.abc import Mapping

from . import shell
from .artifact import Collection


def check_syntax(collection: Collection, environ: Mapping[str, str]) -> int:
    """Check the syntax of each playbook by the name that a user imports it by."""
    found = sorted(path.stem for path in (collection.folder / "playbooks").glob("*.yml"))
    importable = [f"datacache.fluid.{name}" for name in found if "-" not in name]
    inventory = collection.folder / "playbooks" / "inventory" / "hbase"
    return shell.status(["ansible-playbook", "--syntax-check", "--inventory", inventory, *importable],
                        environ, collection.folder, seconds=300)
