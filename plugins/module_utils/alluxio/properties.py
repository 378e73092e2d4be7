# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of Alluxio's embedded journal, by the names of the module's options. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import InvalidInput
from . import durations

# The property of each option (Alluxio 2.9, PropertyKey.java). Alluxio silently ignores unknown keys.
RAFT_PROPERTIES = {
    "election_timeout_min": "alluxio.master.embedded.journal.election.timeout.min",
    "election_timeout_max": "alluxio.master.embedded.journal.election.timeout.max",
    "catchup_retry_wait": "alluxio.master.embedded.journal.catchup.retry.wait",
    "flush_size_max": "alluxio.master.embedded.journal.flush.size.max",
    "entry_size_max": "alluxio.master.embedded.journal.entry.size.max",
    "raft_client_request_interval": "alluxio.master.embedded.journal.raft.client.request.interval",
    "raft_client_request_timeout": "alluxio.master.embedded.journal.raft.client.request.timeout",
    "write_timeout": "alluxio.master.embedded.journal.write.timeout",
    "snapshot_replication_chunk_size": "alluxio.master.embedded.journal.snapshot.replication.chunk.size",
    "transport_request_timeout": "alluxio.master.embedded.journal.transport.request.timeout.ms",
    "transport_max_inbound_message_size":
    "alluxio.master.embedded.journal.transport.max.inbound.message.size",
    "checkpoint_period_entries": "alluxio.master.journal.checkpoint.period.entries",
    "log_size_bytes_max": "alluxio.master.journal.log.size.bytes.max",
    "backup_delegation": "alluxio.master.backup.delegation.enabled",
}
# Lets a standby serve its web port too; the leader is recognised by its open port (masters/web_api.py).
STANDBY_WEB = "alluxio.standby.master.web.enabled"
# Value: host:port of each peer, joined with commas.
JOURNAL_ADDRESSES = "alluxio.master.embedded.journal.addresses"
ELECTION_TIMEOUT_MIN = RAFT_PROPERTIES["election_timeout_min"]
ELECTION_TIMEOUT_MAX = RAFT_PROPERTIES["election_timeout_max"]
# Seconds (Alluxio 2.9, PropertyKey.java).
ELECTION_TIMEOUT_DEFAULTS = {ELECTION_TIMEOUT_MIN: 10.0, ELECTION_TIMEOUT_MAX: 20.0}
# The options that are durations (PropertyKey.java, durationBuilder).
RAFT_DURATIONS = ("election_timeout_min", "election_timeout_max", "catchup_retry_wait",
                  "raft_client_request_interval", "raft_client_request_timeout", "write_timeout",
                  "transport_request_timeout")
# The options that are sizes (PropertyKey.java, dataSizeBuilder).
RAFT_SIZES = ("flush_size_max", "entry_size_max", "snapshot_replication_chunk_size",
              "transport_max_inbound_message_size", "log_size_bytes_max")
# The election timeout of a process that knows no leader yet. Alluxio 2.9.4 hands it to Ratis and does not
# list it among its properties, since its pattern has no dash (PropertyKey.Template); 2.9.0 ignores it.
_FIRST_ELECTION = "alluxio.master.embedded.journal.ratis.config.raft.server.rpc.first-election.timeout."
FIRST_ELECTION_TIMEOUTS = {_FIRST_ELECTION + "min": "3s", _FIRST_ELECTION + "max": "5s"}
# Named sets of these options.
#
# A follower sleeps a random election timeout, then becomes a candidate if no heartbeat came for that long,
# else sleeps again (Ratis 2.4, FollowerState.run). So a follower of a dead leader becomes a candidate one to
# two timeouts after the last heartbeat, the first of two after 1.3 timeouts (median). It serves 0.4 to 0.7 s
# later (measured, Alluxio 2.9.4). The moments of the sleeps keep votes apart, so the range may be narrow.
#
# A leader sends heartbeats after half of election.timeout.min. With `balanced` a follower hears nothing for
# 2.25 s in normal operation and 4.25 s with a pause of 2 s, less than 4.5 s. With `fast` it may be 0.35 s.
#
# Masters that start at the same time answer late. With a shorter first timeout a second one is elected before
# the first leader's first entry arrives. Ratis 2.4 then takes that entry of the first one for committed: it
# never follows the second ("the first entry (index 0) already exists", seen on the lab with 0.7 s).
#
# With backup delegation a follower searches the lost leader and cannot lead before it stops that
# (BackupWorkerRole.close): 20 to 33 s after the loss of the leader's node, and in one of ten cases after the
# end of its process (measured).
RAFT_PROFILES = {
    "default": {},
    "balanced": {"election_timeout_min": "4500ms", "election_timeout_max": "5s",
                 "catchup_retry_wait": "100ms", "backup_delegation": "false"},
    "fast": {"election_timeout_min": "700ms", "election_timeout_max": "1s", "catchup_retry_wait": "100ms",
             "backup_delegation": "false"},
}


def election_timeout(key: str, properties: Mapping[str, str]) -> float:
    """Return the seconds of ELECTION_TIMEOUT_MIN or _MAX in the properties, else Alluxio's default."""
    try:
        return durations.seconds(key, properties[key])
    except (KeyError, InvalidInput):
        return ELECTION_TIMEOUT_DEFAULTS[key]


def heartbeat_interval(properties: Mapping[str, str]) -> float:
    """Return the seconds between two heartbeats of a leader with these properties in force.

    Source: Ratis 2.4, LogAppender.getHeartbeatWaitTimeMs: half of raft.server.rpc.timeout.min, which Alluxio
    sets to election.timeout.min (RaftJournalSystem).
    """
    return election_timeout(ELECTION_TIMEOUT_MIN, properties) / 2


def first_election_timeouts(properties: Mapping[str, str]) -> dict[str, str]:
    """Return FIRST_ELECTION_TIMEOUTS, or the election timeouts of the properties for slower heartbeats."""
    low, high = FIRST_ELECTION_TIMEOUTS
    if heartbeat_interval(properties) < durations.seconds(low, FIRST_ELECTION_TIMEOUTS[low]):
        return FIRST_ELECTION_TIMEOUTS
    return {low: properties[ELECTION_TIMEOUT_MIN], high: properties[ELECTION_TIMEOUT_MAX]}
