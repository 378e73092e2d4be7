# SPDX-License-Identifier: GPL-3.0-or-later
"""Which events follow from two observations of a cache."""

import pytest

from ansible_collections.datacache.fluid.plugins.plugin_utils.cache_events import Faults, Observation, faults

LASTS, REPEAT = 20, 600
ABOUT = {"cache": "hbase.data", "name": "hbase", "namespace": "data"}


def seen(*roles, phase="Bound", cached=50, dead=(), terminating=False, name="hbase", held=False):
    """An observation of a cache with masters of these roles, as first letters. The capacity is 100 bytes."""
    names = {"l": "leader", "f": "follower", "u": "unavailable", "?": ""}
    return Observation({
        "name": name, "namespace": "data", "phase": phase,
        "masters": [{"pod": f"{name}-master-{index}", "role": names[role]}
                    for index, role in enumerate("".join(roles))],
        "variables": {"fluid_master_replicas": len("".join(roles)), "alluxio_cached_bytes": cached,
                      "alluxio_capacity_bytes": 100, "alluxio_terminating": terminating}},
        None if dead is None else tuple(dead), held)


@pytest.mark.parametrize(("observation", "types"), [
    (seen("lff"), []), (seen("l"), []), (seen("lfu"), ["member_lost", "quorum_at_risk"]),
    (seen("lfffu"), ["member_lost"]), (seen("lffuu"), ["member_lost", "quorum_at_risk"]),
    (seen("uuu"), ["member_lost", "quorum_at_risk"]), (seen("u"), ["member_lost"]), (seen("???"), []),
    (seen("fff"), []), (seen("lff", phase="Failed"), ["dataset_unbound"]),
    (seen("lff", cached=95), ["cache_full"]), (seen("lff", cached=94), []), (seen("lff", cached=None), []),
    (seen("lff", dead=["hbase-fuse-x"]), ["fuse_dead"]),
    (seen("uuu", phase="NotBound", dead=["x"], terminating=True), []),
], ids=str)
def test_the_faults_of_a_cache(observation, types):
    assert sorted(faults(observation, 95)) == types


def test_the_fields_of_a_lost_member():
    assert faults(seen("lfu"), 95)["quorum_at_risk"] == {
        "masters": 3, "available": 2, "needed": 2, "lost": ["hbase-master-2"], "leader": "hbase-master-0"}


def happened(*steps):
    """The events of observations, each with its time: (type, what it is about, its time)."""
    tracker = Faults(95, LASTS, REPEAT)
    return [(event["type"], event.get("restored") or event.get("leader", ""), now)
            for now, observation in steps for event in tracker.events([observation], now)]


