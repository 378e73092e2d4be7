# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that rebuild a lost master, decided from values."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, UNAVAILABLE
from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import JOB_MASTER, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import REBUILD
from ansible_collections.datacache.fluid.plugins.module_utils.journal.lost_claim import Place
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.plan import Master, RaftGroup
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.rebuild import connections, plan
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.rebuild.observed import (
    CONFLICT,
    Observed,
    mark_of,
)

LOST = "its node does not exist"
REMOVE = [(MASTER, "remove_peer", "m1:1"), (JOB_MASTER, "remove_peer", "m1:1")]
CLAIM, POD = (MASTER, "delete_claim", "journal-m1"), (MASTER, "delete_pod", "m1")
JOB_TRANSFER = (JOB_MASTER, "transfer_leadership", "m0:1")


def group(domain, states=(AVAILABLE, UNAVAILABLE, AVAILABLE), leader="m0"):
    masters = tuple(Master(f"m{index}", f"m{index}:1", state, running=60.0 if state == AVAILABLE else None)
                    for index, state in enumerate(states))
    return RaftGroup(domain, leader and leader + ":1", masters)


def observed(lost=LOST, claim=True, node="node1", connected=(), jobs="m0", **how):
    claims = {"metadata": {"deletionTimestamp": "now"} if claim == "terminating" else {}}
    place = Place("m1", "journal-m1", bool(claim), {"metadata": {"uid": "u1"}, "spec": {"nodeName": node}},
                  claims if claim else None, None, [])
    return Observed([group(MASTER, **how), group(JOB_MASTER, leader=jobs)], place, False, lost,
                    frozenset(connected))


def brief(records):
    return [(each.domain, each.step.action, each.step.target) for each in records]


@pytest.mark.parametrize(("given", "done", "expected"), [
    ({}, {}, [*REMOVE, CLAIM, POD]),
    ({"claim": None}, {}, [*REMOVE, POD]),
    ({"claim": "terminating"}, {"removed": {MASTER, JOB_MASTER}}, [POD]),
    ({"claim": "terminating", "node": ""}, {"removed": {MASTER}}, REMOVE[1:]),
    ({"lost": ""}, {}, []),
    ({"lost": ""}, {"replaced": "u1"}, [POD]),
    ({"lost": CONFLICT, "jobs": "m1"}, {}, [JOB_TRANSFER, *REMOVE, CLAIM, POD]),
], ids=["on a claim", "without a claim", "scheduled, claim ends", "awaits its claim", "not lost",
        "its claim was deleted", "a conflict leads jobs"])
def test_actions(given, done, expected):
    assert brief(plan.steps(observed(**given), **done)) == expected


@pytest.mark.parametrize(("given", "reason"), [
    ({}, ""),
    ({"leader": None}, "no master leads the MASTER group"),
    ({"leader": "m1"}, "m1:1 leads the MASTER group"),
    ({"lost": CONFLICT, "jobs": "m1"}, ""),
    ({"states": (AVAILABLE, UNAVAILABLE, UNAVAILABLE)}, "m2 unavailable in the MASTER group"),
], ids=["majority", "no leader", "leads", "a conflict may lead jobs", "another is unavailable"])
def test_shortcomings_of_the_other_masters(given, reason):
    assert plan.shortcoming(observed(**given)) == reason


@pytest.mark.parametrize(("given", "message"), [
    ({"states": [AVAILABLE] * 3}, "observed that it is in the MASTER group"),
    ({"lost": ""}, "expected a node that is lost for good"),
    ({"leader": None}, "observed: no master leads the MASTER group"),
], ids=["takes part", "not lost", "no majority"])
def test_masters_that_must_not_be_rebuilt(given, message):
    with pytest.raises(PreconditionFailed, match=message) as refused:
        plan.require_lost(observed(**given), "AlluxioRuntime hbase in namespace data")
    assert str(refused.value).startswith("m1 of AlluxioRuntime hbase in namespace data is not rebuilt: ")
    plan.require_lost(observed(), "AlluxioRuntime hbase in namespace data")


@pytest.mark.parametrize(("connected", "first", "late"), [
    ([], [], []),
    ([(MASTER, "m0")], [(MASTER, "transfer_leadership", "m2:1")], [(MASTER, "restart_peer", "m0:1")]),
    ([(MASTER, "m2")], [], [(MASTER, "restart_peer", "m2:1")]),
    ([(MASTER, "m0"), (MASTER, "m2")],
     [(MASTER, "restart_peer", "m2:1"), (MASTER, "transfer_leadership", "m2:1")],
     [(MASTER, "restart_peer", "m0:1")]),
    # The transfer restarts the leader of job masters.
    ([(JOB_MASTER, "m0")], [(JOB_MASTER, "transfer_leadership", "m2:1")], []),
], ids=["none", "leader", "follower", "both", "leader of job masters"])
def test_processes_that_keep_a_connection(connected, first, late):
    one = observed(connected=connected)
    assert brief(connections.disconnections(one)) == first
    assert brief(connections.late_restarts(one)) == late


@pytest.mark.parametrize(("value", "mark"), [
    (None, ("", "")), ("m1", ("m1", "")), ("m1 u1", ("m1", "u1")),
], ids=["none", "lost", "conflict"])
def test_annotation_of_a_rebuild(value, mark):
    annotations = {} if value is None else {REBUILD: value}
    assert mark_of({"metadata": {"annotations": annotations}}) == mark
    assert mark_of(None) == ("", "")
