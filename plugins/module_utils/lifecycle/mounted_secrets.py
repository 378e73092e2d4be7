# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of mounts: Fluid mounts them into the masters when it creates a runtime. IO, read-only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

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


def absent(client: Client, namespace: str, spec: dict) -> list[str]:
    """Return a sentence for each Secret, or key of one, that does not exist. Raises Forbidden.

    spec: of the Dataset.
    """
    found = []
    for name, keys in sorted(_needed(spec).items()):
        ref = ObjectRef(namespace, name)
        existing = client.get(kinds.SECRET, ref)
        if existing is None:
            found.append(f"{kinds.SECRET.describe(ref)} does not exist, and masters do not start without it")
        elif lacking := sorted(keys - (existing.get("data") or {}).keys()):
            found.append(f"{kinds.SECRET.describe(ref)} has no key {', '.join(lacking)}, and the mount gets "
                         "no value for it")
    return found


def _needed(spec: dict) -> dict[str, set[str]]:
    """Return the keys that are read of each Secret, by its name."""
    needed: dict[str, set[str]] = defaultdict(set)
    for option in _encrypted(spec):
        source = option["valueFrom"]["secretKeyRef"]
        needed[source["name"]].add(source["key"])
    return needed


def _encrypted(spec: dict) -> Iterator[dict]:
    yield from spec.get("sharedEncryptOptions") or []
    for mount in spec.get("mounts") or []:
        yield from mount.get("encryptOptions") or []
