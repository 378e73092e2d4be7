# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import names
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef


def test_what_fluid_names_after_a_dataset():
    assert names.volume_name(ObjectRef("data", "hbase")) == "data-hbase"
    assert names.claim_name("hbase") == "hbase"
    assert names.master_pod("hbase", 2) == "hbase-master-2"
    assert names.stateful_set_name("hbase") == "hbase-master"
    assert names.config_map_name("hbase") == "hbase-config"


def test_by_which_labels_its_pods_are_found():
    assert names.release_selector("hbase") == "release=hbase"
    assert names.master_selector("hbase") == "release=hbase,role=alluxio-master"


UID = "4e0fd0ae-2bd5-4b9c-b3ad-53f9dfc1a0b5"


@pytest.mark.parametrize(("namespace", "name", "worker", "fuse"), [
    ("data", "hbase", "data-hbase", "data-hbase"),
    ("n" * 20, "d" * 22, f"{'n' * 20}-{'d' * 22}", f"{'n' * 20}-{'d' * 22}"),
    ("n" * 20, "d" * 23, UID, f"{'n' * 20}-{'d' * 23}"),
    ("n" * 20, "d" * 31, UID, UID),
])
def test_labels_of_63_characters_have_the_uid(namespace, name, worker, fuse):
    """As Fluid builds them (pkg/utils/label.go)."""
    ref = ObjectRef(namespace, name)
    assert names.worker_label(ref, UID) == f"fluid.io/s-alluxio-{worker}"
    assert names.fuse_label(ref, UID) == f"fluid.io/f-{fuse}"
    assert {names.worker_label(ref, UID), names.fuse_label(ref, UID)} <= set(names.node_labels(ref, UID))


def test_all_labels_of_a_node():
    assert sorted(names.node_labels(ObjectRef("data", "hbase"), UID)) == [
        "fluid.io/f-data-hbase", "fluid.io/s-alluxio-data-hbase", "fluid.io/s-data-hbase",
        "fluid.io/s-h-alluxio-d-data-hbase", "fluid.io/s-h-alluxio-m-data-hbase",
        "fluid.io/s-h-alluxio-t-data-hbase"]
