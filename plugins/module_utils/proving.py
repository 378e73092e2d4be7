# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks each running master whether it has what was declared. IO, read-only."""

from __future__ import annotations

from . import proof, rendered, rollout_plan
from .api.client import Client
from .api.pod_exec import execute
from .care import JOB_MASTER, MASTER
from .errors import Conflict
from .java_options import Declared
from .leader_api import container_of

_STRINGS = {MASTER: "ALLUXIO_MASTER_JAVA_OPTS", JOB_MASTER: "ALLUXIO_JOB_MASTER_JAVA_OPTS"}
_TIMEOUT = 30.0


def require_in_force(client: Client, namespace: str, name: str, spec: dict, pods: list[dict]) -> None:
    """Raise Conflict unless each master's processes run with the properties and JVM options of the runtime's spec."""
    common = rendered.declared(rendered.COMMON, spec)
    for domain, key in _STRINGS.items():
        own = rendered.declared(key, spec)
        wanted = Declared({**common.properties, **own.properties}, (*(common.jvm_options or ()), *(own.jvm_options or ())))
        if wanted.properties or wanted.jvm_options:
            for pod in rollout_plan.pods_of(name, pods):
                _require_one(client, namespace, pod.name, container_of(domain), wanted)


def _require_one(client: Client, namespace: str, pod: str, container: str, wanted: Declared) -> None:
    said = execute(client, namespace, pod, container, proof.COMMAND, _TIMEOUT)
    found = proof.options_of(said.stdout, proof.CLASSES[container])
    lines = ["no process of it runs"] if found is None else proof.mismatches(found, wanted.properties, wanted.jvm_options or ())
    if lines:
        raise Conflict("container %s of %s runs with something else than was declared: %s" % (container, pod, "; ".join(lines)))
