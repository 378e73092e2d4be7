# SPDX-License-Identifier: GPL-3.0-or-later
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
