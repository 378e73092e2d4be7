# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs, for a person (`lab status`) and for a shell (`lab env`)."""

import shlex

from labctl import daemon, fluid, lab, network, node, settings, state
from labctl.api import Api, is_true
from labctl.errors import LabError, Refused

MISSING = 3


def report() -> tuple[str, int]:
    """One line per part, and the exit code: MISSING when a part is not as it should be."""
    running = state.load()
    if running is None:
        return "no lab runs on this machine", MISSING
    rows = [("lab", running.phase == state.RUNNING, f"{running.phase}, {running.shape}")]
    rows += [(name, daemon.alive(name), str(daemon.log_file(name)))
             for name in lab.daemons(running.shape)]
    if running.shape.tier == "full":
        rows += [_node_row(number) for number in range(1, running.shape.nodes + 1)]
        if running.shape.fluid:
            rows.append(_fluid_row(running.shape.nodes))
    lines = [f"{name:20} {'ok' if good else 'MISSING':8} {detail}" for name, good, detail in rows]
    lines.append(f"{'kubeconfig':20} {'':8} {settings.kubeconfig()}")
    return "\n".join(lines), 0 if all(good for _, good, _ in rows) else MISSING


def environment() -> str:
    """Shell lines that select the running lab's cluster, tools and inputs."""
    running = state.load()
    if running is None:
        raise Refused("no lab runs on this machine: start one with `lab up`")
    artifacts = lab.artifacts_of(running)
    values = {"KUBECONFIG": settings.kubeconfig(), "FLUID_LAB_CHART": artifacts.fluid_chart,
              "FLUID_LAB_VALUES": fluid.values(running.shape.alluxio),
              "FLUID_LAB_ORIGIN": settings.ORIGIN_URL, "FLUID_LAB_S3": settings.S3_URL}
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in values.items() if value]
    return "\n".join([*lines, f'export PATH={shlex.quote(str(artifacts.bin))}:"$PATH"'])


def _node_row(number: int) -> tuple[str, bool, str]:
    name = settings.node_name(number)
    if not node.powered(number):
        return name, False, f"powered off: lab start-node {number}"
    if not network.plugged(number):
        return name, False, f"partitioned: lab heal {number}"
    ready = is_true(Api().find(f"/api/v1/nodes/{name}") or {}, "Ready")
    return name, ready, settings.node_address(number) + (" Ready" if ready else " not Ready")


def _fluid_row(nodes: int) -> tuple[str, bool, str]:
    try:
        missing = fluid.missing(nodes)
    except LabError as err:
        missing = [str(err)]
    return "fluid", not missing, "; ".join(missing) or settings.FLUID_NAMESPACE
