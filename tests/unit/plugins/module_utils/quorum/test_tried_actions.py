# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as tried for a master: an action that was noted, and that may not have been performed."""

import json
from datetime import timedelta

import pytest
from fake_cluster import BEGAN
from fake_masters import Killed
from fake_raft import NAMESPACE, address, pod_name

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ServerUnavailable, WaitTimeout
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure, tried_actions
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import RESTART, TRANSFER

POD = ObjectRef(NAMESPACE, pod_name(1))
QUIET = Reporter(lambda _text: None, lambda _text: None)


def hanging_leader(raft):
    """Nobody leads, because the former leader hangs; only the end of its process helps."""
    raft.stepped_down = {pod_name(0): 120.0}
    raft.silent = {"MASTER"}


def no_member(raft):
    """A master that runs is no member of its group; only a restart adds it again."""
    del raft.states["MASTER"][address("MASTER", 1)]


@pytest.fixture
def restarts(cluster, raft):
    """Set how often the container of master 1 was restarted; return what counts as tried for it."""
    def of(count, after=0):
        pod = cluster.stored(kinds.POD, POD.name, NAMESPACE)
        pod["status"]["containerStatuses"][0]["restartCount"] = count
        cluster.change(kinds.POD, POD.name, NAMESPACE, {"status": pod["status"]})
        return tried_actions.of_container(pod, "MASTER", BEGAN + timedelta(seconds=cluster.now + after))
    return of


@pytest.mark.parametrize("why", [Killed, ServerUnavailable("no API server answers")],
                         ids=["killed", "unavailable"])
@pytest.mark.parametrize("arrange", [hanging_leader, no_member])
def test_later_heals_perform_what_was_noted_and_not_done(cluster, raft, params, arrange, why):
    arrange(raft)
    acts, ended = [], []
    real_kill, real_restart = raft.kill, raft.restart

    def first(act):
        def perform(pod, domain, on_signal=None):
            acts.append((act, pod, cluster.now))
            if len(acts) == 1:
                raise why
            if act == "kill":
                return real_kill(pod, domain)
            real_restart(pod, domain)
            raft.states["MASTER"][address("MASTER", 1)] = "AVAILABLE"
            return True
        return perform
    raft.kill, raft.restart = first("kill"), first("restart")
    for _run in range(6):
        try:
            ensure.ensure(cluster, params(wait_timeout=300), False, QUIET)
            ended.append("complete")
            break
        except Killed:
            ended.append("killed")
        except WaitTimeout as err:
            ended.append(str(err))
        cluster.sleep(60)
    assert ended[-1] == "complete", acts
    assert len(acts) == 2


def test_a_transfer_before_which_a_run_was_killed_is_no_tried_one(cluster, raft, params):
    """A leader that keeps a connection to a lost address: only another leader opens a new one."""
    raft.lose(1)
    raft.heals = {"elect"}
    elect, killed = raft.elect, []

    def first(asked, to):
        if not killed:
            killed.append(to)
            raise Killed
        elect(asked, to)
    raft.elect = first
    with pytest.raises(Killed):
        ensure.ensure(cluster, params(wait_timeout=300), False, QUIET)
    cluster.sleep(60)
    ensure.ensure(cluster, params(wait_timeout=300), False, QUIET)
    assert [each.partition(" ")[0] for each in raft.actions] == ["elect"]


@pytest.mark.parametrize(("count", "after", "tried"), [
    (4, 0, True), (4, 29, True), (4, 30, False), (5, 30, True), (5, 3600, True), (6, 3600, False),
], ids=["at-once", "may-yet-show", "shows-none", "has-restarted", "without-effect", "another-restart"])
def test_a_restart_that_the_container_does_not_show_did_not_happen(cluster, restarts, count, after, tried):
    restarts(4)
    tried_actions.record(cluster, POD, "MASTER", RESTART)
    assert restarts(count, after) == ({RESTART} if tried else set())


def test_a_restart_that_never_shows_is_tried_three_times(cluster, restarts):
    restarts(4)
    for times in range(3):
        assert restarts(4, 60) == set(), times
        tried_actions.record(cluster, POD, "MASTER", RESTART)
    assert restarts(4, 3600) == {RESTART}
    tried_actions.record(cluster, POD, "MASTER", TRANSFER)
    assert restarts(4, 3600) == {RESTART, TRANSFER}


def test_what_came_before_a_restart_is_not_tried_again_after_it(cluster, restarts):
    restarts(4)
    tried_actions.record(cluster, POD, "MASTER", TRANSFER)
    assert restarts(5) == set()
    restarts(4)
    tried_actions.record(cluster, POD, "MASTER", RESTART)
    assert restarts(5) == {RESTART, TRANSFER}
    assert restarts(6) == set()


def test_a_note_is_forgotten_alone(cluster, restarts):
    restarts(4)
    for domain, action in (("MASTER", RESTART), ("MASTER", TRANSFER), ("JOB_MASTER", RESTART)):
        tried_actions.record(cluster, POD, domain, action)
    tried_actions.forget(cluster, POD, "MASTER", RESTART)
    assert restarts(4) == {TRANSFER}
    noted = json.loads(cluster.stored(kinds.POD, POD.name, NAMESPACE)["metadata"]["annotations"][
        tried_actions.ANNOTATION])
    assert list(noted["JOB_MASTER"]) == [RESTART]


@pytest.mark.parametrize("value", ["", "{", "[]", '{"MASTER": {"restart_peer": 4}}', '{"MASTER": null}',
                                   '{"MASTER": {"restart_peer": {"restarts": "4", "at": 0, "times": 1}}}'])
def test_a_note_that_cannot_be_read_counts_for_nothing(cluster, restarts, value):
    cluster.change(kinds.POD, POD.name, NAMESPACE, {"metadata": {"annotations": {
        tried_actions.ANNOTATION: value}}})
    assert restarts(4) == set()
    tried_actions.record(cluster, POD, "MASTER", RESTART)
    assert restarts(4) == {RESTART}
