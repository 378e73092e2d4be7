# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters of a running cache move onto claims, one at a time, whatever request a run is killed at."""

import pytest
from fake_masters import NAMESPACE
from kills import kill_at_each_request
from rollout_site import Site

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    PreconditionFailed,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.journal import (
    gate,
    replacement,
    template,
    volume,
)
from ansible_collections.datacache.fluid.plugins.module_utils.journal.replacement import (
    Interrupted,
    Replacement,
)
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import ensure

IN_ORDER = [("restart", f"hbase-master-{index}") for index in range(5)]


def declare(one, **options):
    one.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"metadata": {"annotations": {
        volume.ANNOTATION: JournalVolume("claim", **options).text()}}})


def runtime(one):
    return one.cluster.stored(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE)


def require_moved(one, members=3):
    masters = one.masters
    assert masters.whole() and len(masters.pods()) == members
    assert all(pod.on_claim for pod in masters.pods())
    assert template.on_claims(masters.workload)
    assert gate.is_present(masters.workload["spec"]["template"]["spec"])
    assert replacement.noted(runtime(one)) is None
    assert masters.most_unavailable <= 1
    assert not masters.lost_majority and not masters.only_copy


@pytest.mark.parametrize("members", [3, 5])
@pytest.mark.parametrize("leader", [0, 2])
def test_each_master_moves_in_the_order_of_the_controller(site, members, leader):
    one = site(members)
    one.masters.leader[MASTER] = f"hbase-master-{leader}"
    declare(one, size="1Gi")
    planned = one.roll(check=True)[0]
    assert planned[0] == ("configure", "")
    assert sorted(planned[1:]) == IN_ORDER[:members]
    assert one.cluster.writes() == []
    assert one.roll()[1] == [("configure", ""), *IN_ORDER[:members]]
    require_moved(one, members)
    assert one.roll() == ([], [])


@pytest.mark.parametrize("index", [3, 4])
def test_an_added_master_gets_no_claim_of_an_earlier_one(site, index):
    """An old journal may have a newer term, win an election and replace what was acknowledged since."""
    one = site()
    declare(one)
    one.roll()
    one.cluster.put(kinds.PERSISTENT_VOLUME_CLAIM, {"metadata": {
        "name": f"alluxio-journal-hbase-master-{index}", "namespace": NAMESPACE,
        "labels": {"name": "hbase-master", "role": "alluxio-master"}}})
    one.masters.declare(master={"replicas": 5})
    one.cluster.requests.clear()
    for check in (True, False):
        with pytest.raises(PreconditionFailed, match=f"journal-hbase-master-{index}; a master with an old"):
            one.roll(check=check)
    assert one.cluster.writes() == []
    one.cluster.vanish(kinds.PERSISTENT_VOLUME_CLAIM, f"alluxio-journal-hbase-master-{index}", NAMESPACE)
    one.roll()
    require_moved(one, 5)


def test_claims_that_shall_be_kept_restart_nobody(site):
    one = site()
    declare(one)
    one.roll()
    declare(one, keep=True)
    plan, done = one.roll()
    assert plan == done == [("configure", "")]
    assert one.masters.workload["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain", "whenScaled": "Delete"}
    assert one.roll() == ([], [])


def test_check_mode_shows_the_volume(site):
    one = site()
    declare(one, size="1Gi", storage_class="fast")
    plan = one.executor().plan()
    assert plan.found.before["journal"] == {"type": "emptyDir"}
    assert plan.found.after["journal"] == {
        "type": "claim", "size": "1Gi", "storage_class": "fast", "keep": False}
    assert [step.reason for step in plan.steps] == ["changes journal", *[
        "its journal moves onto a claim"] * 3]


@pytest.mark.no_cover
@pytest.mark.parametrize("spec", [{}, {"properties": {"alluxio.master.known": "2"}},
                                  {"master": {"replicas": 5}}])
