# SPDX-License-Identifier: GPL-3.0-or-later
"""When a follower has the whole journal again, from looks at it."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, UNAVAILABLE, Peer
from ansible_collections.datacache.fluid.plugins.module_utils.masters.catch_up import CatchUp


def peer(silent, behind=0, state=AVAILABLE, leader=False):
    return Peer("hbase-master-1:19200", state, leader=leader, silent=silent, behind=behind)


def looks(*each):
    """Tell for each look, (time, peer), whether it was enough."""
    one = CatchUp()
    return [one.observe(seen, now) for now, seen in each]


def test_two_more_answers_are_enough():
    assert looks((0, peer(0.1)), (1, peer(1.1)), (2, peer(0.5)), (3, peer(1.5)),
                 (4, peer(0.2))) == [False, False, False, False, True]


def test_a_step_back_starts_anew():
    assert looks((0, peer(0)), (1, peer(0)), (2, peer(0, behind=30)), (3, peer(0)), (4, peer(0)),
                 (5, peer(0))) == [
        False, False, False, False, False, True]


@pytest.mark.parametrize("unavailable", [None, peer(0, state=UNAVAILABLE), peer(0, behind=1)],
                         ids=["no-member", "unavailable", "behind"])
def test_an_unavailable_or_lagging_follower_has_not_caught_up(unavailable):
    assert looks(*((now, unavailable) for now in range(9))) == [False] * 9


@pytest.mark.parametrize("seen", [peer(None, None), peer(0.1, 0, leader=True)], ids=["no-figures", "leader"])
def test_a_leader_and_a_peer_without_figures_need_no_second_look(seen):
    assert looks((0, seen)) == [True]


def writing(reached, committed, behind=1):
    """A follower while clients write: the leader always has one entry more than it has sent."""
    return Peer("hbase-master-1:19200", AVAILABLE, silent=0.0, behind=behind, reached=reached,
                committed=committed, lags=True)


def test_under_steady_writes_a_follower_catches_up_with_the_first_observation():
    assert looks((0, writing(100, 101)), (1, writing(300, 301)), (2, writing(500, 501))) == [
        False, True, True]


def test_a_follower_that_copies_the_journal_has_not_caught_up():
    """It restarted with an empty journal; the leader shows the figures from before until it has passed them.
    """
    assert looks((0, writing(100, 101, behind=101)), (1, writing(100, 301, behind=250)),
                 (2, writing(100, 501, behind=90)), (3, writing(520, 701, behind=1))) == [
        False, False, False, True]


def test_some_progress_is_not_enough():
    assert looks((0, writing(100, 5000, behind=4000)), (1, writing(200, 5200, behind=3000)),
                 (2, writing(4999, 5300)), (3, writing(5000, 5400))) == [False, False, False, True]


def test_another_absence_starts_anew():
    assert looks((0, writing(100, 101)), (1, None), (2, writing(300, 301)), (3, writing(302, 303))) == [
        False, False, False, True]
