# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's commands that change something. Each is idempotent."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from labctl import (
    build,
    control_plane,
    daemon,
    dns,
    firewall,
    fluid,
    host,
    images,
    leftovers,
    network,
    node,
    origin,
    pki,
    plan,
    preflight,
    s3,
    settings,
    state,
    volumes,
)
from labctl.build import Artifacts
from labctl.errors import Refused
from labctl.progress import Progress
from labctl.state import RUNNING, STARTING, Shape, State


def up(request: plan.Request, report: Progress) -> None:
    """Bring up what is asked for, from whatever state the machine is in."""
    running = state.load()
    decision = plan.decide(request, running,
                           fingerprint=fingerprint(running.shape) if running else "",
                           healthy=running is not None and healthy(running.shape))
    report(f"{decision.action}: {decision.reason}")
    if decision.action == plan.FRESH:
        _start_fresh(decision.shape, report)
    else:
        _extend(running, decision.shape, report)
    report(f"lab ready: {decision.shape}; KUBECONFIG={settings.kubeconfig()}")


def down(report: Progress) -> None:
    """Remove the lab; does nothing when there is none."""
    with report.step("remove the lab"):
        leftovers.remove()


def reset(report: Progress) -> None:
    """Start the same lab again, empty: same tier, nodes and options."""
    running = _require_running()
    _start_fresh(running.shape, report)
    report(f"lab ready: {running.shape}; KUBECONFIG={settings.kubeconfig()}")


def kill_node(report: Progress, number: int) -> None:
    """End everything on a node like a power cut; its disk stays."""
    _require_node(number)
    with report.step(f"cut the power of {settings.node_name(number)}"):
        node.kill(number)


def start_node(report: Progress, number: int) -> None:
    """Power a killed node on; returns when it is Ready."""
    running = _require_node(number)
    if node.powered(number) and not network.plugged(number):
        raise Refused(f"{settings.node_name(number)} runs but is partitioned: "
                      f"use `lab heal {number}`")
    node.start(number, artifacts_of(running).kube, report)


def partition(report: Progress, number: int) -> None:
    """Cut a node's network while the node runs on."""
    _require_powered(number)
    network.cut(number)
    report(f"{settings.node_name(number)} is partitioned")


def heal(report: Progress, number: int) -> None:
    """End a partition; returns when the node is Ready."""
    _require_powered(number)
    with report.step(f"heal {settings.node_name(number)}"):
        node.heal(number)


def set_origin_rate(report: Progress, rate: str) -> None:
    """Limit the running origin, all connections together."""
    running = _require_full()
    origin.set_rate(rate)
    state.save(replace(running, shape=replace(running.shape, origin_rate=rate)))
    report(f"origin rate: {rate}")


def fingerprint(shape: Shape) -> str:
    """Hash of all that a lab is made of: sources of its parts and the lab's code."""
    return f"{build.fingerprint(shape.tier, shape.alluxio)}-{state.code_hash()}"


def healthy(shape: Shape) -> bool:
    """True while every part of the lab outside the nodes is alive."""
    return network.exists(settings.BRIDGE) and all(map(daemon.alive, daemons(shape)))


def daemons(shape: Shape) -> tuple[str, ...]:
    """Names of the processes that a lab runs outside its nodes."""
    if shape.tier == "api":
        return control_plane.API_TIER
    return (*control_plane.FULL_TIER, dns.DAEMON, origin.DAEMON, s3.DAEMON, volumes.DAEMON)


def artifacts_of(running: State) -> Artifacts:
    """The artifacts that the running lab was started from."""
    return Artifacts(**{name: tuple(map(Path, value)) if isinstance(value, list)
                        else value and Path(value)
                        for name, value in running.artifacts.items()})


def _require_running() -> State:
    running = state.load()
    if running is None:
        raise Refused("no lab runs on this machine: start one with `lab up`")
    return running


def _require_full() -> State:
    running = _require_running()
    if running.shape.tier != "full":
        raise Refused("the lab runs without nodes and origin: add them with `lab up --tier full`")
    return running


def _require_node(number: int) -> State:
    running = _require_full()
    if not 1 <= number <= running.shape.nodes:
        raise Refused(f"no node {number}: the lab has nodes 1 to {running.shape.nodes}")
    return running


def _require_powered(number: int) -> State:
    running = _require_node(number)
    if not node.powered(number):
        raise Refused(f"{settings.node_name(number)} is powered off: "
                      f"use `lab start-node {number}`")
    return running


def _start_fresh(shape: Shape, report: Progress) -> None:
    if not leftovers.found():
        preflight.room(shape.tier)
    # Built before anything is removed: a build that fails costs no running lab.
    artifacts = build.ensure(shape.tier, settings.cache_dir(), report, shape.alluxio)
    leftovers.remove()
    preflight.room(shape.tier)
    host.record()
    _record(STARTING, shape, artifacts)
    network.create_bridge()
    firewall.open_()
    pki.create()
    with report.step("control plane", settings.log_dir()):
        control_plane.start_api(artifacts.kube, audit=shape.audit)
    if shape.tier == "full":
        _start_full(shape, artifacts, report)
    else:
        with report.step("Fluid's resource definitions and controllers"):
            fluid.apply_definitions(artifacts.crds)
            control_plane.wait_controllers()
    _record(RUNNING, shape, artifacts)


def _extend(running: State, shape: Shape, report: Progress) -> None:
    """Add what the running lab lacks, remove the nodes it has too many."""
    artifacts = artifacts_of(running)
    if shape.tier == "api":
        return
    if running.shape.tier == "api":
        preflight.room_beside_api()
        artifacts = build.ensure("full", settings.cache_dir(), report, shape.alluxio)
    if shape != running.shape:
        _record(STARTING, shape, artifacts)
    for number in range(shape.nodes + 1, running.shape.nodes + 1):
        node.remove(number)
    _start_full(shape, artifacts, report)
    _record(RUNNING, shape, artifacts)


def _start_full(shape: Shape, artifacts: Artifacts, report: Progress) -> None:
    """Start what the API tier lacks, the nodes in parallel; skips what runs."""
    store = images.store_for(artifacts.images, settings.cache_dir(), report)
    host.make_mount_points()
    control_plane.start_scheduler(artifacts.kube)
    dns.start(artifacts.coredns)
    volumes.start()
    with ThreadPoolExecutor() as pool, report.step(f"{shape.nodes} nodes", settings.log_dir()):
        jobs = [pool.submit(origin.start, artifacts.nginx, shape.origin_rate),
                pool.submit(s3.start, artifacts.versitygw)]
        jobs += [pool.submit(node.start, number, artifacts.kube, report, store)
                 for number in range(1, shape.nodes + 1)]
        if shape.fluid:
            jobs.append(pool.submit(fluid.install, artifacts.bin, artifacts.fluid_chart,
                                    fluid.values(shape.alluxio)))
        for job in jobs:
            job.result()
    control_plane.wait_controllers()
    if shape.fluid:
        with report.step("Fluid's controllers and CSI plugin"):
            fluid.wait(shape.nodes)


def _record(phase: str, shape: Shape, artifacts: Artifacts) -> None:
    paths = {name: list(map(str, value)) if isinstance(value, tuple) else value and str(value)
             for name, value in dataclasses.asdict(artifacts).items()}
    state.save(State(phase, shape, fingerprint(shape), str(settings.LAB_DIR), paths))