@pytest.mark.parametrize(("steps", "events"), [
    ([(0, seen("lff")), (5, seen("lff"))], []),
    # A restart is back before it counts.
    ([(0, seen("lff")), (5, seen("lfu")), (24, seen("lfu")), (25, seen("lff"))], []),
    ([(0, seen("lff")), (5, seen("lfffu")), (25, seen("lfffu")), (30, seen("lfffu")), (40, seen("lffff"))],
     [("member_lost", "hbase-master-0", 25), ("restored", "member_lost", 40)]),
    # It continues: sent again.
    ([(0, seen("lfffu")), (20, seen("lfffu")), (619, seen("lfffu")), (620, seen("lfffu"))],
     [("member_lost", "hbase-master-0", 20), ("member_lost", "hbase-master-0", 620)]),
    ([(0, seen("lff")), (5, seen("flf"))], [("leader_changed", "hbase-master-1", 5)]),
    # No leader in between, then another one or the same.
    ([(0, seen("lff")), (5, seen("uff")), (8, seen("flf"))], [("leader_changed", "hbase-master-1", 8)]),
    ([(0, seen("lff")), (5, seen("uff")), (8, seen("lff"))], []),
    # Another master is lost: sent when it has lasted, and repeated from then on.
    ([(0, seen("lfffu")), (20, seen("lfffu")), (30, seen("lffuu")), (49, seen("lffuu")), (50, seen("lffuu")),
      (649, seen("lffuu")), (650, seen("lffuu"))],
     [("member_lost", "hbase-master-0", 20), ("member_lost", "hbase-master-0", 50),
      ("quorum_at_risk", "hbase-master-0", 50), ("member_lost", "hbase-master-0", 650),
      ("quorum_at_risk", "hbase-master-0", 650)]),
    # It is back before it counts. The first one comes back and is lost again.
    ([(0, seen("lfffu")), (20, seen("lfffu")), (30, seen("lffuu")), (45, seen("lfffu")), (60, seen("lffuu")),
      (79, seen("lffuf")), (80, seen("lffuf")), (90, seen("lffuu")), (109, seen("lffuu")),
      (110, seen("lffuu"))],
     [("member_lost", "hbase-master-0", 20), ("member_lost", "hbase-master-0", 80),
      ("member_lost", "hbase-master-0", 110), ("quorum_at_risk", "hbase-master-0", 110)]),
    # Another FUSE pod is dead.
    ([(0, seen("lff", dead=["x"])), (20, seen("lff", dead=["x"])), (30, seen("lff", dead=["x", "y"])),
      (50, seen("lff", dead=["x", "y"])), (60, seen("lff", dead=["y"]))],
     [("fuse_dead", "", 20), ("fuse_dead", "", 50)]),
    # The FUSE pods could not be read: the fault neither ends nor counts.
    ([(0, seen("lff", dead=["x"])), (20, seen("lff", dead=["x"])), (25, seen("lff", dead=None)),
      (30, seen("lff"))], [("fuse_dead", "", 20), ("restored", "fuse_dead", 30)]),
    # Nobody could report the roles: the fault neither ends nor counts.
    ([(0, seen("lfffu")), (20, seen("lfffu")), (25, seen("?????")), (30, seen("lffff"))],
     [("member_lost", "hbase-master-0", 20), ("restored", "member_lost", 30)]),
    # A deployment is no fault; what has been bound is.
    ([(0, seen("uuu", phase="NotBound")), (100, seen("uuu", phase="NotBound")), (200, seen("lff"))], []),
    ([(0, seen("lff")), (5, seen("lff", phase="NotBound")), (25, seen("lff", phase="NotBound"))],
     [("dataset_unbound", "", 25)]),
    # The source starts beside a cache that has failed.
    ([(0, seen("lff", phase="Failed")), (20, seen("lff", phase="Failed"))], [("dataset_unbound", "", 20)]),
    # A removal is no fault, and restores nothing.
    ([(0, seen("lff")), (9, seen("lff", phase="NotBound", terminating=True)),
      (99, seen("uuu", phase="NotBound", terminating=True))], []),
    ([(0, seen("lfffu")), (20, seen("lfffu")), (30, seen("lfffu", terminating=True))],
     [("member_lost", "hbase-master-0", 20)]),
], ids=["quiet", "restart", "lost", "repeated", "leader", "election", "same-leader", "another-lost",
        "lost-again", "another-fuse", "unread-fuses", "unread", "deployment",
        "unbound", "failed-at-start", "removal", "removal-after-loss"])
def test_events(steps, events):
    assert happened(*steps) == events


SCALING, SCALED = seen("lffuu", held=True), seen("lffff")


