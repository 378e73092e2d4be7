# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.module import info

DATASET = fluid_kinds.DATASET


@pytest.fixture
def read(cluster):
    """Read with these selection options and return [(namespace, name)]."""
    for namespace, name, team in (("x", "a", "one"), ("x", "b", "two"), ("y", "a", "two")):
        cluster.put(DATASET, {"metadata": {"name": name, "namespace": namespace, "labels": {"team": team}}})

    def run(**given):
        nothing = {"name": None, "names": None, "namespace": None, "namespaces": None, "label_selectors": [],
                   "field_selectors": []}
        found = info.read(cluster, DATASET, nothing | given)
        return [(existing["metadata"]["namespace"], existing["metadata"]["name"]) for existing in found]
    return run


@pytest.mark.parametrize(("given", "found", "requests"), [
    pytest.param({}, [("x", "a"), ("y", "a"), ("x", "b")], ["list"], id="all"),
    pytest.param({"namespace": "x"}, [("x", "a"), ("x", "b")], ["list"], id="of-a-namespace"),
    pytest.param({"namespaces": ["x", "y"]}, [("x", "a"), ("x", "b"), ("y", "a")], ["list"] * 2,
                 id="of-two-namespaces"),
    pytest.param({"name": "a", "namespace": "x"}, [("x", "a")], ["get"], id="one"),
    pytest.param({"name": "c", "namespace": "x"}, [], ["get"], id="none-of-that-name"),
    pytest.param({"names": ["a", "b"], "namespaces": ["x", "y"]}, [("x", "a"), ("x", "b"), ("y", "a")],
                 ["get"] * 4, id="names"),
    pytest.param({"name": "a"}, [("x", "a"), ("y", "a")], ["list"], id="of-a-name-in-all-namespaces"),
    pytest.param({"names": ["b", "c"]}, [("x", "b")], ["list"], id="of-names-in-all-namespaces"),
    pytest.param({"label_selectors": ["team=two"]}, [("y", "a"), ("x", "b")], ["list"], id="by-label"),
    pytest.param({"name": "a", "namespace": "x", "label_selectors": ["team=two"]}, [], ["list"],
                 id="by-name-and-label"),
    pytest.param({"namespace": "x", "field_selectors": ["metadata.name=b"]}, [("x", "b")], ["list"],
                 id="by-field"),
    pytest.param({"names": []}, [], [], id="no-names-are-nothing"),
    pytest.param({"namespaces": []}, [], [], id="no-namespaces-are-nothing"),
])
def test_read(cluster, read, given, found, requests):
    assert read(**given) == found
    assert [verb for verb, _plural in cluster.requests] == requests


@pytest.mark.parametrize("given", [
    pytest.param({"name": "", "namespace": "x"}, id="empty-name"),
    pytest.param({"names": ["a", "A/b"], "namespace": "x"}, id="name-that-cannot-be"),
    pytest.param({"name": "a", "namespace": ""}, id="empty-namespace"),
    pytest.param({"name": "a", "namespaces": ["x", ""]}, id="empty-namespace-in-a-list"),
])
def test_names_that_would_address_something_else_are_refused(cluster, read, given):
    with pytest.raises(InvalidInput):
        read(**given)
    assert cluster.requests == []
