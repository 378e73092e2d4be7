# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts on masters that would follow a look of a minute ago."""

import pytest
from fake_raft import address

from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError, QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.executor import RolloutExecutor
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.planner import RolloutOptions


def quiet():
    return Reporter(lambda _text: None, lambda _text: None)


@pytest.mark.parametrize("domain", ["MASTER", "JOB_MASTER"])
def test_a_heal_does_not_restart_a_master_by_a_look_from_before_an_outage(
        cluster, raft, params, monkeypatch, domain):
    """Master 1 does not answer. When the heal is about to restart it, the API server is away for a minute;
    meanwhile master 1 answers again and another follower dies. Its restart takes the majority away.
    """
    raft.heals = set()
    raft.lose(1, domain)
    real_patch, taken, at_restart = cluster.patch, [], []

    def meanwhile():
        raft.states[domain][address(domain, 1)] = "AVAILABLE"  # it is back
        gone = next(index for index in (0, 2) if raft.leaders[domain] != address(domain, index))
        raft.states[domain][address(domain, gone)] = "UNAVAILABLE"  # this one is gone, with its node
        raft.put_pod(gone, ready=False, running=False)

    def patch(kind, ref, body, *args, **options):
        if kind == kinds.POD and "restart_peer" in str(body) and not taken:
            taken.append(cluster.now)
            cluster.later(30, meanwhile)
            cluster.go_down(60)
        return real_patch(kind, ref, body, *args, **options)
    monkeypatch.setattr(cluster, "patch", patch)
    real = raft.restart

    def restart(pod, each):
        if each == domain:
            others = [peer for peer, state in raft.states[each].items()
                      if state == "AVAILABLE" and not peer.startswith(pod + ":")]
            at_restart.append((pod, cluster.now, others))
        real(pod, each)
    raft.restart = restart
    with pytest.raises(FluidError):
        quorum_ensure.ensure(cluster, params(wait_timeout=300), False, quiet())
    assert taken
    harmful = [each for each in at_restart if each[1] > taken[0] + 30 and len(each[2]) < 2]
    assert harmful == [], f"looked before {taken[0]:.0f} s; process ended, members left: {harmful}"


def ages_of_acts(cluster, raft, monkeypatch, before_a_state):
    """Return the list that gets, with each transfer of the leadership, the age of the leader's view.

    before_a_state: called with the domain before the state of each Raft server is read.
    """
    real_state, real_view, real_elect = raft.raft_server, raft.group_view, raft.elect
    looked, ages = {}, []

    def view(domain, pods):
        looked[domain] = cluster.now
        return real_view(domain, pods)

    def raft_server(pod, domain, port):
        before_a_state(domain)
        return real_state(pod, domain, port)

    def elect(asked_by, to):
        ages.append(cluster.now - looked["MASTER"])
        real_elect(asked_by, to)
    monkeypatch.setattr(raft, "group_view", view)
    monkeypatch.setattr(raft, "raft_server", raft_server)
    monkeypatch.setattr(raft, "elect", elect)
    return ages


def test_a_look_that_has_waited_for_an_api_server_allows_no_act(cluster, raft, params, monkeypatch):
    """The leader's view comes first in a look, so all of it may be a minute old at its end."""
    raft.lose(1)
    waits = [60, 0]

    def wait(_domain):
        if waits:
            cluster.sleep(waits.pop())
    acts = ages_of_acts(cluster, raft, monkeypatch, wait)
    quorum_ensure.ensure(cluster, params(wait_timeout=300), False, quiet())
    assert (waits, acts) == ([], [0.0])


def test_an_act_whose_look_is_too_old_is_neither_counted_nor_noted(cluster, raft, params, monkeypatch):
    raft.lose(1)
    waits, real = [30], raft.acting

    def acting(fresh):
        if waits:
            cluster.sleep(waits.pop())
        return real(fresh)
    monkeypatch.setattr(raft, "acting", acting)
    result = quorum_ensure.ensure(cluster, params(wait_timeout=300), False, quiet())
    assert [each["action"] for each in result["actions"]] == ["transfer_leadership"]
    assert (waits, raft.actions) == ([], ["elect " + address("MASTER", 2)])


def test_priorities_are_reset_by_who_leads_after_a_refused_transfer(cluster, raft, params, monkeypatch):
    """The command takes minutes; a reset with the former leader's address would be a transfer back."""
    raft.lose(2)
    raft.heals = {"restart"}
    asked = []

    def elect(_asked, _to):
        raft.leaders["MASTER"] = address("MASTER", 1)
        raise QuorumUnknown("exit code 255: refused")
    monkeypatch.setattr(raft, "elect", elect)
    monkeypatch.setattr(raft, "reset_priorities", lambda *given: asked.append(given))
    quorum_ensure.ensure(cluster, params(wait_timeout=300), False, quiet())
    assert asked == [("hbase-master-1", address("MASTER", 1))]


def test_the_second_of_two_looks_that_have_waited_for_an_api_server_allows_no_act(
        cluster, raft, params, monkeypatch):
    """It takes less than one and a half times as long as the first."""
    raft.lose(1)
    waits = [80, 60, 0]

    def wait(domain):
        if waits and domain == "MASTER":
            cluster.waited += waits[-1]
            cluster.sleep(waits.pop())
    acts = ages_of_acts(cluster, raft, monkeypatch, wait)
    quorum_ensure.ensure(cluster, params(wait_timeout=600), False, quiet())
    assert (waits, acts) == ([], [0.0])


def test_priorities_are_reset_by_who_leads_once_the_job_masters_are_complete(cluster, raft, monkeypatch):
    """They may be waited for: with the former leader's address the reset would be a transfer back."""
    raft.heals = set()
    raft.lose(1, "JOB_MASTER")
    asked = []

    def meanwhile():
        raft.leaders["MASTER"] = address("MASTER", 1)
        raft.states["JOB_MASTER"][address("JOB_MASTER", 1)] = "AVAILABLE"
    cluster.later(20, meanwhile)
    monkeypatch.setattr(raft, "reset_priorities", lambda *given: bool(asked.append(given)) or True)
    executor = RolloutExecutor(cluster, ObjectRef("data", "hbase"), RolloutOptions(), cluster.deadline(600),
                               lambda _text: None)
    executor._steps._masters = raft
    executor._reset_priorities(3)
    assert asked == [("hbase-master-1", address("MASTER", 1))]
