# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault of each known cause, made in a real cluster: the playbook diagnose names its cause first.

The faults follow one another on one cache, which is healthy again after each; the last one deletes it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from cluster_accounts import FLUID, kubectl
from cluster_acts import (
    apply,
    cordoned_nodes,
    force,
    get,
    kill_node,
    mount_cache,
    node_of,
    patch,
    sleeping,
    start_node,
    start_pod,
)
from plays import awaited, play, played, until

CACHE = {"fluid_journal_volume": {"type": "emptyDir"}, "fluid_worker_replicas": 1}
BROKEN = {"fluid_name": "broken", "fluid_master_replicas": 1, "fluid_worker_replicas": 1,
          "fluid_placement": "Shared", "fluid_network_mode": "ContainerNetwork",
          "fluid_tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "64Mi"}],
          "fluid_deploy_timeout": 90}
# The lab's machine answers there that the port is closed.
CLOSED = [{"name": "closed", "mount_point": "http://10.10.0.1:9/"}]
BUCKET = [{"name": "bucket", "mount_point": "s3://hbase/",
           "options": {"alluxio.underfs.s3.endpoint": "http://10.10.0.1:8091",
                       "alluxio.underfs.s3.disable.dns.buckets": "true"},
           "encrypt_options": [
               {"name": "aws.accessKeyId", "secret_name": "bucket-keys", "secret_key": "access"},
               {"name": "aws.secretKey", "secret_name": "bucket-keys", "secret_key": "secret"}]}]
WRONG_KEYS = {"apiVersion": "v1", "kind": "Secret",
              "metadata": {"name": "bucket-keys", "namespace": "default"},
              "stringData": {"access": "nobody", "secret": "planted-wrong-secret"}}
DEFINITION = "alluxioruntimes.data.fluid.io"


@contextmanager
def controller_at_zero() -> Iterator[None]:
    for replicas in (0, 1):
        kubectl("--namespace", FLUID, "scale", "deployment", "alluxioruntime-controller",
                f"--replicas={replicas}")
        if not replicas:
            yield


@contextmanager
def changed_worker(field: str, value: object) -> Iterator[None]:
    """Change a field of the worker's container as a person would, and let its pod have it."""
    path = f"/spec/template/spec/containers/0/{field}"
    container = get("statefulset", "hbase-worker")["spec"]["template"]["spec"]["containers"][0]
    for each in (value, container.get(field, {})):
        patch("statefulset", "hbase-worker", {"op": "add", "path": path, "value": each})
        force("hbase-worker-0")
        if each is value:
            yield


def absent_image() -> AbstractContextManager:
    return changed_worker("image", "docker.io/alluxio/none:0.0.0")


def small_memory() -> AbstractContextManager:
    return changed_worker("resources", {"limits": {"memory": "300Mi"}, "requests": {"memory": "300Mi"}})


@contextmanager
def unplaced_worker() -> Iterator[None]:
    with cordoned_nodes():
        force("hbase-worker-0")
        yield


@contextmanager
def taken_port() -> Iterator[None]:
    """Let another pod have the web port of a follower on its node before the follower comes back."""
    follower = get("pod", "hbase-master-2")
    node = follower["spec"]["nodeName"]
    [port] = [each["containerPort"] for container in follower["spec"]["containers"]
              for each in container["ports"] if each["name"] == "web"]
    kubectl("cordon", node)
    kubectl("delete", "pod", "hbase-master-2")
    start_pod("squatter", nodeName=node, hostNetwork=True, containers=[
        sleeping("squatter", ports=[{"containerPort": port, "hostPort": port}])])
    kubectl("uncordon", node)
    yield
    force("squatter")


@contextmanager
def absent_service() -> Iterator[None]:
    kubectl("delete", "service", "hbase-master-1")
    yield
    played("heal")


@contextmanager
def ended_fuse() -> Iterator[None]:
    """End the FUSE process below a pod that reads."""
    mount_cache("reader")
    [fuse] = [each["metadata"]["name"] for each in get("pods", "--selector", "role=alluxio-fuse")["items"]
              if each["spec"]["nodeName"] == node_of("reader")]
    force(fuse)
    yield
    force("reader")


