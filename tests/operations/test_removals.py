# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook cleanup in each situation of docs/removal.md, twice: nothing is left, or it names what is."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cluster_accounts import CHECKOUT, FLUID, kubectl
from cluster_acts import apply, force, kill_node, mount_cache, node_of, patch, start_node
from plays import command, play, played, until

SMALL = {"fluid_master_replicas": 1, "fluid_worker_replicas": 1, "fluid_network_mode": "ContainerNetwork",
         "fluid_tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "256Mi"}]}
FORCE = {"fluid_cleanup_force": True, "fluid_cleanup_timeout": 240}
OBJECTS = CHECKOUT / "tests" / "tools" / "cluster_objects.py"


@dataclass(frozen=True)
class Situation:
    """name: of the test. prepared: makes it, and ends it at its end. held_by: what the first run names, if it
    must fail.
    """

    name: str
    prepared: Callable[[], object]
    held_by: str = ""

    def __str__(self) -> str:
        return self.name


@contextmanager
def deployed() -> Iterator[None]:
    played("deploy", SMALL)
    yield


@contextmanager
def half_deployed() -> Iterator[None]:
    """A run that was killed when the Dataset existed, and the masters had begun to start."""
    run = subprocess.Popen(command("deploy", SMALL), start_new_session=True)
    until("the masters exist",
          lambda: "hbase-master" in kubectl("get", "statefulsets", "--output", "name"), 120)
    run.kill()
    run.wait()
    yield


@contextmanager
def controllers_at_zero() -> Iterator[None]:
    with deployed():
        for replicas in (0, 1):
            for name in ("alluxioruntime-controller", "dataset-controller"):
                kubectl("--namespace", FLUID, "scale", "deployment", name, f"--replicas={replicas}")
            if not replicas:
                yield


@contextmanager
def without_definitions() -> Iterator[None]:
    with deployed():
        names = [name for name in kubectl("get", "customresourcedefinitions", "--output", "name").split()
                 if name.endswith("data.fluid.io")]
        kubectl("--namespace", FLUID, "scale", "deployment", "--all", "--replicas=0")
        for name in names:
            kubectl("delete", name, "--wait=false")
        for kind in ("datasets", "alluxioruntimes"):
            patch(f"{kind}.data.fluid.io", "hbase", {"op": "remove", "path": "/metadata/finalizers"})
        until("the definitions are absent", lambda: "data.fluid.io" not in kubectl(
            "get", "customresourcedefinitions", "--output", "name"), 60)
        yield
        played("install")


@contextmanager
def without_namespace_of_fluid() -> Iterator[None]:
    with deployed():
        kubectl("delete", "namespace", FLUID, "--timeout=120s")
        yield
        played("install")


@contextmanager
def with_dead_node() -> Iterator[None]:
    with deployed():
        mount_cache("reader")
        node = node_of("hbase-worker-0")
        force("reader")
        kill_node(node)
        try:
            yield
        finally:
            start_node(node)


@contextmanager
def used_by_a_pod() -> Iterator[None]:
    with deployed():
        mount_cache("holder")
        try:
            yield
        finally:
            force("holder")


@contextmanager
def referred_to() -> Iterator[None]:
    reference = {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset",
                 "metadata": {"name": "reference", "namespace": "research"},
                 "spec": {"mounts": [{"mountPoint": "dataset://default/hbase"}]}}
    with deployed():
        kubectl("create", "namespace", "research")
        apply(reference)
        until("the reference is Bound", lambda: kubectl(
            "get", "dataset", "reference", "--namespace", "research", "--output", "jsonpath={.status.phase}"
        ) == "Bound", 180)
        try:
            yield
        finally:
            kubectl("delete", "namespace", "research")


SITUATIONS = (
    Situation("deployed", deployed),
    Situation("half deployed", half_deployed),
    Situation("a pod uses the claim", used_by_a_pod, "holder"),
    Situation("another Dataset refers to it", referred_to, "reference"),
    Situation("controllers at zero", controllers_at_zero),
    Situation("a node is dead", with_dead_node),
    Situation("without Fluid's namespace", without_namespace_of_fluid),
    Situation("without definitions", without_definitions),
)


@pytest.fixture(scope="module")
def fluid():
    played("install")
    yield
    played("cleanup", {"fluid_cleanup_fluid": True})


@pytest.mark.usefixtures("fluid")
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_a_cleanup_ends(situation, tmp_path):
    record = tmp_path / "objects"
    objects("record", record)
    with situation.prepared():
        if situation.held_by:
            for _run in range(2):
                held = play("cleanup", {"fluid_cleanup_force": True, "fluid_cleanup_timeout": 15})
                assert held.code != 0 and situation.held_by in held.output, held.output[-4000:]
        else:
            removed()
    if situation.held_by:
        removed()
    until("nothing is left", partial(same, record), 120)


def removed() -> None:
    """The first run removes all, the second one has nothing to do."""
    played("cleanup", FORCE)
    again = played("cleanup", FORCE)
    assert again.counts["changed"] == 0, again.output[-4000:]


def same(record: Path) -> bool:
    """Whether the cluster has the objects of the record. Those of Fluid itself come and go: it runs the
    controllers that it needs.
    """
    lines = objects("compare", record, check=False).stdout.splitlines()
    others = [line for line in lines if f" {FLUID}/" not in line]
    print(others)
    return not others


def objects(act: str, record: Path, check: bool = True) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, OBJECTS, act, record], capture_output=True, text=True, check=check)