def test_the_next_run_continues_after_a_kill_at_any_request(site, spec):
    def make():
        one = site()
        declare(one)
        one.masters.declare(**spec)
        return one

    def then(one, request, survived):
        if not survived:
            one.cluster.sleep(request % 5)
            try:
                one.roll()
            except Interrupted:
                Replacement(one.cluster, ObjectRef(NAMESPACE, "hbase"), one.cluster.deadline(60)).resume()
                one.roll()
        require_moved(one, spec.get("master", {}).get("replicas", 3))
        assert one.roll() == ([], [])
    assert kill_at_each_request(make, Site.roll, then, lambda request: 1 if request < 30 else 13) > 60


def test_an_interrupted_replacement_is_finished_by_the_module(site, run_rollout):
    one = site()
    declare(one)
    workload = one.masters.workload
    leave_note(one, keeps_pods=True, uid=workload["metadata"]["uid"])
    one.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", NAMESPACE)
    with pytest.raises(PreconditionFailed, match="was deleted and not created again") as raised:
        run_rollout(one, check=True)
    assert one.cluster.writes() == [] and raised.value.details == {}
    run_rollout(one)
    require_moved(one)


def leave_note(one, keeps_pods, uid="of-an-earlier-stateful-set"):
    """The note of a run that was killed before it forgot it."""
    note = replacement.Note(uid, template.replacement(
        "hbase", one.masters.workload, JournalVolume("claim"), probe=True), keeps_pods)
    one.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"metadata": {"annotations": {
        replacement.ANNOTATION: note.text()}}})


@pytest.mark.parametrize("phase", ["Ready", "NotReady"])
def test_masters_that_serve_survive_the_old_note_of_a_new_runtime(site, run_rollout, phase):
    """A person has deleted the StatefulSet with --cascade=orphan, as for larger claims."""
    one = site()
    declare(one)
    leave_note(one, keeps_pods=False)
    one.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"status": {"masterPhase": phase}})
    one.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", NAMESPACE)
    run_rollout(one)
    require_moved(one)


@pytest.mark.parametrize("text", [None, "cut off {"])
def test_a_rollout_forgets_a_note_whose_stateful_set_exists(site, text):
    one = site()
    leave_note(one, keeps_pods=False)
    if text:
        one.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"metadata": {"annotations": {
            replacement.ANNOTATION: text}}})
    assert one.roll()[0] == [("ensure_complete", "")]
    assert replacement.ANNOTATION not in runtime(one)["metadata"]["annotations"]
    assert one.roll() == ([], [])


def test_an_account_that_may_only_restart_masters_leaves_the_note(site):
    one = site()
    leave_note(one, keeps_pods=False)
    one.cluster.sleep(60)
    one.cluster.forbidden.add(("patch", "alluxioruntimes"))
    assert one.roll(restarted_after=one.masters.now())[1]
    assert replacement.noted(runtime(one)) is not None
    assert any("the note of an interrupted replacement stays" in each for each in one.warnings)


def test_a_note_that_another_run_has_finished_deletes_nothing(site, run_rollout, monkeypatch):
    """The other run acts between the look of this one and its Lease."""
    one = site()
    declare(one)
    leave_note(one, keeps_pods=True)
    workload = one.masters.workload
    one.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", NAMESPACE)

    def finish():
        one.cluster.put(kinds.STATEFUL_SET, workload)
        replacement.forget(one.cluster, ObjectRef(NAMESPACE, "hbase"))
    one.cluster.before_lease_write(finish)
    run_rollout(one)
    require_moved(one)


def before_creation(one, act):
    """Replace the creations of StatefulSets. act: gets the real creation, and whether it is a dry run."""
    real = one.cluster.create

    def create(kind, body, manager, dry_run=False):
        return (act(lambda: real(kind, body, manager, dry_run), dry_run) if kind == kinds.STATEFUL_SET
                else real(kind, body, manager, dry_run))
    one.cluster.create = create


DENIED = 'create of StatefulSet was refused: admission webhook "policy" denied it'


