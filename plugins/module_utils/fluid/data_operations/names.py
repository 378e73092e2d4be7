# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the objects that Fluid creates for a data operation. Pure.

Sources: Fluid 1.0.8, pkg/utils/dataload.go, datamigrate.go and dataprocess.go.
"""

from __future__ import annotations

from ...k8s.kinds import Kind, ObjectRef
from .. import kinds as fluid_kinds

# What Fluid appends to the name of an operation for its Helm release.
LOADER, MIGRATION, PROCESSOR = "-loader", "-migrate", "-processor"
_RELEASES = {
    fluid_kinds.DATA_LOAD: LOADER, fluid_kinds.DATA_MIGRATE: MIGRATION, fluid_kinds.DATA_PROCESS: PROCESSOR}


def release_name(kind: Kind, name: str) -> str:
    """Return the name of the Helm release; its pods have it in their label "release"."""
    return name + _RELEASES[kind]


def job(kind: Kind, operation: ObjectRef) -> ObjectRef:
    """Return the reference of the Job, or with policy Cron of the CronJob."""
    suffix = MIGRATION if kind == fluid_kinds.DATA_MIGRATE else "-job"
    return ObjectRef(operation.namespace, release_name(kind, operation.name) + suffix)
