# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks each running master whether it has what was declared. IO, read-only."""

from __future__ import annotations

from ..alluxio import jvm_arguments
from ..alluxio.java_options import Declared
from ..api.client import Client
from ..api.pod_exec import execute
from ..errors import Conflict
from ..fluid.components import DOMAINS, RaftComponent, raft_component
from . import plan as rollout_plan, rendering

_TIMEOUT = 30.0


def require_in_force(client: Client, namespace: str, name: str, spec: dict, pods: list[dict]) -> None:
    """Raise Conflict unless each master's processes run with the properties and JVM options of the runtime's spec."""
    common = rendering.declared(rendering.COMMON, spec)
    for component in map(raft_component, DOMAINS):
        own = rendering.declared(component.java_options, spec)
        desired = Declared({**common.properties, **own.properties}, (*(common.jvm_options or ()), *(own.jvm_options or ())))
        if desired.properties or desired.jvm_options:
            for pod in rollout_plan.pods_of(name, pods):
                _require_one(client, namespace, pod.name, component, desired)


def _require_one(client: Client, namespace: str, pod: str, component: RaftComponent, desired: Declared) -> None:
    result = execute(client, namespace, pod, component.container, jvm_arguments.COMMAND, _TIMEOUT)
    found = jvm_arguments.options_of(result.stdout, component.main_class)
    lines = ["no process of it runs"] if found is None else jvm_arguments.mismatches(found, desired.properties, desired.jvm_options or ())
    if lines:
        raise Conflict(f"container {component.container} of {pod} runs with something else than was declared: {'; '.join(lines)}")
