# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import (
    ObjectRef,
    annotations_of,
    ref_to,
)


@pytest.mark.parametrize(("kind", "namespace", "path"), [
    pytest.param(fluid_kinds.DATASET, "data", "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets",
                 id="a-namespaces"),
    pytest.param(fluid_kinds.DATASET, None, "/apis/data.fluid.io/v1alpha1/datasets", id="all"),
    pytest.param(kinds.POD, "data", "/api/v1/namespaces/data/pods", id="core-group"),
    pytest.param(kinds.NODE, None, "/api/v1/nodes", id="cluster-scoped"),
    pytest.param(kinds.NODE, "data", "/api/v1/nodes", id="cluster-scoped-with-namespace"),
    pytest.param(kinds.POD, "a/b", "/api/v1/namespaces/a%2Fb/pods", id="quoted"),
])
def test_collection_path(kind, namespace, path):
    assert kind.collection_path(namespace) == path


@pytest.mark.parametrize(("kind", "namespace", "name", "path"), [
    pytest.param(fluid_kinds.DATASET, "data", "hbase",
                 "/apis/data.fluid.io/v1alpha1/namespaces/data/datasets/hbase", id="one"),
    pytest.param(kinds.POD, "data", "x", "/api/v1/namespaces/data/pods/x", id="core-group"),
    pytest.param(kinds.NODE, None, "node1", "/api/v1/nodes/node1", id="cluster-scoped"),
    pytest.param(kinds.PERSISTENT_VOLUME, "data", "x", "/api/v1/persistentvolumes/x",
                 id="cluster-scoped-with-namespace"),
    pytest.param(kinds.POD, "data", "a/../b", "/api/v1/namespaces/data/pods/a%2F..%2Fb", id="quoted"),
])
def test_path(kind, namespace, name, path):
    assert kind.path(ObjectRef(namespace, name)) == path


@pytest.mark.parametrize(("metadata", "ref"), [
    ({"name": "hbase", "namespace": "data"}, ObjectRef("data", "hbase")),
    ({"name": "node1"}, ObjectRef(None, "node1")),
], ids=["namespaced", "cluster-scoped"])
def test_a_reference_is_taken_from_an_object(metadata, ref):
    assert ref_to({"metadata": metadata}) == ref


def test_a_reference_is_equal_to_the_pair_of_its_names():
    assert ObjectRef("data", "hbase") == ("data", "hbase")
    assert {ObjectRef("data", "hbase"): 1}["data", "hbase"] == 1


@pytest.mark.parametrize("existing", [
    {}, {"metadata": None}, {"metadata": {}}, {"metadata": {"annotations": None}},
])
def test_an_object_without_annotations_has_none(existing):
    assert annotations_of(existing) == {}


def test_annotations():
    assert annotations_of({"metadata": {"annotations": {"a": "b"}}}) == {"a": "b"}


def test_names_for_messages_and_roles():
    assert fluid_kinds.ALLUXIO_RUNTIME.api_version == "data.fluid.io/v1alpha1"
    assert kinds.POD.api_version == "v1"
    assert fluid_kinds.DATASET.resource == "datasets.data.fluid.io"
    assert kinds.POD.resource == "pods"
    assert fluid_kinds.DATASET.describe(ObjectRef("data", "hbase")) == "Dataset hbase in namespace data"
    assert kinds.NODE.describe(ObjectRef("data", "node1")) == "Node node1"
