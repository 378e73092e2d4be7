# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets that Fluid mounts into the masters when it creates a runtime. IO, read-only."""

from __future__ import annotations

from ..api.client import Client
from ..errors import PreconditionFailed
from ..fluid import dataset, kinds as fluid_kinds
from ..fluid.names import stateful_set_name
from ..k8s import kinds
from ..k8s.kinds import ObjectRef


def require_mounted_secrets(client: Client, ref: ObjectRef, secrets: set[str]) -> None:
    """Raise PreconditionFailed for a Secret that the masters do not mount."""
    if not secrets:
        return
    workload = client.get(kinds.STATEFUL_SET, ObjectRef(ref.namespace, stateful_set_name(ref.name))) or {}
    volumes = workload.get("spec", {}).get("template", {}).get("spec", {}).get("volumes") or []
    mounted = {volume["name"].removeprefix(dataset.SECRET_VOLUME) for volume in volumes
               if volume["name"].startswith(dataset.SECRET_VOLUME)}
    if workload and secrets - mounted:
        raise PreconditionFailed(
            f"the masters of {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} mount the Secrets "
            f"{', '.join(sorted(mounted)) or '(none)'} and not {', '.join(sorted(secrets - mounted))}: Fluid "
            "mounts Secrets only when it creates a runtime; put the values into a mounted Secret, or "
            "recreate the runtime: delete it, wait until it is absent, then run this again")
