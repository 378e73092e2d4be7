# SPDX-License-Identifier: GPL-3.0-or-later
"""The next actions of a removal and what holds the objects, decided from values."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.removal import plan
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.removal.plan import Item, Observed

REF = ObjectRef("data", "hbase")
OF_DATASET, OF_RUNTIME = "fluid-dataset-controller-finalizer", "alluxio-runtime-controller-finalizer"
USER = {"name": "app", "node": "node1"}


def item(kind, name="hbase", terminating=False, node="", **metadata):
    existing = {"metadata": {"name": name, "namespace": "data", "resourceVersion": "7", **metadata},
                "spec": {"nodeName": node}}
    if terminating:
        existing["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return Item(kind, existing)


def dataset(*finalizers, **how):
    return item(fluid_kinds.DATASET, finalizers=list(finalizers or [OF_DATASET]), **how)


def runtime(**how):
    return item(fluid_kinds.ALLUXIO_RUNTIME, finalizers=[OF_RUNTIME], **how)


def observed(**what):
    return Observed(REF, "uid", **what)


CLAIM = item(kinds.PERSISTENT_VOLUME_CLAIM)
VOLUME = item(kinds.PERSISTENT_VOLUME, "data-hbase")
POD = item(kinds.POD, "hbase-master-0", node="node1")
WORKLOAD = item(kinds.STATEFUL_SET, "hbase-master")
PROBE = item(kinds.POD, "probe")
ENDING = dataset(terminating=True)
ENDING_RUNTIME = runtime(terminating=True)
LOST = frozenset({"node1"})


@pytest.mark.parametrize(("state", "force", "expected"), [
    (observed(dataset=dataset(), runtime=runtime(), claim=CLAIM), True, ["delete Dataset hbase"]),
    (observed(dataset=dataset(), users=(USER,), claim=CLAIM), True, []),
    (observed(dataset=dataset(), references=("team/copy",)), True, []),
    (observed(runtime=runtime(), users=(USER,), claim=CLAIM), True, []),
    (observed(dataset=ENDING, runtime=runtime()), False, []),
    (observed(dataset=ENDING, runtime=runtime()), True, ["patch Dataset hbase"]),
    (observed(dataset=ENDING, users=(USER,), claim=CLAIM), True, []),
    (observed(dataset=ENDING, references=("team/copy",)), True, []),
    (observed(dataset=ENDING, probes=(PROBE,)), False, ["delete Pod probe"]),
    (observed(runtime=runtime(), claim=CLAIM), False, ["delete AlluxioRuntime hbase"]),
    (observed(runtime=ENDING_RUNTIME, pods=(POD,)), False, []),
    (observed(runtime=ENDING_RUNTIME, pods=(POD,)), True, ["patch AlluxioRuntime hbase"]),
    (observed(runtime=ENDING_RUNTIME, pods=(POD,), lost_nodes=LOST), True,
     ["delete without grace period Pod hbase-master-0", "patch AlluxioRuntime hbase"]),
    (observed(runtime=ENDING_RUNTIME, users=(USER,), claim=CLAIM), True, []),
    (observed(claim=CLAIM, volume=VOLUME), False, ["delete PersistentVolumeClaim hbase"]),
    (observed(claim=CLAIM, volume=VOLUME, users=(USER,)), True, []),
    (observed(volume=VOLUME), False, ["delete PersistentVolume data-hbase"]),
    (observed(rendered=(WORKLOAD,), pods=(POD,)), False, []),
    (observed(rendered=(WORKLOAD,), pods=(POD,)), True,
     ["delete StatefulSet hbase-master", "delete Pod hbase-master-0"]),
    (observed(), True, []),
])
def test_the_next_actions(state, force, expected):
    """Both controllers do not run."""
    found = plan.acts(state, force, {OF_DATASET, OF_RUNTIME})
    assert [f"{act.verb} {act.item.text.partition(' in ')[0]}" for act in found] == expected


def test_only_the_finalizers_of_idle_controllers_are_removed():
    both = dataset(OF_DATASET, "backup.example/guard", terminating=True)
    [act] = plan.acts(observed(dataset=both), True, {OF_DATASET})
    assert act.patch == {"metadata": {"finalizers": ["backup.example/guard"], "resourceVersion": "7"}}
    assert plan.acts(observed(dataset=both), True, set()) == []


@pytest.mark.parametrize(("controllers", "expected"), [
    ({OF_DATASET: (0, 0)}, {OF_DATASET}), ({OF_DATASET: (0, 1)}, {OF_DATASET}),
    ({OF_DATASET: (1, 1)}, set()), ({OF_DATASET: None}, set()), ({}, set())])
def test_a_controller_that_could_not_be_read_counts_as_running(controllers, expected):
    assert plan.stalled(observed(dataset=ENDING, controllers=controllers)) == expected


IDLE, RUNS = {OF_DATASET: (0, 0)}, {OF_DATASET: (1, 1)}


@pytest.mark.parametrize(("state", "without", "with_force"), [
    (observed(), False, False),
    (observed(dataset=dataset(), runtime=runtime(), pods=(POD,), controllers=RUNS), False, False),
    (observed(dataset=dataset(), controllers=IDLE), True, False),
    (observed(dataset=dataset(OF_DATASET, "foregroundDeletion"), controllers=RUNS), False, False),
    (observed(dataset=dataset("backup.example/guard")), True, True),
    (observed(dataset=dataset(), references=("team/copy",), controllers=RUNS), True, True),
    (observed(dataset=dataset(), claim=CLAIM, users=(USER,), controllers=RUNS), True, True),
    (observed(claim=CLAIM, volume=VOLUME, users=(USER,)), True, True),
    (observed(claim=CLAIM, volume=VOLUME), False, False),
    (observed(dataset=dataset(), pods=(POD,), lost_nodes=LOST, controllers=RUNS), True, False),
    (observed(rendered=(WORKLOAD,)), True, False),
    (observed(rendered=(item(kinds.STATEFUL_SET, terminating=True),)), False, False),
])
def test_whether_a_removal_could_not_finish(state, without, with_force):
    assert (plan.blocked(state, False), plan.blocked(state, True)) == (without, with_force)


def test_the_text_names_what_is_held_first():
    state = observed(dataset=dataset(), claim=CLAIM, users=(USER,), rendered=tuple(
        item(kinds.SERVICE, f"hbase-master-{index}") for index in range(12)))
    text = plan.text_of(plan.remaining(state, False))
    assert text.startswith(
        "Dataset hbase in namespace data, held by: pod app on node node1 uses the claim hbase: delete it "
        "first; PersistentVolumeClaim hbase in namespace data, Service")
    assert text.endswith(", and 3 more")


@pytest.mark.parametrize(("labels", "patch"), [
    ({"fluid.io/s-alluxio-data-hbase": "true", "fluid.io/dataset-num": "3", "zone": "a"},
     {"fluid.io/s-alluxio-data-hbase": None, "fluid.io/dataset-num": "2"}),
    ({"fluid.io/s-alluxio-data-hbase": "true", "fluid.io/dataset-num": "1", "fluid_exclusive": "data_hbase"},
     {"fluid.io/s-alluxio-data-hbase": None, "fluid.io/dataset-num": None, "fluid_exclusive": None}),
    # A FUSE pod alone is not counted, and another cache's label stays.
    ({"fluid.io/f-data-hbase": "true", "fluid.io/dataset-num": "1", "fluid_exclusive": "data_spark"},
     {"fluid.io/f-data-hbase": None}),
])
def test_the_labels_of_a_node(labels, patch):
    [act] = plan.acts(observed(nodes=(item(kinds.NODE, "node1", labels=labels),)), True, set())
    assert act.patch == {"metadata": {"labels": patch, "resourceVersion": "7"}}
