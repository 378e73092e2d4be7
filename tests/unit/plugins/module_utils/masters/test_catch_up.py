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
