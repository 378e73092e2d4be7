# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against a cluster in memory: what it writes, what it leaves, what it reports."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply import (
    field_manager,
    last_applied,
    reconcile,
    update,
)
from ansible_collections.datacache.fluid.plugins.module_utils.apply.field_manager import ROUNDS
from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Outcome, Write
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    WriteConflict,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

DATASET = fluid_kinds.DATASET
REF = ObjectRef("data", "hbase")
WEB = {"mountPoint": "https://host/a/", "name": "a"}


def manifest(labels=None, **spec):
    metadata = {"name": "hbase", "namespace": "data", **({"labels": labels} if labels else {})}
    return {"apiVersion": DATASET.api_version, "kind": DATASET.kind, "metadata": metadata, "spec": spec}


@pytest.fixture
def apply(cluster):
    def run(desired, known="read", **how):
        existing = cluster.get(DATASET, REF) if known == "read" else known
        return reconcile.apply(cluster, DATASET, desired, Write(**how), existing)
    return run


@pytest.fixture
def remove(cluster):
    def run(known="read", dry_run=False):
        existing = cluster.get(DATASET, REF) if known == "read" else known
        return reconcile.remove(cluster, DATASET, REF, dry_run, existing)
    return run


def spec_of(cluster):
    return cluster.stored(DATASET, "hbase", "data")["spec"]


