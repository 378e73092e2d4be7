# SPDX-License-Identifier: GPL-3.0-or-later
"""What may happen between a rollout's last look and its act."""

import itertools
from contextlib import nullcontext, suppress

import pytest
from fake_masters import NAMESPACE, PORTS
from rollout_site import MIN

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    AVAILABLE,
    UNAVAILABLE,
    Peer,
    Quorum,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    FluidError,
    LeaseLost,
    QuorumUnknown,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import TRANSFER, transfer_to
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import GroupView
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.master_objects import MasterObjects
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.steps.master_steps import MasterSteps


def noted(one, address):
    one.cluster.change(kinds.STATEFUL_SET, "hbase-master", NAMESPACE,
                       {"metadata": {"annotations": {TRANSFER: address}}})
    one.masters.preferred = address


def test_what_an_interrupted_transfer_left_behind_is_reset_though_nothing_differs(site):
    one = site()
    noted(one, f"hbase-master-1:{PORTS[MASTER]}")
    assert one.roll(check=True) == ([("reset_priorities", "")], [])
    assert one.roll() == ([("reset_priorities", "")], [("reset_priorities", "")])
    assert (one.masters.preferred, transfer_to(one.masters.workload), one.warnings) == ("", "", [])
    assert one.roll() == ([], [])


def test_a_rollout_resets_them_before_it_restarts_a_master(site):
    one = site()
    noted(one, f"hbase-master-1:{PORTS[MASTER]}")
    one.masters.declare(properties={MIN: "1s"})
    plan, done = one.roll()
    assert plan == done
    assert plan[:2] == [("reset_priorities", ""), ("configure", "")]


def test_priorities_that_cannot_be_reset_are_warned_of(site, monkeypatch):
    one = site()
    noted(one, f"hbase-master-1:{PORTS[MASTER]}")
    monkeypatch.setattr(Masters, "reset_priorities", lambda *_args: False)
    assert one.roll() == ([("reset_priorities", "")], [])
    assert "could not be reset" in one.warnings[0] and transfer_to(one.masters.workload)


def test_a_drain_between_the_last_look_and_the_deletion(site):
    """kubectl drain evicts hbase-master-2 in the moment before the rollout's eviction of hbase-master-1
    arrives; the budget of the masters lets only the first of the two pass.
    """
    one = site()
    one.masters.put_budget()
    one.masters.declare(properties={MIN: "1s"})
    real, hit = one.cluster.evict, []

    def evict(ref, uid):
        if not hit:
            hit.append(ref.name)
            one.masters._unavailable("hbase-master-2")
            one.masters._vanish("hbase-master-2")
            one.masters._control()
        return real(ref, uid)
    one.cluster.evict = evict
    with suppress(FluidError):
        one.roll(timeout=300)
    assert hit == ["hbase-master-1"]
    assert not one.masters.lost_majority, f"{one.masters.most_unavailable} unavailable at once"
    assert one.masters.whole()


def test_the_process_of_a_pod_that_another_client_has_replaced_is_not_ended(site, monkeypatch):
    """The new pod has the present declaration already."""
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    real, real_end, hit, ended = one.cluster.evict, Masters.end, [], []

    def evict(ref, uid):
        if not hit:
            hit.append(ref.name)
            one.masters._unavailable(ref.name)
            one.masters._vanish(ref.name)
            one.masters._control()
        return real(ref, uid)

    def end(self, pod, domain):
        ended.append(pod)
        return real_end(self, pod, domain)
    one.cluster.evict = evict
    monkeypatch.setattr(Masters, "end", end)
    one.roll()
    assert one.masters.whole() and len(hit) == 1
    assert hit[0] not in ended and len(set(ended)) == 2


