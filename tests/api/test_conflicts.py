# SPDX-License-Identifier: GPL-3.0-or-later
"""Other people's fields, and changes that come between a read and a write."""

import pytest
from raw_api import FLUID

# Who writes what, and when, is decided by these tests alone.
pytestmark = pytest.mark.usefixtures("fluid")

MOUNTS = [{"name": "hbase", "mount_point": "https://host/hbase/"}]


@pytest.fixture
def path(namespace):
    return f"{FLUID}/namespaces/{namespace}/datasets/hbase"


@pytest.fixture
def by_kubectl(api, path):
    """Apply fields as `kubectl apply --server-side` does."""
    def apply(spec=None, labels=None):
        metadata = {"name": "hbase", **({"labels": labels} if labels else {})}
        return api.apply(path,
                         {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset", "metadata": metadata,
                          **({"spec": spec} if spec else {})}, "kubectl")
    return apply


def test_a_value_that_a_person_applied_is_a_conflict(succeed, fail, existing, by_kubectl):
    succeed("dataset", name="hbase", mounts=MOUNTS, placement="Shared")
    by_kubectl({"placement": "Exclusive"})
    for check in (True, False):
        result = fail("dataset", check=check, name="hbase", mounts=MOUNTS, placement="Shared")
        assert ("spec.placement was set by field manager kubectl; set force_conflicts: true to take over"
                in result["msg"])
        assert result["conflicts"] == [{"field": "spec.placement", "manager": "kubectl"}]
    assert existing("datasets")["spec"]["placement"] == "Exclusive"


def test_force_conflicts_takes_the_field(succeed, existing, by_kubectl):
    succeed("dataset", name="hbase", placement="Shared")
    by_kubectl({"placement": "Exclusive"})
    forced = {"name": "hbase", "placement": "Shared", "force_conflicts": True}
    predicted = succeed("dataset", check=True, **forced)
    done = succeed("dataset", **forced)
    assert done["diff"] == predicted["diff"] == {
        "before": {"spec": {"placement": "Exclusive"}}, "after": {"spec": {"placement": "Shared"}}}
    assert existing("datasets")["spec"]["placement"] == "Shared"
    assert not succeed("dataset", **forced)["changed"]
    assert not succeed("dataset", name="hbase", placement="Shared")["changed"]


def test_the_same_value_is_no_conflict(succeed, by_kubectl):
    by_kubectl({"placement": "Shared"})
    assert not succeed("dataset", name="hbase", placement="Shared")["changed"]


def test_an_empty_spec_that_a_person_made_holds_nothing(succeed, existing, api, path):
    """managedFields says f:spec: {} of it, as of an atomic value; to server-side apply it is no conflict."""
    api.create(path.removesuffix("/hbase"),
               {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset", "metadata": {"name": "hbase"},
                "spec": {}}, "kubectl-create")
    assert succeed("dataset", name="hbase", placement="Shared")["changed"]
    assert existing("datasets")["spec"] == {"placement": "Shared"}


def test_an_atomic_value_that_a_person_set_is_held_as_a_whole(succeed, fail, by_kubectl):
    def affinity(value):
        expression = {"key": "disk", "operator": "In", "values": [value]}
        return {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    by_kubectl({"nodeAffinity": {"required": affinity("ssd")}})
    assert fail("dataset", name="hbase", node_affinity=affinity("hdd"))["conflicts"] == [
        {"field": "spec.nodeAffinity.required.nodeSelectorTerms", "manager": "kubectl"}]
    assert succeed("dataset", name="hbase", node_affinity=affinity("hdd"), force_conflicts=True)["changed"]


def test_an_edit_is_named_by_its_manager(succeed, fail, api, path):
    succeed("dataset", name="hbase", mounts=MOUNTS, labels={"team": "search"})
    api.patch(path,
              {"metadata": {"labels": {"team": "ads"}},
               "spec": {"mounts": [{"mountPoint": "s3://b/", "name": "b"}]}}, "kubectl-edit")
    result = fail("dataset", name="hbase", mounts=MOUNTS, labels={"team": "search"})
    assert sorted(result["conflicts"], key=lambda each: each["field"]) == [
        {"field": "metadata.labels.team", "manager": "kubectl-edit"},
        {"field": "spec.mounts", "manager": "kubectl-edit"}]


def test_what_others_set_beside_ours_stays(succeed, existing, by_kubectl):
    succeed("dataset", name="hbase", placement="Shared", labels={"ours": "1"})
    by_kubectl({"owner": {"uid": 1, "gid": 1, "user": "u", "group": "g"}}, {"theirs": "x"})
    succeed("dataset", name="hbase", labels={"ours": "2"})
    after = existing("datasets")
    assert after["metadata"]["labels"] == {"ours": "2", "theirs": "x"}
    assert after["spec"] == {"owner": {"uid": 1, "gid": 1, "user": "u", "group": "g"}}


def test_a_dropped_option_that_a_person_applied_too_is_a_conflict(succeed, fail, by_kubectl):
    succeed("dataset", name="hbase", placement="Shared")
    by_kubectl({"placement": "Shared"})
    assert fail("dataset", name="hbase")["conflicts"] == [{"field": "spec.placement", "manager": "kubectl"}]


def test_fluids_own_controllers_are_not_foreign(succeed, fluid, existing):
    level = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}
    succeed("alluxio_runtime", name="hbase", tieredstore=[level], properties={"a": "1"})
    fluid.write_back("hbase")
    managers = {entry["manager"] for entry in existing("alluxioruntimes")["metadata"]["managedFields"]}
    assert managers == {"datacache.fluid", "alluxioruntime-controller"}
    assert succeed("alluxio_runtime", name="hbase", tieredstore=[{**level, "quota": "3Gi"}])["changed"]
    spec = existing("alluxioruntimes")["spec"]
    assert (spec["tieredstore"]["levels"][0]["quota"], "properties" in spec) == ("3Gi", False)


