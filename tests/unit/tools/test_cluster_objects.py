# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a cluster, as they are recorded and compared."""

import cluster_objects
import pytest


@pytest.mark.parametrize(("item", "key"), [
    ({"metadata": {"name": "hbase", "namespace": "data"}, "spec": {}}, "data/hbase"),
    ({"metadata": {"name": "node1"}}, "-/node1"),
    ({"metadata": {"name": "10.96.29.200"}, "spec": {"parentRef": {
        "resource": "services", "namespace": "fluid-system", "name": "fluid-pod-admission-webhook"}}},
     "fluid-system/fluid-pod-admission-webhook"),
], ids=["namespaced", "cluster", "address"])
def test_the_key_of_an_object(item, key):
    assert cluster_objects._key(item) == key