def test_a_stateful_set_that_would_be_refused_is_not_deleted(site):
    one = site()
    declare(one)

    def refuse(_create, _dry_run):
        raise Forbidden(DENIED, 403)
    before_creation(one, refuse)
    uid = one.masters.workload["metadata"]["uid"]
    with pytest.raises(PreconditionFailed) as raised:
        one.roll()
    assert str(raised.value) == (
        f"StatefulSet hbase-master in namespace {NAMESPACE} stays as it is, because its replacement is "
        f"refused: {DENIED}; remove the cause, then run this again")
    assert one.masters.workload["metadata"]["uid"] == uid
    assert replacement.noted(runtime(one)) is None


@pytest.mark.parametrize("in_dry_run", [
    AlreadyExists("exists", 409), ApiError('admission webhook "old" does not support dry run', 400)])
def test_a_creation_that_is_refused_after_the_deletion_is_named(site, run_rollout, in_dry_run):
    one = site()
    declare(one)
    denied = [Forbidden(DENIED, 403)]

    def refuse(create, dry_run):
        if dry_run:
            raise in_dry_run
        if denied:
            raise denied.pop()
        return create()
    before_creation(one, refuse)
    with pytest.raises(ApiError) as raised:
        run_rollout(one)
    assert str(raised.value) == (
        f"StatefulSet hbase-master in namespace {NAMESPACE} is absent, because its creation is refused: "
        f"{DENIED}; remove the cause, then run this again, which creates it")
    run_rollout(one)
    require_moved(one)


def put_without_claims(one, before):
    again = {**before, "spec": {**before["spec"], "updateStrategy": {"type": "OnDelete"}}}
    again["metadata"] = {key: value for key, value in before["metadata"].items() if key != "uid"}
    one.masters._put_workload(again)


def test_a_stateful_set_that_another_client_creates_meanwhile_restarts_nobody(site):
    one = site()
    declare(one)
    before = one.masters.workload

    def faster(create, dry_run):
        if not dry_run:
            put_without_claims(one, before)
        return create()
    before_creation(one, faster)
    with pytest.raises(Conflict, match="has no claims for the journals: another client has created it again"):
        one.roll()
    assert one.masters.actions == []


def test_a_stateful_set_that_another_client_replaces_during_the_move_stops_it(site):
    one = site()
    declare(one)
    before = one.masters.workload
    one.cluster.later(20, lambda: put_without_claims(one, before))
    with pytest.raises(Conflict, match="another client has created it again"):
        one.roll()
    assert sum(each.startswith("restart") for each in one.masters.actions) == 2
    one.cluster.sleep(60)
    one.roll()
    require_moved(one)


def test_a_terminating_stateful_set_passes_nothing_of_its_end_on(site):
    one = site()
    declare(one)
    one.cluster.change(kinds.STATEFUL_SET, "hbase-master", NAMESPACE, {"metadata": {
        "finalizers": ["orphan"], "deletionTimestamp": "2026-11-24T12:00:00Z",
        "deletionGracePeriodSeconds": 0}})
    one.cluster.later(30, lambda: one.cluster.vanish(kinds.STATEFUL_SET, "hbase-master", NAMESPACE))
    one.roll()
    require_moved(one)
    assert not {"finalizers", "deletionTimestamp", "deletionGracePeriodSeconds"} & one.masters.workload[
        "metadata"].keys()


@pytest.fixture
def run_rollout(monkeypatch):
    def run(one, check=False):
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        return ensure.ensure(one.cluster, {
            "namespace": NAMESPACE, "name": "hbase", "wait_timeout": 1800, "spread_masters": None,
            "restarted_after": None}, check, Reporter(lambda _text: None, lambda _text: None))
    return run


def test_a_master_that_is_unavailable_keeps_the_move_from_beginning(site):
    one = site()
    declare(one)
    one.masters.groups[MASTER]["hbase-master-1:23083"] = False
    with pytest.raises(Exception, match="hbase-master-1"):
        one.roll(timeout=30)
    assert not template.on_claims(one.masters.workload)
