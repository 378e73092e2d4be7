# SPDX-License-Identifier: GPL-3.0-or-later
"""What masters log, as it was recorded on a lab (Alluxio 2.9.4; the order of 2.9.0 is its source's)."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.logs import (
    has_conflict,
    last_term,
    raft_server_state,
    serves_after_web,
    serves_for,
    stepped_down_for,
)
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import CLOSED, OPEN

LEADS = "%s INFO  AlluxioMasterProcess - Becoming a leader.\n"
SERVES = "%s INFO  DefaultSafeModeManager - Rpc server started, waiting\n"
WEB = "%s INFO  WebServer - Alluxio Master Web service started @ /\n"
FIRST, EARLY = "2026-11-24T21:35:30,000", "2026-11-24T21:35:38,916"
LATE, LATER = "2026-11-24T21:35:40,137", "2026-11-24T21:40:00,000"
SERVES_FIRST = LEADS % FIRST + SERVES % EARLY + WEB % LATE
WEB_FIRST = LEADS % FIRST + WEB % EARLY + SERVES % LATE


@pytest.mark.parametrize(("log", "seconds"), [
    (SERVES_FIRST, -1.221),
    (SERVES_FIRST.replace("T", " "), -1.221),
    (SERVES % FIRST + WEB_FIRST, 1.221),
    # The master logs SERVES at its start too; without the begin of the leadership that gave 9 s or an hour.
    (SERVES % FIRST + LEADS % FIRST + WEB % EARLY, None),
    (SERVES_FIRST + LEADS % LATE + SERVES % LATE + WEB % LATER, -259.863),
    (SERVES_FIRST + LEADS % LATE + WEB % LATE + SERVES % LATER, 259.863),
    (SERVES_FIRST + LEADS % LATE + WEB % LATE, None),
    (SERVES_FIRST + LEADS % LATE + SERVES % LATER, 0),  # it leads anew and serves no web port yet
    (LEADS % FIRST + "x INFO  DefaultSafeModeManager - Rpc server started\n" + WEB % LATE, None),
    (SERVES % EARLY + WEB % LATE, 0),
    ("", 0),
], ids=["2.9.4", "spaces", "2.9.0", "2.9.0-not-yet", "again", "again-2.9.0", "again-2.9.0-not-yet", "not-yet",
        "other-times", "no-leadership", "nothing"])
def test_how_long_after_its_web_port_a_leader_serves(log, seconds):
    found = serves_after_web(log)
    assert found is None if seconds is None else found == pytest.approx(seconds)


@pytest.mark.parametrize(("log", "local_time", "seconds"), [
    (SERVES_FIRST, LATE, 1.221), (SERVES_FIRST.replace("T", " "), LATE, 1.221),
    (SERVES % FIRST + LEADS % EARLY, LATE, None), ("", LATE, None), (SERVES_FIRST, "", None),
    (SERVES_FIRST, "2026-11-24T21:35:40,%3N", None),
], ids=["serves", "spaces", "not-yet", "no-log", "no-time", "busybox"])
def test_how_long_a_leader_has_served(log, local_time, seconds):
    assert serves_for(log, local_time) == (None if seconds is None else pytest.approx(seconds))


REFUSED = ("2026-11-26T22:01:27,{:03} INFO  RaftServer$Division - m-0_19200@group-ABB3109A44C1: Failed "
           "appendEntries as {}\n")
EXISTS = "the first entry (index 0) already exists (snapshotIndex: -1, commitIndex: 0)"
NOT_FOUND = "previous log entry ((t:3, i:0)) is not found"


def test_a_conflict_with_the_first_entry_of_the_leader():
    """Recorded on a lab whose masters elected twice at their start: both lines in turn, without an end."""
    log = "".join(REFUSED.format(each, EXISTS if each % 2 else NOT_FOUND) for each in range(50))
    assert has_conflict(log)
    assert not has_conflict(log.replace(EXISTS, NOT_FOUND))


def test_entries_that_a_leader_sends_again_are_no_conflict():
    """GrpcLogAppender.resetClient lowers the next index after a broken stream; then the leader continues."""
    again = "the first entry (index {}) already exists (snapshotIndex: 4000, commitIndex: 4711)"
    assert not has_conflict("".join(REFUSED.format(each, again.format(each)) for each in range(50)))
    assert not has_conflict(REFUSED.format(0, again.format(4711)) + REFUSED.format(1, NOT_FOUND) * 40)


def test_the_term_of_a_recorded_leader(recorded):
    assert last_term(recorded("raft_leader_log.txt")) == 1


def test_the_newest_term_counts(recorded):
    later = recorded("raft_leader_log.txt").replace("at term 1 for changeToLeader",
                                                    "at term 12 for changeToLeader")
    assert last_term(later) == 12


def test_a_log_without_a_term():
    assert last_term("2026-11-23 INFO  AlluxioMasterProcess - Becoming a leader.\n") is None


def test_a_recorded_member_that_was_told_to_shut_down(recorded):
    log = recorded("raft_closed_log.txt")
    assert raft_server_state(log) == CLOSED
    assert raft_server_state(
        log + "2026-11-25T04:29:29,001 INFO  RaftServer - hbase-master-4_19200: start RPC server\n") == OPEN


REPLACES = """\
2026-11-27T04:35:10,475 INFO  RaftServer - m2_19200: start RPC server
2026-11-27T04:35:13,082 INFO  AlluxioMasterProcess - Terminating an unstable attempt to become a leader.
2026-11-27T04:35:13,082 INFO  RaftJournalSystem - Losing primacy.
2026-11-27T04:35:13,084 INFO  RaftJournalSystem - Shutting down Raft server
2026-11-27T04:35:13,087 INFO  RaftServer - m2_19200: close
2026-11-27T04:35:14,201 INFO  RaftJournalSystem - Shut down Raft server
"""
ENDS = REPLACES.replace("Shutting down Raft server", "Shutting down raft journal")
JOINS = "2026-11-27T04:35:18,280 INFO  RaftServer - m2_19200: start RPC server\n"
LEAVES = "2026-11-27T04:35:28,280 INFO  RaftServer - m2_19200: close\n"


@pytest.mark.parametrize(("log", "state"), [
    (REPLACES, ""), (ENDS, ""), (REPLACES + JOINS, OPEN), (REPLACES + JOINS + LEAVES, CLOSED),
], ids=["replaces", "ends", "has-replaced", "told-to-shut-down"])
def test_a_former_leader_that_replaces_its_raft_server_has_not_closed_it(log, state):
    """A restart at that moment costs the next leader its majority (seen on the lab)."""
    assert raft_server_state(log) == state


def test_a_leader_has_closed_nothing(recorded):
    assert raft_server_state(recorded("raft_leader_log.txt")) in (OPEN, "")


def test_a_master_that_loads_its_journal_has_not_logged_its_server():
    assert raft_server_state("2026-11-25T04:29:29,001 INFO  Loading the checkpoint\n") == ""


SKIPS = ("2026-11-27T02:18:54,770 INFO FollowerState - m0_19200@group-ABB3-FollowerState:"
         " Skipping leader election since it stepped down recently (elapsed = {}ms < waitTime = "
         "9223372036854775807ms)\n")
VOTES = ("2026-11-27T02:18:54,877 INFO VoteContext - m0_19200@group-ABB3-FOLLOWER: reject "
         "PRE_VOTE from m1_19200: our last entry (t:11, i:135454) > candidate's last entry (t:10, "
         "i:135151)\n")
CLOSES = "2026-11-27T02:18:55,983 INFO RaftServer - hbase-master-0_19200: close\n"


@pytest.mark.parametrize(("log", "seconds"), [
    (SKIPS.format(561123) + VOTES + SKIPS.format(562168) + VOTES, 562.168),
    (VOTES, None), ("", None), (SKIPS.format(1168) + CLOSES + VOTES, None),
    (CLOSES + SKIPS.format(1168), 1.168),
], ids=["hangs", "follows", "empty", "has-become-a-standby", "has-led-again"])
def test_a_former_leader_that_may_start_no_election(log, seconds):
    assert stepped_down_for(log) == seconds
