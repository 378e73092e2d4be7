# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom a leader's metrics name though the group does not have it."""

from dataclasses import replace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import (
    AVAILABLE,
    UNAVAILABLE,
    Peer,
    Quorum,
)
from ansible_collections.datacache.fluid.plugins.module_utils.masters.membership import Membership

PODS = {"m-0", "m-1", "m-2"}
COMMIT = 338


def address(index):
    return f"m-{index}:19200"


def group(*reached, leader=0, state=AVAILABLE):
    """The leader and followers m-1, m-2 and so on that have reached so far."""
    followers = [Peer(address(index), state, reached=each, lags=each is not None and each < COMMIT)
                 for index, each in enumerate(reached, start=1)]
    return Quorum(address(leader), (Peer(address(0), AVAILABLE, leader=True), *followers))


@pytest.fixture
def membership():
    """Make one; again and listed are the answers that it gets, one after the other, the last one for ever."""
    def make(again=(), listed=()):
        script = {"again": list(again), "listed": list(listed)}

        def report_progress(what):
            asked.append(what)
            return script[what].pop(0) if len(script[what]) > 1 else script[what][0]
        made = Membership(lambda: report_progress("again"), lambda: report_progress("listed"))
        made.asked = asked
        return made
    asked = []
    return make


def view(quorum):
    return [(peer.address[:3], peer.state) for peer in quorum.peers]


ALL = [("m-0", AVAILABLE), ("m-1", AVAILABLE), ("m-2", AVAILABLE)]


def test_followers_that_have_everything_are_members(membership):
    made = membership()
    assert view(made.members_of(group(COMMIT, COMMIT), PODS)) == ALL
    assert view(made.members_of(group(COMMIT - 5, COMMIT), PODS)) == ALL  # once known it may lag
    assert made.asked == []


@pytest.mark.parametrize("reached", [100, COMMIT])
def test_a_follower_that_moves_is_a_member(membership, reached):
    made = membership([group(COMMIT, reached)])
    for _look in range(2):
        assert view(made.members_of(group(COMMIT, 88), PODS)) == ALL
    assert made.asked == ["again"]


def test_one_that_stands_still_and_is_not_listed_is_none(membership):
    made = membership([group(COMMIT, 88)], [{address(0), address(1)}])
    for _look in range(2):
        assert view(made.members_of(group(COMMIT, 88), PODS)) == ALL[:2]
    assert made.asked == ["again", "listed"]
    assert view(made.members_of(group(COMMIT, COMMIT), PODS)) == ALL  # it has joined


def test_one_that_stands_still_and_is_listed_is_a_member(membership):
    made = membership([group(COMMIT, 88)], [{address(0), address(1), address(2)}])
    for _look in range(2):
        assert view(made.members_of(group(COMMIT, 88), PODS)) == ALL
    assert made.asked == ["again", "listed"]


@pytest.mark.parametrize(("again", "listed"),
                         [(group(COMMIT, 88), None), (None, None), (group(COMMIT, 88, leader=1), None)],
                         ids=["no-answer", "no-leader", "another-leader"])
def test_an_unconfirmed_peer_counts_as_unavailable(membership, again, listed):
    made = membership([again], [listed])
    for _look in range(2):
        assert view(made.members_of(group(COMMIT, 88), PODS)) == [*ALL[:2], ("m-2", UNAVAILABLE)]


def test_a_new_leader_is_believed_anew(membership):
    made = membership([group(COMMIT, 88)], [{address(0), address(1)}])
    made.members_of(group(COMMIT, 88), PODS)
    assert view(made.members_of(group(COMMIT, 88, leader=1), PODS))[2] == ("m-2", UNAVAILABLE)
    assert view(made.members_of(group(COMMIT, COMMIT, leader=1), PODS)) == ALL


@pytest.mark.parametrize("quorum", [group(COMMIT, None), group(COMMIT, 88, state=UNAVAILABLE)],
                         ids=["no-figures", "unavailable"])
def test_whom_it_does_not_ask_for(membership, quorum):
    made = membership()
    assert made.members_of(quorum, PODS) == quorum
    assert made.asked == []


def test_a_peer_without_a_pod_is_one_that_was_removed_if_it_is_not_listed(membership):
    made = membership([], [{address(0), address(1)}, {address(0), address(1), address(2)}])
    for _look in range(2):
        assert view(made.members_of(group(COMMIT, COMMIT), PODS - {"m-2"})) == ALL[:2]
    assert made.asked == ["listed"]
    assert view(made.members_of(group(COMMIT, COMMIT), PODS)) == ALL
    assert view(made.members_of(group(COMMIT, COMMIT), PODS - {"m-2"})) == ALL
    assert made.asked == ["listed", "listed"]


def unproven(reached, commit=COMMIT):
    """The leader m-0, m-1 that follows, and m-2 whose silence alone speaks for it."""
    quorum = group(COMMIT, reached)
    two = replace(quorum.peers[2], lags=reached < commit, unproven=reached < commit)
    return Quorum(quorum.leader, (*quorum.peers[:2], two))


@pytest.mark.parametrize("later", [89, COMMIT])
def test_an_unproven_peer_whose_commit_index_advances_is_available(membership, later):
    """It was removed before it had answered this leader, and has joined again."""
    made = membership([unproven(later)])
    assert view(made.members_of(unproven(88), PODS)) == ALL
    assert view(made.members_of(unproven(later), PODS)) == ALL  # once known it may lag
    assert made.asked == ["again"]


def test_an_unproven_peer_that_stands_still_is_unavailable(membership):
    """A new leader measures the silence of a lost follower from its own start; it is a member, and listed."""
    made = membership([unproven(88)], [{address(0), address(1), address(2)}])
    for _look in range(2):
        assert view(made.members_of(unproven(88), PODS)) == [*ALL[:2], ("m-2", UNAVAILABLE)]
    assert made.asked == ["again", "again"]
    assert view(made.members_of(unproven(COMMIT), PODS)) == ALL


def test_a_leader_that_leads_again_is_believed_anew(membership):
    """In its new leadership it measures the silence of a follower that has died meanwhile from its start."""
    made = membership([unproven(88)], [{address(0), address(1), address(2)}])
    assert view(made.members_of(group(COMMIT, COMMIT), PODS)) == ALL
    made.members_of(group(COMMIT, COMMIT, leader=1), PODS)
    # m-2 has died; m-0 leads again and knows m-2's commit index from before.
    assert view(made.members_of(unproven(88), PODS)) == [*ALL[:2], ("m-2", UNAVAILABLE)]