def foreign(manager, **fields):
    return {"manager": manager, "operation": "Update", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": fields}}


# -- apply -------------------------------------------------------------------------------------


def test_create(cluster, apply):
    outcome = apply(manifest(labels={"team": "x"}, mounts=[WEB], placement="Shared"))
    assert outcome.changed
    assert outcome.diff == {
        "before": {}, "after": {"metadata": {"labels": {"team": "x"}},
                                "spec": {"mounts": [WEB], "placement": "Shared"}}}
    assert cluster.requests == [("get", "datasets"), ("create", "datasets")]
    stored = cluster.stored(DATASET, "hbase", "data")
    assert (stored["spec"], stored["metadata"]["labels"]) == (
        {"mounts": [WEB], "placement": "Shared"}, {"team": "x"})
    assert outcome.result()["metadata"]["uid"] == stored["metadata"]["uid"]


def test_create_of_an_object_that_asks_for_nothing(cluster, apply):
    assert apply(manifest()).changed
    assert spec_of(cluster) == {}


def test_an_unchanged_object_costs_nothing_beyond_its_read(cluster, apply):
    apply(manifest(mounts=[WEB]))
    cluster.requests.clear()
    outcome = apply(manifest(mounts=[WEB]))
    assert not outcome.changed
    assert outcome.diff == {"before": {}, "after": {}}
    assert cluster.requests == [("get", "datasets")]


def test_change(cluster, apply):
    apply(manifest(mounts=[WEB], placement="Shared"))
    cluster.requests.clear()
    outcome = apply(manifest(mounts=[WEB], placement="Exclusive"))
    assert outcome.diff == {
        "before": {"spec": {"placement": "Shared"}}, "after": {"spec": {"placement": "Exclusive"}}}
    assert cluster.requests == [("get", "datasets"), ("patch", "datasets")]
    assert spec_of(cluster) == {"mounts": [WEB], "placement": "Exclusive"}


def test_an_option_that_is_dropped_is_removed(cluster, apply):
    apply(manifest(mounts=[WEB], placement="Shared"))
    outcome = apply(manifest(mounts=[WEB]))
    assert outcome.diff == {"before": {"spec": {"placement": "Shared"}}, "after": {}}
    assert spec_of(cluster) == {"mounts": [WEB]}
    assert not apply(manifest(mounts=[WEB])).changed


def test_an_option_is_removed_although_fluid_took_over_its_field(cluster, apply):
    apply(manifest(mounts=[{**WEB, "readOnly": True}]))
    cluster.change(DATASET, "hbase", "data", {
        "metadata": {"managedFields": [foreign("dataset-controller", **{"f:mounts": {}})]},
        "spec": {"mounts": [{**WEB, "readOnly": True, "shared": False}]}})
    assert apply(manifest(mounts=[WEB])).changed
    assert spec_of(cluster) == {"mounts": [{**WEB, "shared": False}]}


def test_what_others_set_beside_ours_stays(cluster, apply):
    apply(manifest(labels={"ours": "1"}, placement="Shared"))
    cluster.change(DATASET, "hbase", "data",
                   {"metadata": {"labels": {"theirs": "1"}}, "spec": {"owner": {"uid": 1}}})
    apply(manifest(labels={"ours": "2"}))
    stored = cluster.stored(DATASET, "hbase", "data")
    assert stored["metadata"]["labels"] == {"ours": "2", "theirs": "1"}
    assert stored["spec"] == {"owner": {"uid": 1}}


def test_two_managers_keep_their_wishes_apart(cluster, apply):
    apply(manifest(placement="Shared"))
    apply(manifest(labels={"volume": "1"}), manager="volume.datacache.fluid", create=False)
    assert spec_of(cluster) == {"placement": "Shared"}
    assert not apply(manifest(placement="Shared")).changed
    assert not apply(manifest(labels={"volume": "1"}), manager="volume.datacache.fluid").changed


@pytest.mark.parametrize("before", [None, {"mounts": [WEB]}], ids=["create", "change"])
def test_a_dry_run_predicts_and_writes_nothing(cluster, apply, before):
    if before is not None:
        apply(manifest(**before))
    stored = cluster.stored(DATASET, "hbase", "data")
    predicted = apply(manifest(placement="Shared"), dry_run=True)
    assert cluster.stored(DATASET, "hbase", "data") == stored
    done = apply(manifest(placement="Shared"))
    assert (predicted.changed, predicted.diff, predicted.changes) == (done.changed, done.diff, done.changes)
    assert predicted.result()["spec"] == done.result()["spec"]


def test_what_must_not_be_created_is_missed(cluster, apply):
    with pytest.raises(Conflict, match="Dataset hbase in namespace data does not exist"):
        apply(manifest(), create=False)
    assert cluster.writes() == []


def test_the_guard_sees_what_is_about_to_happen(cluster, apply):
    seen = []
    apply(manifest(placement="Shared"), guard=lambda existing,
          merged: seen.append((existing, [str(each) for each in merged.changes])))
    apply(manifest(placement="Exclusive"), guard=lambda existing,
          merged: seen.append((existing["spec"], [str(each) for each in merged.changes])))
    apply(manifest(placement="Exclusive"),
          guard=lambda *_args: pytest.fail("nothing is written, so nothing is guarded"))
    assert seen == [(None, ["spec.placement"]), ({"placement": "Shared"}, ["spec.placement"])]


def test_the_guard_stops_the_write(cluster, apply):
    def refuse(_live, _merged):
        raise Conflict("no")
    with pytest.raises(Conflict, match="no"):
        apply(manifest(placement="Shared"), guard=refuse)
    assert cluster.writes() == []


# -- others ------------------------------------------------------------------------------------


@pytest.fixture
def taken(cluster, apply):
    """A Dataset on which people set two fields against our wish."""
    apply(manifest(placement="Shared", accessModes=["ReadOnlyMany"]))
    cluster.change(DATASET, "hbase", "data", {
        "metadata": {"managedFields": [foreign("kubectl-edit", **{"f:placement": {}}),
                                       foreign("argocd", **{"f:accessModes": {}})]},
        "spec": {"placement": "Exclusive", "accessModes": ["ReadWriteMany"]}})


@pytest.mark.usefixtures("taken")
def test_a_foreign_value_is_a_conflict_that_names_field_and_manager(cluster, apply):
    cluster.requests.clear()
    with pytest.raises(Conflict) as conflict:
        apply(manifest(placement="Shared", accessModes=["ReadOnlyMany"]))
    assert str(conflict.value) == (
        "Dataset hbase in namespace data: spec.placement was set by field manager kubectl-edit; "
        "spec.accessModes was set by field manager argocd; set force_conflicts: true to take over, or leave "
        "these fields out")
    assert sorted(conflict.value.details["conflicts"], key=lambda each: each["field"]) == [
        {"field": "spec.accessModes", "manager": "argocd"},
        {"field": "spec.placement", "manager": "kubectl-edit"}]
    assert cluster.writes() == []


@pytest.mark.usefixtures("taken")
def test_force_conflicts_takes_foreign_fields(cluster, apply):
    assert apply(manifest(placement="Shared", accessModes=["ReadOnlyMany"]), force_conflicts=True).changed
    assert spec_of(cluster) == {"placement": "Shared", "accessModes": ["ReadOnlyMany"]}


@pytest.mark.usefixtures("taken")
def test_a_foreign_value_that_is_wished_is_no_conflict(apply):
    assert not apply(manifest(placement="Exclusive", accessModes=["ReadWriteMany"])).changed


@pytest.mark.usefixtures("taken")
def test_fields_that_are_left_out_are_no_conflict(cluster, apply):
    assert apply(manifest(labels={"team": "x"})).changed
    assert spec_of(cluster) == {"placement": "Exclusive", "accessModes": ["ReadWriteMany"]}


@pytest.mark.parametrize("desired", [{"placement": "Shared"}, {}], ids=["with-a-change", "as-it-is"])
def test_an_object_that_is_being_deleted_is_not_present(cluster, apply, desired):
    cluster.put(DATASET,
                {"metadata": {"name": "hbase", "namespace": "data",
                              "deletionTimestamp": "2026-11-23T12:00:00Z",
                              "finalizers": ["a", "b"]}, "spec": {}})
    with pytest.raises(Conflict,
                       match=r"has been terminating since 2026-11-23T12:00:00Z \(finalizers: a, b\): "
                             r"wait until it is absent"):
        apply(manifest(**desired))
    assert cluster.writes() == []


# -- between a read and a write ----------------------------------------------------------------


def test_a_change_in_between_is_kept(cluster, apply):
    apply(manifest(placement="Shared"))
    cluster.before_write(lambda: cluster.change(DATASET, "hbase", "data", {"spec": {"owner": {"uid": 1}}}))
    assert apply(manifest(placement="Exclusive")).changed
    assert spec_of(cluster) == {"placement": "Exclusive", "owner": {"uid": 1}}
    assert cluster.writes() == [("create", "datasets"), ("patch", "datasets"), ("patch", "datasets")]


def test_the_same_change_in_between_leaves_nothing_to_do(cluster, apply):
    apply(manifest(placement="Shared"))
    cluster.before_write(lambda: cluster.change(DATASET, "hbase", "data",
                                                {"spec": {"placement": "Exclusive"}}))
    assert not apply(manifest(placement="Exclusive")).changed


def test_an_object_that_is_created_in_between_is_changed_instead(cluster, apply):
    cluster.before_write(lambda: cluster.put(DATASET,
                                             {"metadata": {"name": "hbase", "namespace": "data"},
                                              "spec": {"owner": {"uid": 1}}}))
    assert apply(manifest(placement="Shared")).changed
    assert spec_of(cluster) == {"placement": "Shared", "owner": {"uid": 1}}


def test_an_object_that_is_deleted_in_between_is_created(cluster, apply):
    apply(manifest(placement="Shared"))

    def delete():
        cluster.vanish(DATASET, "hbase", "data")
        raise WriteConflict("gone", 409)

    cluster.before_write(delete)
    assert apply(manifest(placement="Exclusive")).changed
    assert spec_of(cluster) == {"placement": "Exclusive"}


def test_a_foreign_change_in_between_is_a_conflict(cluster, apply):
    apply(manifest(placement="Shared"))
    cluster.before_write(lambda: cluster.change(DATASET, "hbase", "data", {
        "metadata": {"managedFields": [foreign("kubectl-edit", **{"f:placement": {}})]}}))
    with pytest.raises(Conflict, match="spec.placement was set by field manager kubectl-edit"):
        apply(manifest(placement="Exclusive"))


def test_an_object_that_never_rests_is_given_up(cluster, apply):
    apply(manifest(placement="Shared"))
    numbers = iter(range(ROUNDS + 1))
    cluster.before_write(*[lambda: cluster.change(DATASET, "hbase", "data",
                                                  {"spec": {"n": next(numbers)}})] * ROUNDS)
    with pytest.raises(Conflict, match=f"^Dataset hbase in namespace data changed {ROUNDS} times between "
                                       "read and write: another client writes it continuously"):
        apply(manifest(placement="Exclusive"))
    assert spec_of(cluster)["placement"] == "Shared"


# -- answers that were lost --------------------------------------------------------------------


def test_a_create_whose_answer_was_lost_is_not_done_twice(cluster, apply):
    desired = manifest(placement="Shared")

    def lose_the_answer():
        cluster.put(DATASET, last_applied.write(desired, last_applied.desired_of(desired),
                                                field_manager.MANAGER))
        raise AlreadyExists("exists", 409, repeated=True)

    cluster.before_write(lose_the_answer)
    outcome = apply(desired)
    assert outcome.changed
    assert outcome.diff["after"] == {"spec": {"placement": "Shared"}}
    assert cluster.writes() == [("create", "datasets")]


def test_a_patch_whose_answer_was_lost_is_not_done_twice(cluster, apply):
    apply(manifest(placement="Shared"))

    def lose_the_answer():
        cluster.change(DATASET, "hbase", "data", {"spec": {"placement": "Exclusive"}})
        raise WriteConflict("modified", 409, repeated=True)

    cluster.before_write(lose_the_answer)
    outcome = apply(manifest(placement="Exclusive"))
    assert outcome.changed
    assert outcome.diff == {
        "before": {"spec": {"placement": "Shared"}}, "after": {"spec": {"placement": "Exclusive"}}}
    assert cluster.writes() == [("create", "datasets"), ("patch", "datasets")]


def test_what_another_one_created_meanwhile_is_not_our_change(cluster, apply):
    desired = manifest(placement="Shared")

    def be_too_late():
        cluster.put(DATASET, last_applied.write(desired, last_applied.desired_of(desired),
                                                field_manager.MANAGER))
        raise AlreadyExists("exists", 409, repeated=False)

    cluster.before_write(be_too_late)
    assert not apply(desired).changed


# -- remove ------------------------------------------------------------------------------------


def test_remove(cluster, apply, remove):
    apply(manifest())
    outcome = remove()
    assert outcome.changed
    assert outcome.diff == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert cluster.stored(DATASET, "hbase", "data") is None


def test_remove_of_nothing(cluster, remove):
    assert remove() == Outcome(False, None)
    assert cluster.writes() == []


def test_remove_of_what_is_being_deleted(cluster, apply, remove):
    apply(manifest())
    cluster.change(DATASET, "hbase", "data", {"metadata": {"finalizers": ["a"]}})
    assert remove().changed
    cluster.requests.clear()
    outcome = remove()
    assert not outcome.changed
    assert outcome.existing["metadata"]["finalizers"] == ["a"]
    assert cluster.writes() == []


def test_remove_in_a_dry_run(cluster, apply, remove):
    apply(manifest())
    predicted = remove(dry_run=True)
    assert cluster.stored(DATASET, "hbase", "data") is not None
    done = remove()
    assert (predicted.changed, predicted.diff) == (done.changed, done.diff)


def test_remove_does_not_take_another_object_for_ours(cluster, apply, remove):
    apply(manifest())
    known = cluster.stored(DATASET, "hbase", "data")
    cluster.vanish(DATASET, "hbase", "data")
    apply(manifest(placement="Shared"))
    cluster.requests.clear()
    assert remove(known).changed
    assert cluster.requests == [("delete", "datasets"), ("get", "datasets"), ("delete", "datasets")]


def test_remove_of_what_went_in_between(cluster, apply, remove):
    apply(manifest())
    cluster.before_write(lambda: cluster.vanish(DATASET, "hbase", "data"))
    assert remove().changed


def test_remove_of_what_is_made_again_and_again(cluster, apply, remove):
    apply(manifest())

    def replace():
        cluster.vanish(DATASET, "hbase", "data")
        cluster.put(DATASET, manifest())

    cluster.before_write(*[replace] * ROUNDS)
    with pytest.raises(Conflict, match=f"^Dataset hbase in namespace data changed {ROUNDS} times between "
                                       "read and write: another client writes it continuously"):
        remove()


# -- changes of an existing object -------------------------------------------------------------

NOTE = "datacache.fluid/note"


@pytest.fixture
def existing(cluster, apply):
    """A Dataset; return its annotations as they are."""
    apply(manifest(placement="Shared"))
    cluster.requests.clear()
    return lambda: cluster.stored(DATASET, "hbase", "data")["metadata"]["annotations"]


@pytest.mark.parametrize("error", [WriteConflict("modified", 409), AlreadyExists("exists", 409)],
                         ids=["modified", "exists"])
def test_an_attempt_is_made_again_when_another_write_came_in_between(error):
    script = iter([error, error, None])

    def attempt():
        failure = next(script)
        if failure:
            raise failure
        return "done"
    assert reconcile.update_with_retry("it", attempt) == "done"


def test_no_more_attempts_than_rounds():
    attempts = []

    def attempt():
        attempts.append(1)
        raise WriteConflict("modified", 409)
    with pytest.raises(Conflict) as raised:
        reconcile.update_with_retry("Dataset hbase in namespace data", attempt)
    assert str(raised.value) == (
        f"Dataset hbase in namespace data changed {ROUNDS} times between read and write: another client "
        "writes it continuously; find it in metadata.managedFields, then run this again")
    assert len(attempts) == ROUNDS


def test_another_failure_of_an_attempt_ends_it():
    def attempt():
        raise ApiError("HTTP 422", 422)
    with pytest.raises(ApiError, match="HTTP 422"):
        reconcile.update_with_retry("it", attempt)


def test_a_change_is_made_to_what_the_object_is_by_then(cluster, existing):
    cluster.before_write(lambda: cluster.change(DATASET, "hbase", "data", {"spec": {"n": 5}}))
    update.change(cluster, DATASET, REF, lambda found: {"spec": {"n": found["spec"].get("n", 0) + 1}})
    assert spec_of(cluster) == {"placement": "Shared", "n": 6}
    assert cluster.requests == [("get", "datasets"), ("patch", "datasets")] * 2


def test_a_change_that_is_none_writes_nothing(cluster, existing):
    update.change(cluster, DATASET, REF, lambda _found: None)
    assert cluster.requests == [("get", "datasets")]


def test_a_change_of_what_never_rests_is_given_up(cluster, existing):
    numbers = iter(range(ROUNDS))
    cluster.before_write(*[lambda: cluster.change(DATASET, "hbase", "data",
                                                  {"spec": {"n": next(numbers)}})] * ROUNDS)
    with pytest.raises(Conflict,
                       match="^Dataset hbase in namespace data changed 5 times between read and write"):
        update.change(cluster, DATASET, REF, lambda _found: {"spec": {"placement": "Exclusive"}})
    assert spec_of(cluster)["placement"] == "Shared"


def test_a_change_of_what_was_deleted_meanwhile_is_refused(cluster):
    with pytest.raises(Conflict, match="^Dataset hbase in namespace data no longer exists: another client "
                                       "has deleted it"):
        update.change(cluster, DATASET, REF, lambda _found: {})
    assert cluster.writes() == []


def test_require(cluster, existing):
    assert update.require(cluster, DATASET, REF) == cluster.stored(DATASET, "hbase", "data")
    with pytest.raises(Conflict, match="^Dataset other in namespace data no longer exists: another client "
                                       "has deleted it"):
        update.require(cluster, DATASET, ObjectRef("data", "other"))


def test_a_patch_of_what_has_changed_since_it_was_read_is_refused(cluster, existing):
    found = cluster.get(DATASET, REF)
    cluster.change(DATASET, "hbase", "data", {"spec": {"owner": {"uid": 1}}})
    with pytest.raises(WriteConflict):
        update.patch_as_read(cluster, DATASET, found, {"spec": {"placement": "Exclusive"}})
    assert spec_of(cluster)["placement"] == "Shared"
    update.patch_as_read(cluster, DATASET, cluster.get(DATASET, REF), {"metadata": {"labels": {"a": "b"}}})
    assert cluster.stored(DATASET, "hbase", "data")["metadata"]["labels"] == {"a": "b"}


def test_annotate_sets_one_annotation_and_keeps_the_others(cluster, existing):
    before = existing()
    update.annotate(cluster, DATASET, REF, NOTE, "one")
    assert existing() == {**before, NOTE: "one"}
    update.annotate(cluster, DATASET, REF, NOTE, "two")
    assert existing() == {**before, NOTE: "two"}
    update.annotate(cluster, DATASET, REF, NOTE, None)
    assert existing() == before


@pytest.mark.parametrize("text", ["one", None])
def test_annotate_writes_nothing_when_it_is_so_already(cluster, existing, text):
    update.annotate(cluster, DATASET, REF, NOTE, text)
    cluster.requests.clear()
    update.annotate(cluster, DATASET, REF, NOTE, text)
    assert cluster.requests == [("get", "datasets")]
