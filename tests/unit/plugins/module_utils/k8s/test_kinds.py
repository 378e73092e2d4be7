# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds


@pytest.mark.parametrize(("kind", "namespace", "name", "path"), [
    pytest.param(fluid_kinds.DATASET, "data", "hbase", "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets/hbase", id="one"),
    pytest.param(fluid_kinds.DATASET, "data", None, "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets", id="a-namespaces"),
    pytest.param(fluid_kinds.DATASET, None, None, "/apis/data.fluid.io/v1alpha1/datasets", id="all"),
    pytest.param(kinds.POD, "data", "x", "/api/v1/namespaces/data/pods/x", id="core-group"),
    pytest.param(kinds.NODE, None, "node1", "/api/v1/nodes/node1", id="cluster-scoped"),
    pytest.param(kinds.PERSISTENT_VOLUME, "data", "x", "/api/v1/persistentvolumes/x", id="cluster-scoped-with-namespace"),
    pytest.param(kinds.POD, "data", "a/../b", "/api/v1/namespaces/data/pods/a%2F..%2Fb", id="quoted"),
])
def test_path(kind, namespace, name, path):
    assert kind.path(namespace, name) == path


def test_names_for_messages_and_roles():
    assert fluid_kinds.ALLUXIO_RUNTIME.api_version == "data.fluid.io/v1alpha1"
    assert kinds.POD.api_version == "v1"
    assert fluid_kinds.DATASET.resource == "datasets.data.fluid.io"
    assert kinds.POD.resource == "pods"
    assert fluid_kinds.DATASET.describe("hbase", "data") == "Dataset hbase in namespace data"
    assert kinds.NODE.describe("node1", "data") == "Node node1"


def test_every_runtime_that_fluid_defines_can_bind_a_dataset():
    # The *runtimes.data.fluid.io definitions of Fluid 1.0.8's chart.
    assert {kind.plural for kind in fluid_kinds.RUNTIMES} == {
        "alluxioruntimes", "efcruntimes", "goosefsruntimes", "jindoruntimes", "juicefsruntimes", "thinruntimes",
        "vineyardruntimes"}
