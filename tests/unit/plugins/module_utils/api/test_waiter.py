# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting on a cluster in memory, whose time passes only when somebody waits."""

import pytest
from fake_cluster import RETRIES

from ansible_collections.datacache.fluid.plugins.module_utils.api.waiter import Waiter
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ServerUnavailable,
    WaitFailed,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.status import (
    FAILED_COUNTS_AFTER,
    absent,
    dataset_in_phase,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus

DATASET = fluid_kinds.DATASET
BOUND = dataset_in_phase("Bound")


@pytest.fixture
def put(cluster):
    def run(name, phase="NotBound"):
        cluster.put(DATASET, {"metadata": {"name": name, "namespace": "data"}, "status": {"phase": phase}})
    return run


@pytest.fixture
def becomes(cluster):
    """Plan a phase for a Dataset."""
    def run(seconds, name, phase):
        cluster.later(seconds, lambda: cluster.change(DATASET, name, "data", {"status": {"phase": phase}}))
    return run


@pytest.fixture
def waiter(cluster):
    def make(seconds=60, report_progress=lambda _text: None, **given):
        return Waiter(cluster, cluster.deadline(seconds, report_progress), **given)
    return make


def until(waiter, predicate=BOUND, name="hbase"):
    return waiter.until("be Bound", DATASET, ObjectRef("data", name), predicate)


def test_what_is_so_already_is_not_watched(cluster, put, waiter):
    put("hbase", "Bound")
    assert until(waiter())["status"]["phase"] == "Bound"
    assert cluster.requests == [("list", "datasets")]
    assert cluster.now == 0


def test_it_returns_at_the_event(cluster, put, becomes, waiter):
    put("hbase")
    becomes(7, "hbase", "Pending")
    becomes(12, "hbase", "Bound")
    assert until(waiter())["status"]["phase"] == "Bound"
    assert cluster.now == 12
    assert cluster.requests == [("list", "datasets"), ("watch", "datasets")]


def test_a_change_between_the_read_and_the_watch_is_not_missed(cluster, put, waiter):
    put("hbase")
    watch = cluster.watch

    def late(*args):
        cluster.change(DATASET, "hbase", "data", {"status": {"phase": "Bound"}})
        return watch(*args)
    cluster.watch = late
    until(waiter())
    assert cluster.now == 0


def test_an_object_that_comes_later(cluster, put, waiter):
    cluster.later(5, lambda: put("hbase", "Bound"))

    def exists(existing):
        return WaitStatus(existing is not None, "it does not exist yet")

    assert until(waiter(), exists)["metadata"]["name"] == "hbase"
    assert cluster.now == 5


def test_an_object_that_goes(cluster, put, waiter):
    put("hbase")
    cluster.later(5, lambda: cluster.vanish(DATASET, "hbase", "data"))
    assert until(waiter(), absent) is None
    assert cluster.now == 5


def test_a_state_that_cannot_come_any_more_fails_at_once(cluster, put, waiter):
    put("hbase")
    cluster.later(3, lambda: cluster.vanish(DATASET, "hbase", "data"))
    with pytest.raises(WaitFailed) as failed:
        until(waiter())
    assert str(failed.value) == "waited for Dataset hbase in namespace data to be Bound: it no longer exists"
    assert cluster.now == 3


def test_a_failure_counts_when_it_lasts(cluster, put, becomes, waiter):
    put("hbase")
    becomes(3, "hbase", "Failed")
    with pytest.raises(WaitFailed) as failed:
        until(waiter())
    assert str(failed.value) == (
        "waited for Dataset hbase in namespace data to be Bound: its phase is Failed, for 45 s")
    assert failed.value.details["result"]["status"]["phase"] == "Failed"
    assert cluster.now == 3 + FAILED_COUNTS_AFTER


@pytest.mark.parametrize("syncs", [1, 2, 3])
def test_a_failure_of_one_sync_ends_no_wait(cluster, put, becomes, waiter, syncs):
    """Fluid corrects the phase 20 s after the error; the next one counts anew."""
    put("hbase")
    for sync in range(syncs):
        becomes(2 + 30 * sync, "hbase", "Failed")
        becomes(22 + 30 * sync, "hbase", "Pending")
    becomes(110, "hbase", "Bound")
    assert until(waiter(200))["status"]["phase"] == "Bound"
    assert cluster.now == 110


def test_a_failure_that_outlasts_the_wait_is_its_progress(put, waiter):
    put("hbase", "Failed")
    with pytest.raises(WaitTimeout, match=r"timed out after 20 s .*: its phase is Failed$"):
        until(waiter(20))


def test_each_object_fails_in_its_own_time(cluster, put, becomes, waiter):
    for name in ("a", "b"):
        put(name)
    becomes(5, "a", "Failed")
    becomes(20, "b", "Failed")
    results = waiter(100).until_each("be Bound", DATASET, "data", dict.fromkeys("ab", BOUND))
    assert {name: type(result) for name, result in results.items()} == {"a": WaitFailed, "b": WaitFailed}
    assert cluster.now == 20 + FAILED_COUNTS_AFTER


def test_a_timeout_tells_how_far_it_got(cluster, put, becomes, waiter):
    put("hbase")
    becomes(3, "hbase", "Pending")
    with pytest.raises(WaitTimeout) as timeout:
        until(waiter(60, explain=lambda name: [f"pod {name}-master-0: phase Pending", "event on Pod x: y"]))
    assert str(timeout.value) == (
        "timed out after 60 s while waiting for Dataset hbase in namespace data to be Bound: its phase is "
        "Pending\n"
        "- pod hbase-master-0: phase Pending\n- event on Pod x: y")
    assert timeout.value.details["findings"] == ["pod hbase-master-0: phase Pending", "event on Pod x: y"]
    assert timeout.value.details["result"]["status"]["phase"] == "Pending"
    assert cluster.now == 60


def test_no_time_at_all_is_one_look(cluster, put, waiter):
    put("hbase")
    with pytest.raises(WaitTimeout, match="timed out after 0 s while waiting for Dataset hbase"):
        until(waiter(0))
    assert cluster.requests == [("list", "datasets")]


def test_an_expired_version_is_read_again(cluster, put, becomes, waiter):
    put("hbase")
    becomes(5, "hbase", "Bound")
    watch, versions = cluster.watch, []

    def expire_first(*args):
        versions.append(args[3])
        cluster.oldest = 10**6 if len(versions) == 1 else 0
        return watch(*args)
    cluster.watch = expire_first
    until(waiter())
    assert cluster.requests == [("list", "datasets"), ("watch", "datasets")] * 2
    assert cluster.now == 5


def test_a_watch_that_ends_at_once_is_not_asked_for_without_pause(cluster, put, waiter):
    put("hbase")
    cluster.watch = lambda *_args: iter(())
    with pytest.raises(WaitTimeout):
        until(waiter(10))
    assert cluster.now == 10
    assert len(cluster.requests) <= 22


def test_a_watch_that_is_closed_is_opened_again(cluster, put, becomes, waiter):
    put("hbase")
    becomes(40, "hbase", "Bound")
    watch = cluster.watch
    # As a server that closes a watch after 15 s.
    cluster.watch = lambda *args: watch(*args[:4], min(args[4], 15))
    until(waiter())
    assert cluster.now == 40


def test_a_watch_that_died_without_a_word_is_not_trusted_for_ever(cluster, put, becomes, waiter):
    put("hbase")
    becomes(5, "hbase", "Bound")

    def stay_silent(_kind, _namespace, _only, _version, timeout):
        cluster.sleep(timeout)
        return iter(())
    cluster.watch = stay_silent
    until(waiter(600))
    assert cluster.now <= 31


# -- an API server that is away ------------------------------------------------------------------


@pytest.mark.parametrize("begins", [0, 5], ids=["before-the-wait", "during-the-wait"])
def test_a_server_that_is_away_is_waited_for(cluster, put, becomes, waiter, begins):
    put("hbase")
    if begins:
        cluster.later(begins, lambda: cluster.go_down(30))
    else:
        cluster.go_down(30)
    becomes(20, "hbase", "Bound")
    assert until(waiter())["status"]["phase"] == "Bound"
    assert begins + 30 <= cluster.now <= begins + 30 + RETRIES
    assert len(cluster.requests) <= 30 / RETRIES + 4


def test_a_server_that_stays_away_is_named_with_what_was_seen_before(cluster, put, waiter):
    put("hbase")
    cluster.later(5, lambda: cluster.go_down(1000))
    with pytest.raises(WaitTimeout) as raised:
        until(waiter(60))
    assert str(raised.value) == (
        "timed out after 60 s while waiting for Dataset hbase in namespace data to be Bound: its phase is "
        "NotBound; no API server answers")
    assert raised.value.details["result"]["metadata"]["name"] == "hbase"
    assert 60 <= cluster.now <= 60 + RETRIES


def test_a_server_that_was_never_there(cluster, waiter):
    cluster.go_down(1000)
    with pytest.raises(WaitTimeout, match="to be Bound: no API server answers") as raised:
        until(waiter(60))
    assert raised.value.details["result"] == {}


def test_what_was_so_before_the_server_went_away_counts(cluster, put, becomes, waiter):
    for name in "ab":
        put(name)
    becomes(2, "a", "Bound")
    cluster.later(5, lambda: cluster.go_down(1000))
    results = waiter(30).until_each("be Bound", DATASET, "data", dict.fromkeys("ab", BOUND))
    assert results["a"]["status"]["phase"] == "Bound"
    assert isinstance(results["b"], WaitTimeout)


def test_that_the_server_is_away_is_told(cluster, put, waiter):
    view = []
    put("hbase", "Bound")
    cluster.go_down(1)
    until(waiter(report_progress=view.append))
    assert view == ["waiting for Dataset hbase in namespace data to be Bound: no API server answers"]


def test_a_question_that_finds_the_server_away_is_asked_again(cluster, waiter):
    def question():
        if cluster.now < 5:
            raise ServerUnavailable("no API server answers")
        return WaitStatus(True)
    waiter().poll_until("the quorum", "hbase", question, 1)
    assert cluster.now == 5


def test_several_objects_share_a_watch(cluster, put, becomes, waiter):
    for name in ("a", "b", "c"):
        put(name)
    becomes(2, "b", "Bound")
    cluster.later(4, lambda: cluster.vanish(DATASET, "a", "data"))
    results = waiter(30).until_each("be Bound", DATASET, "data", dict.fromkeys("abc", BOUND))
    assert results["b"]["status"]["phase"] == "Bound"
    assert isinstance(results["a"], WaitFailed)
    assert isinstance(results["c"], WaitTimeout)
    assert cluster.requests == [("list", "datasets"), ("watch", "datasets"), ("list", "datasets")]
    assert cluster.now == 30


def test_all_waits_share_the_deadline(cluster, put, becomes, waiter):
    put("a")
    put("b")
    becomes(40, "a", "Bound")
    both = waiter(60)
    until(both, name="a")
    with pytest.raises(WaitTimeout):
        until(both, name="b")
    assert cluster.now == 60


def test_progress_is_told(put, becomes, waiter):
    view = []
    put("hbase")
    becomes(3, "hbase", "Pending")
    becomes(9, "hbase", "Bound")
    until(waiter(report_progress=view.append))
    assert view == ["waiting for Dataset hbase in namespace data to be Bound: its phase is NotBound",
                    "waiting for Dataset hbase in namespace data to be Bound: its phase is Pending"]


def test_the_progress_of_several_names_one_that_is_missing(put, becomes, waiter):
    view = []
    put("a")
    put("b")
    becomes(3, "a", "Bound")
    becomes(9, "b", "Bound")
    waiter(report_progress=view.append).until_each("be Bound", DATASET, "data", dict.fromkeys("ab", BOUND))
    assert view[-1] == (
        "1 of 2 objects of kind Dataset; waiting for Dataset b in namespace data to be Bound: its phase is "
        "NotBound")


# -- polling -------------------------------------------------------------------------------------


def test_poll_until(cluster, waiter):
    answers = iter([WaitStatus(False, "no leader"), WaitStatus(False, "no leader"), WaitStatus(True)])
    waiter().poll_until("the quorum", "hbase", lambda: next(answers), 1.0)
    assert cluster.now == 2


def test_poll_until_cuts_a_pause_that_would_be_too_long(cluster, waiter):
    with pytest.raises(WaitTimeout) as timeout:
        waiter(5, explain=lambda name: ["see " + name]).poll_until(
            "the quorum", "hbase", lambda: WaitStatus(False, "no leader"), 2.0)
    assert str(timeout.value) == "timed out after 5 s while waiting for the quorum: no leader\n- see hbase"
    assert timeout.value.details == {"result": {}, "findings": ["see hbase"]}
    assert cluster.now == 5
