# SPDX-License-Identifier: GPL-3.0-or-later
"""When one look at both groups lets a master go."""

from dataclasses import replace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import Peer
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import Master, RaftGroup
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.steps.last_look import (
    LastLook,
    unavailable,
)


def master(index, silent=0.1, behind=0, **fields):
    address = f"m-{index}:1"
    peer = Peer(address, "AVAILABLE", leader=index == 0, silent=silent, behind=behind)
    return replace(Master(f"m-{index}", address, "AVAILABLE", 300.0, silent=silent, peer=peer), **fields)


def both(*masters, leader="m-0:1", **fields):
    return [RaftGroup(domain, leader, masters, **fields) for domain in (MASTER, JOB_MASTER)]


COMPLETE = both(master(0), master(1), master(2))


def look():
    return LastLook("m-1")


def test_a_follower_answers_several_times_before_it_counts_as_caught_up():
    one = look()
    reasons = [one.shortcoming(COMPLETE, now, now + 0.1) for now in (10.0, 11.0, 12.0)]
    assert reasons == ["m-2 lacks entries of the MASTER group", "m-2 lacks entries of the MASTER group", ""]


@pytest.mark.parametrize("groups", [
    both(master(0), master(1), master(2, behind=3)),
    both(master(0), master(1), master(2, state="UNAVAILABLE")),
    [COMPLETE[0], both(master(0), master(1), master(2, behind=1))[1]],
], ids=["behind", "unavailable", "job-master-behind"])
def test_one_that_lacks_entries_starts_again(groups):
    one = look()
    for now in (10.0, 11.0, 12.0):
        one.shortcoming(COMPLETE, now, now + 0.1)
    assert one.shortcoming(groups, 13.0, 13.1).startswith("m-2 lacks entries of the ")
    assert one.shortcoming(COMPLETE, 14.0, 14.1) != ""


@pytest.mark.parametrize(("took", "reason"), [
    ((0.2, 0.2, 0.2, 1.5), "the look at the groups took 1.5 s"),
    ((5.0, 5.0, 5.0, 7.0), ""),
    ((5.0, 5.0, 5.0, 8.0), "the look at the groups took 8.0 s"),
], ids=["an-old-look", "commands", "slow-commands"])
def test_an_old_look_does_not_count(took, reason):
    one, now, found = look(), 10.0, ""
    for seconds in took:
        found = one.shortcoming(COMPLETE, now, now + seconds)
        now += seconds + 1
    assert found == reason


@pytest.mark.parametrize(("groups", "complete"), [
    (COMPLETE, True),
    (both(master(0), master(1, running=None), master(2)), True),
    (both(master(0), master(1), master(2, terminating=True)), False),
    (both(master(0), master(1), master(2, running=None)), False),
    (both(master(0), master(1), master(2), stale=(Peer("m-3:1", "UNAVAILABLE"),)), False),
    (both(master(0), master(1), master(2), leader=None), False),
    ([COMPLETE[0], both(master(0), master(1), master(2, state="UNAVAILABLE"))[1]], False),
], ids=["complete", "only-itself", "terminating", "absent", "stale-peer", "no-leader", "job-master"])
def test_both_groups_have_to_be_complete(groups, complete):
    assert look().complete(groups) == complete


def test_steady_writes_do_not_keep_a_master():
    """The leader always has an entry more than it has sent."""
    one = look()

    def looks(reached):
        peer = Peer("m-2:1", "AVAILABLE", silent=0.1, behind=1, reached=reached, committed=reached + 1)
        return both(master(0), master(1), master(2, peer=peer))
    found = [one.shortcoming(looks(reached), now, now + 0.1) for now, reached in ((10.0, 100), (11.0, 300))]
    assert found == ["m-2 lacks entries of the MASTER group", ""]


def test_who_leads_hands_over_first():
    assert LastLook("m-0").leads(COMPLETE)
    assert not look().leads(COMPLETE)


def test_unavailable_in_any_group():
    job = both(master(0), master(1), master(2, state="UNAVAILABLE"))[1]
    assert unavailable([COMPLETE[0], job]) == {"m-2"}
