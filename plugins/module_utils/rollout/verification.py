# SPDX-License-Identifier: GPL-3.0-or-later
"""Verifies that each running master has the declared properties and JVM options. IO, read-only."""

from __future__ import annotations

from ..alluxio import jvm_arguments
from ..alluxio.java_options import Declared
from ..api import pod_exec
from ..api.client import Client
from ..errors import Conflict
from ..fluid.components import DOMAINS, RaftComponent, raft_component
from ..k8s.kinds import ObjectRef
from . import plan as rollout_plan, rendering

_TIMEOUT = 30.0


def require_in_force(client: Client, runtime: ObjectRef, spec: dict, pods: list[dict]) -> None:
    """Raise Conflict unless all masters run with the properties and JVM options of the spec."""
    common = rendering.declared(rendering.COMMON, spec)
    for component in map(raft_component, DOMAINS):
        own = rendering.declared(component.java_options, spec)
        desired = Declared(
            {**common.properties, **own.properties}, (*(common.jvm_options or ()), *(own.jvm_options or ())))
        if desired.properties or desired.jvm_options:
            for pod in rollout_plan.pods_of(runtime.name, pods):
                _require_one(client, ObjectRef(runtime.namespace, pod.name), component, desired)


def _require_one(client: Client, pod: ObjectRef, component: RaftComponent, desired: Declared) -> None:
    result = pod_exec.execute(client, pod, component.container, jvm_arguments.COMMAND, _TIMEOUT)
    found = jvm_arguments.options_of(result.stdout, component.main_class)
    lines = ["its process does not run"] if found is None else jvm_arguments.mismatches(
        found, desired.properties, desired.jvm_options or ())
    if lines:
        raise Conflict(f"container {component.container} of {pod.name} does not run with the declared "
                       f"options: {'; '.join(lines)}; run alluxio_rollout again, which restarts it")
