# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a field, on objects whose managedFields were recorded from a real API server."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply.managed_fields import (
    Holder,
    foreign_holders,
    is_foreign,
)
from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import Change


def held(existing, *paths):
    return foreign_holders(existing, tuple(Change(tuple(path.split("/"))) for path in paths))


@pytest.mark.parametrize("manager", [
    "datacache.fluid", "volume.datacache.fluid", "dataset-controller", "alluxioruntime-controller",
    "fluidapp-controller",
])
def test_our_and_fluids_managers_are_not_foreign(manager):
    assert not is_foreign(manager)


@pytest.mark.parametrize("manager",
                         ["kubectl-edit", "kubectl-client-side-apply", "helm", "argocd-controller", ""])
def test_others_are_foreign(manager):
    assert is_foreign(manager)


def test_nothing_is_foreign_on_a_runtime_that_fluid_has_written_back(recorded):
    existing = recorded("alluxio_runtime_ready.json")
    assert held(existing, "spec/replicas", "spec/master/replicas", "spec/tieredstore/levels",
                "metadata/labels/team") == []


@pytest.mark.parametrize(("path", "managers"), [
    pytest.param("spec/replicas", ["kubectl-scale"], id="a-field-that-a-person-set"),
    pytest.param("spec/master/replicas", ["kubectl-edit"], id="a-nested-field"),
    pytest.param("spec/tieredstore/levels", ["kubectl-edit"], id="a-list-as-a-whole"),
    pytest.param("metadata/labels/team", ["kubectl-edit"], id="a-map-key"),
    pytest.param("metadata/labels/tier", [], id="another-key-of-that-map"),
    pytest.param("spec/master/networkMode", [], id="a-field-beside-a-foreign-one"),
    pytest.param("spec/properties/a", [], id="a-field-that-nobody-holds"),
])
def test_foreign_fields(recorded, path, managers):
    existing = recorded("alluxio_runtime_foreign.json")
    assert held(existing, path) == [Holder(path.replace("/", "."), manager) for manager in managers]


def test_holders_come_in_the_order_of_the_changes(recorded):
    existing = recorded("alluxio_runtime_foreign.json")
    assert [holder.field for holder in held(existing, "spec/tieredstore/levels", "metadata/labels/team",
                                            "spec/replicas")] == [
        "spec.tieredstore.levels", "metadata.labels.team", "spec.replicas"]


def entry(manager, fields):
    return {"manager": manager, "fieldsV1": {"f:spec": fields}}


@pytest.mark.parametrize(("entries", "spec", "managers"), [
    pytest.param([entry("kubectl", {})], {}, [], id="an-empty-spec-says-nothing-of-what-is-in-it"),
    pytest.param([entry("kubectl", {"f:nodeAffinity": {}})], {"nodeAffinity": {}}, [],
                 id="nor-does-an-empty-struct"),
    pytest.param([entry("kubectl", {}), entry("dataset-controller", {"f:nodeAffinity": {}})],
                 {"nodeAffinity": {"x": 1}}, [],
                 id="nor-when-others-have-filled-it"),
    pytest.param([entry("kubectl", {"f:nodeAffinity": {"f:required": {}}})],
                 {"nodeAffinity": {"required": {"x": [1]}}}, ["kubectl"],
                 id="an-atomic-struct-is-held-as-a-whole"),
    pytest.param([entry("kubectl", {"f:nodeAffinity": {"f:required": {"f:x": {}}}})],
                 {"nodeAffinity": {"required": {"x": [1]}}},
                 ["kubectl"], id="the-field-itself"),
])
def test_what_an_empty_set_means(entries, spec, managers):
    existing = {"metadata": {"managedFields": entries}, "spec": spec}
    assert [holder.manager for holder in held(existing, "spec/nodeAffinity/required/x")] == managers


def test_who_writes_the_status_holds_no_field_of_ours():
    existing = {"metadata": {"managedFields": [
        {"manager": "someone", "subresource": "status",
         "fieldsV1": {"f:status": {"f:phase": {}}, "f:spec": {}}}]}}
    assert held(existing, "spec/replicas") == []


@pytest.mark.parametrize("metadata", [{}, {"managedFields": None}, {"managedFields": [{"manager": "x"}]}],
                         ids=["none", "null", "without-fields"])
def test_an_object_without_managed_fields_has_no_holders(metadata):
    assert held({"metadata": metadata}, "spec/replicas") == []
