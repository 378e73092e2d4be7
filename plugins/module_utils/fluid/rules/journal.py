# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for properties that identify the masters and their journal. Pure.

Source: Fluid 1.0.8, pkg/ddc/alluxio/transform_optimization.go (setDefaultProperties, setPortProperties), and
charts/alluxio/templates/master/statefulset.yaml, which mounts the journal's volume at /journal.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...alluxio import java_options
from ...errors import InvalidInput
from ..components import options_of
from ..manifest import text_map

JOURNAL_TYPE = "alluxio.master.journal.type"
JOURNAL_FOLDER = "alluxio.master.journal.folder"
_FOLDER = "/journal"
# Fluid computes these from the runtime's name and number of masters; a rollout changes them with the number.
_ADDRESSES = (
    "alluxio.master.hostname", "alluxio.master.rpc.addresses", "alluxio.master.embedded.journal.addresses",
    "alluxio.job.master.hostname", "alluxio.job.master.rpc.addresses",
    "alluxio.job.master.embedded.journal.addresses",
)
# A property of any component keeps Fluid from setting its default for all of them.
_OWNERS = ("master", "worker", "job_master", "job_worker", "fuse")


def require_valid(params: dict) -> None:
    """Raise InvalidInput for another type, folder or address of the journal than Fluid's."""
    masters = params["master_replicas"]
    expected = "EMBEDDED" if masters > 1 else "UFS"
    for option, properties in declared(params):
        journal = properties.get(JOURNAL_TYPE)
        if journal not in (None, expected):
            raise InvalidInput(
                f"{option} sets {JOURNAL_TYPE}: {journal}, and with master_replicas {masters} the journal "
                f"has the type {expected}: leave the property out, or change master_replicas")
        folder = properties.get(JOURNAL_FOLDER)
        if folder not in (None, _FOLDER):
            raise InvalidInput(
                f"{option} sets {JOURNAL_FOLDER}: {folder}, and the volume of the journal is at {_FOLDER}: "
                "leave the property out; journal_volume sets the volume")
        for key in _ADDRESSES:
            if key in properties:
                raise InvalidInput(f"{option} sets {key}, which Fluid computes from the names of the "
                                   "masters: leave the property out")


def declared(params: dict) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each option that sets properties, with these: also the JVM options, by -Dkey=value."""
    for owner in ("", *_OWNERS):
        part, prefix = options_of(params, owner)
        yield prefix + "properties", text_map(part.get("properties")) or {}
        yield prefix + "jvm_options", java_options.properties(" ".join(part.get("jvm_options") or []))


def in_force(params: dict, component: str) -> dict[str, str]:
    """Return the declared properties that the processes of a component have; of two values the last one."""
    options = ("properties", "jvm_options", f"{component}.properties", f"{component}.jvm_options")
    found: dict[str, str] = {}
    for option, properties in declared(params):
        if option in options:
            found |= properties
    return found