@pytest.mark.parametrize(("steps", "events"), [
    # Masters that a run adds join one after another.
    ([(0, seen("lff")), *((now, SCALING) for now in range(5, 200, 15)), (200, SCALED)], []),
    # The run ends between the requests for the masters and for the Lease.
    ([(0, seen("lff")), (5, SCALING), (30, SCALING), (31, seen("lfffu")), (45, SCALED)], []),
    # It ends and leaves a master lost.
    ([(0, seen("lfffu", held=True)), (30, seen("lfffu", held=True)), (31, seen("lfffu")),
      (50, seen("lfffu")), (51, seen("lfffu"))], [("member_lost", "hbase-master-0", 51)]),
    # It lasts for long.
    ([(0, seen("lfffu", held=True)), (599, seen("lfffu", held=True)), (600, seen("lfffu", held=True)),
      (615, seen("lfffu", held=True))], [("member_lost", "hbase-master-0", 600)]),
    # A rulebook heals what an event has reported, and its run lasts for long: due when it would be repeated.
    ([(0, seen("lfffu")), (20, seen("lfffu")), (30, seen("lfffu", held=True)),
      (619, seen("lfffu", held=True)), (620, seen("lfffu", held=True))],
     [("member_lost", "hbase-master-0", 20), ("member_lost", "hbase-master-0", 620)]),
    # A run adds a master beside one that has long been lost.
    ([(0, seen("lfffuf")), (20, seen("lfffuf")), (100, seen("lfffuu", held=True)),
      (200, seen("lfffuu", held=True)), (210, seen("lfffuf"))], [("member_lost", "hbase-master-0", 20)]),
    # It ends no other fault.
    ([(0, seen("lfffu", held=True, phase="Failed")), (20, seen("lfffu", held=True, phase="Failed"))],
     [("dataset_unbound", "", 20)]),
], ids=["scaling", "just-ended", "left", "long", "healing", "beside", "other-fault"])
def test_a_run_that_acts_on_the_masters_delays_their_events(steps, events):
    assert happened(*steps) == events


def test_the_pause_waits_for_the_end_of_a_run():
    tracker = Faults(95, LASTS, REPEAT)
    tracker.events([SCALING], 0)
    tracker.events([SCALING], 30)
    assert tracker.pause(40, 15) == 15
    tracker.events([seen("lffuu")], 50)
    assert (tracker.pause(50, 15), tracker.pause(60, 15)) == (15, 10)


def test_an_event_names_the_cache_and_its_seconds():
    tracker = Faults(95, 0, REPEAT)
    assert tracker.events([seen("lff", phase="Failed")], 3) == [
        {"type": "dataset_unbound", "phase": "Failed", "seconds": 0, **ABOUT}]
    assert tracker.events([seen("lff")], 10.04) == [
        {"type": "restored", "restored": "dataset_unbound", "seconds": 7.0, **ABOUT}]


def test_a_cache_that_is_gone_is_forgotten():
    tracker = Faults(95, 0, REPEAT)
    tracker.events([seen("lff"), seen("lff", name="other")], 0)
    assert tracker.events([seen("lff", name="other")], 1) == []
    # A new one of the same name is being deployed.
    assert tracker.events([seen("uuu", phase="NotBound")], 2) == []


def test_the_pause_ends_when_a_fault_counts_or_is_repeated():
    tracker = Faults(95, LASTS, REPEAT)
    assert tracker.pause(0, 15) == 15
    tracker.events([seen("lfffu")], 0)
    assert (tracker.pause(0, 15), tracker.pause(12, 15), tracker.pause(30, 15)) == (15, 8, 0)
    tracker.events([seen("lfffu")], 30)
    assert (tracker.pause(30, 15), tracker.pause(620, 15)) == (15, 10)
    tracker.events([seen("lffuu")], 40)
    assert (tracker.pause(40, 15), tracker.pause(50, 15)) == (15, 10)


def test_caches_of_a_namespace_that_could_not_be_read_are_kept():
    tracker = Faults(95, LASTS, REPEAT)
    tracker.events([seen("lfffu")], 0)
    assert len(tracker.events([seen("lfffu")], 20)) == 1
    assert tracker.events([], 30, {"data"}) == []
    assert tracker.events([seen("lfffu")], 60) == []
    assert [event["type"] for event in tracker.events([seen("flfff")], 70)] == ["leader_changed", "restored"]
    assert tracker.events([], 80, {"other"}) == tracker.events([seen("uuu", phase="NotBound")], 90) == []


@pytest.mark.parametrize("unread", [([], {"data"}), ([seen("?????", dead=None)], ())], ids=["all", "masters"])
def test_what_is_unknown_shortens_no_pause(unread):
    """No event of it is sent before it is known again."""
    tracker = Faults(95, LASTS, REPEAT)
    tracker.events([seen("lfffu", dead=["x"])], 0)
    tracker.events(unread[0], 10, *unread[1:])
    assert tracker.pause(30, 15) == 15
    tracker.events([seen("lfffu", dead=["x"])], 40)
    assert tracker.pause(645, 15) == 0