@contextmanager
def short_definition() -> Iterator[None]:
    """Take a field from the schema of the runtimes, as an earlier Fluid has it."""
    versions = get("customresourcedefinition", DEFINITION)["spec"]["versions"]
    [index] = [index for index, each in enumerate(versions) if each["storage"]]
    schema = f"/spec/versions/{index}/schema/openAPIV3Schema"
    patch("customresourcedefinition", DEFINITION,
          {"op": "remove", "path": schema + "/properties/spec/properties/imagePullSecrets"})
    yield
    patch("customresourcedefinition", DEFINITION,
          {"op": "replace", "path": "/spec/versions", "value": versions})


@contextmanager
def broken_cache(mounts: list[dict]) -> Iterator[None]:
    """A second cache, whose store serves nothing."""
    play("deploy", {**BROKEN, "fluid_mounts": mounts})
    yield
    played("cleanup", {"fluid_name": "broken", "fluid_cleanup_force": True})


def closed_store() -> AbstractContextManager:
    return broken_cache(CLOSED)


@contextmanager
def wrong_keys() -> Iterator[None]:
    apply(WRONG_KEYS)
    with broken_cache(BUCKET):
        yield
    kubectl("delete", "secret", "bucket-keys")


@contextmanager
def dead_node() -> Iterator[None]:
    node = node_of("hbase-worker-0")
    kill_node(node)
    yield
    start_node(node)


@contextmanager
def lost_majority() -> Iterator[None]:
    """Delete two of three masters with their journals; then admit one as docs/quorum/journals.md says."""
    for name in ("hbase-master-1", "hbase-master-2"):
        force(name)
    yield
    admit("hbase-master-1")
    until("a master leads", lambda: play("heal").code == 0, 420)
    admit(None)


def admit(master: str | None) -> None:
    change = {"data": {"DATACACHE_MASTERS_ADMITTED": master}}
    kubectl("patch", "configmap", "hbase-config", "--type", "merge", "--patch", json.dumps(change))


@contextmanager
def used_dataset() -> Iterator[None]:
    mount_cache("holder", ready=False)
    kubectl("delete", "dataset", "hbase", "--wait=false")
    yield
    force("holder")


@dataclass(frozen=True)
class Fault:
    """cause: what has to come first. made: makes the fault, and mends it at its end. name: the cache that is
    diagnosed. heals: whether the cache of the tests is healthy afterwards.
    """

    cause: str
    made: Callable[[], AbstractContextManager]
    name: str = "hbase"
    heals: bool = True

    def __str__(self) -> str:
        return self.cause


FAULTS = (
    Fault("controller_at_zero", controller_at_zero),
    Fault("image_pull", absent_image),
    Fault("memory_below_tier", small_memory),
    Fault("unschedulable", unplaced_worker),
    Fault("port_clash", taken_port),
    Fault("dns", absent_service),
    Fault("fuse_not_mounted", ended_fuse),
    Fault("old_definitions", short_definition),
    Fault("under_store_unreachable", closed_store, "broken"),
    Fault("under_store_refused", wrong_keys, "broken"),
    Fault("node_not_ready", dead_node),
    Fault("journal_lost", lost_majority),
    Fault("stuck_finalizer", used_dataset, heals=False),
)


@pytest.fixture(scope="module", autouse=True)
def cache():
    """A cache of three masters, which ends with the faults."""
    played("deploy_ha", CACHE)
    assert awaited(lambda: first_cause("hbase"), "", 120) == ""
    yield
    played("cleanup", CACHE | {"fluid_cleanup_force": True, "fluid_cleanup_fluid": True})


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_has_its_cause_first(fault):
    with fault.made():
        found = awaited(lambda: first_cause(fault.name), fault.cause, 240)
    assert found == fault.cause
    if fault.heals:
        assert awaited(lambda: first_cause("hbase"), "", 300) == ""


def first_cause(name: str) -> str:
    """The cause that the playbook diagnose names first; empty for a healthy cache."""
    found = played("diagnose", {"fluid_name": name})
    [line, *_rest] = found.passed_on[f"default/{name}"]["causes"]
    print(line)
    return "" if line.startswith("no cause") else line.partition(":")[0].removesuffix(" (may be unrelated)")