def test_a_drifted_field_is_put_right_again(succeed, fluid, api, existing, path):
    """Fluid's own write against ours is no conflict, and the recorded wish is enough to see it."""
    succeed("dataset", name="hbase", placement="Shared")
    api.patch(path, {"spec": {"placement": "Exclusive"}}, "dataset-controller")
    assert succeed("dataset", name="hbase", placement="Shared")["changed"]
    assert existing("datasets")["spec"]["placement"] == "Shared"


def test_two_modules_keep_their_wishes_on_one_object_apart(succeed, existing):
    capacity = "pvc.fluid.io/resources.requests.storage"
    succeed("dataset", name="hbase", annotations={"note": "x"})
    succeed("dataset_volume", name="hbase", capacity="100Gi")
    assert not succeed("dataset", name="hbase", annotations={"note": "x"})["changed"]
    assert succeed("dataset", name="hbase")["changed"]
    assert capacity in existing("datasets")["metadata"]["annotations"]
    assert not succeed("dataset_volume", name="hbase", capacity="100Gi")["changed"]
    assert succeed("dataset_volume", name="hbase")["changed"]
    assert capacity not in existing("datasets")["metadata"]["annotations"]


# -- between a read and a write ----------------------------------------------------------------


def test_a_change_in_between_is_kept(succeed, api, existing, between, sent, path):
    succeed("dataset", name="hbase", placement="Shared")
    sent.clear()
    between(lambda: api.patch(path, {"metadata": {"labels": {"theirs": "x"}}}, "kubectl-label"))
    assert succeed("dataset", name="hbase", placement="Exclusive")["changed"]
    after = existing("datasets")
    assert (after["spec"]["placement"], after["metadata"]["labels"]) == ("Exclusive", {"theirs": "x"})
    assert [method for method, _path in sent] == ["GET", "PATCH", "GET", "PATCH"]


def test_a_foreign_value_that_comes_in_between_is_a_conflict(succeed, fail, api, existing, between, path):
    succeed("dataset", name="hbase", placement="Shared", labels={"team": "search"})
    between(lambda: api.patch(path, {"spec": {"placement": "Exclusive"}}, "kubectl-edit"))
    result = fail("dataset", name="hbase", placement="Shared", labels={"team": "ads"})
    assert result["conflicts"] == [{"field": "spec.placement", "manager": "kubectl-edit"}]
    after = existing("datasets")
    assert (after["spec"]["placement"], after["metadata"]["labels"]) == ("Exclusive", {"team": "search"})


def test_an_object_that_never_rests_is_given_up(succeed, fail, api, between, existing, path):
    succeed("dataset", name="hbase", placement="Shared")
    between(*[lambda number=number: api.patch(path, {"metadata": {"labels": {"n": str(number)}}})
              for number in range(5)])
    message = fail("dataset", name="hbase", placement="Exclusive")["msg"]
    assert "changed 5 times between read and write" in message
    assert existing("datasets")["spec"]["placement"] == "Shared"


def test_an_object_that_is_being_deleted_is_not_present(succeed, fail, api, fluid, path):
    succeed("dataset", name="hbase")
    fluid.take_up("datasets", "hbase")
    api.delete(path)
    assert "has been terminating since" in fail("dataset", name="hbase")["msg"]
    assert "fluid-dataset-controller-finalizer" in fail("dataset", name="hbase", placement="Shared")["msg"]
    assert not succeed("dataset", name="hbase", state="absent")["changed"]