@pytest.mark.parametrize("taken", [False, True], ids=["lease-kept", "lease-taken"])
def test_a_process_that_pauses_after_its_last_look_looks_again(site, monkeypatch, taken):
    """SIGSTOP for a minute between the look and the eviction. Meanwhile a master is lost, which no budget
    notices here, and perhaps another run acts.
    """
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    real, paused = MasterObjects.evict_pod, []

    def evict_pod(self, *args):
        if not paused:
            paused.append(True)
            one.cluster.sleep(60)
            one.masters._unavailable("hbase-master-2")
            one.masters._vanish("hbase-master-2")
            one.masters._control()
            if taken:
                one.cluster.change(kinds.LEASE, "hbase-masters", NAMESPACE,
                                   {"spec": {"holderIdentity": "another run"}})
        return real(self, *args)
    monkeypatch.setattr(MasterObjects, "evict_pod", evict_pod)
    with pytest.raises(LeaseLost) if taken else nullcontext():
        one.roll(timeout=600)
    assert paused
    assert not one.masters.lost_majority
    assert one.masters.whole() != taken


def test_both_groups_are_looked_at_before_a_deletion(site, monkeypatch):
    """The last look finds a job master unavailable and waits for it; a master is lost meanwhile, and the
    deletion must not come all the same.
    """
    one = site()
    raft_group = one.masters
    raft_group.declare(properties={MIN: "1s"})
    real = MasterSteps._once_dispensable
    looks = []

    def look(self, *args):
        if not looks:  # the last look before the first deletion
            looks.append(True)
            raft_group.groups[JOB_MASTER][f"hbase-master-2:{PORTS[JOB_MASTER]}"] = False  # a pause of its JVM
            one.cluster.later(40, lambda: raft_group.groups[JOB_MASTER].update(
                {f"hbase-master-2:{PORTS[JOB_MASTER]}": True}))

            def lost():
                raft_group.groups[MASTER][f"hbase-master-2:{PORTS[MASTER]}"] = False
            one.cluster.later(20, lost)
        return real(self, *args)
    monkeypatch.setattr(MasterSteps, "_once_dispensable", look)
    with suppress(FluidError):
        one.roll(timeout=200)
    assert looks
    assert not raft_group.lost_majority, "1 of 3 masters was left"


def test_the_command_output_is_not_trusted_for_a_long_election_timeout(site, monkeypatch):
    """No permission for pods/proxy; election.timeout.max is 60 s: the command calls a restarted follower
    AVAILABLE until then.
    """
    one = site()
    raft_group = one.masters
    heard = {}

    def ask(_masters, domain, _pods, _refusal):
        leader = raft_group.leader[domain]
        if leader is None:
            raise QuorumUnknown("no leader")
        peers = []
        for address, available in sorted(raft_group.groups[domain].items()):
            if available:
                heard[domain, address] = one.cluster.now
            silent = one.cluster.now - heard.get((domain, address), -1e9)
            peers.append(Peer(address, AVAILABLE if silent <= 60 else UNAVAILABLE,
                              leader=address.startswith(leader + ":")))
        return Quorum(f"{leader}:{PORTS[domain]}", tuple(peers)), leader
    monkeypatch.setattr(Masters, "_view", lambda _masters, _domain, _pods: GroupView(None, None, 0))
    monkeypatch.setattr(Masters, "_ask_command", ask)
    monkeypatch.setattr("fake_masters.JOINS", 40)  # as a JVM with a large heap on a busy node takes
    longest = MIN.replace(".min", ".max")
    raft_group.set_java_option(f"-D{longest}=60s")  # the processes run with it already
    raft_group.declare(properties={MIN: "1s", longest: "60s"})
    one.roll(timeout=1800)
    assert not raft_group.lost_majority, f"{raft_group.most_unavailable} were unavailable at once"


def test_a_rollout_outlives_a_restart_of_the_api_server(site):
    one = site()
    one.masters.declare(properties={MIN: "1s"})
    one.cluster.later(6, lambda: one.cluster.go_down(4))
    assert one.roll()[1], "aborted in the middle"


@pytest.mark.no_cover
def test_a_rollout_outlives_an_outage_that_begins_at_any_request(site, monkeypatch):
    for first in range(7, 300, 21):
        one = site()
        one.masters.declare(properties={MIN: "1s"})
        asked = itertools.count(1)

        def ask(*args, one=one, real=one.cluster._ask, asked=asked, first=first, **more):
            if next(asked) == first:
                one.cluster.go_down(4)
            return real(*args, **more)
        monkeypatch.setattr(one.cluster, "_ask", ask)
        one.roll()
