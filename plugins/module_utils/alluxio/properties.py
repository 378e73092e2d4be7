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
# Named sets of these options. With `fast` the failover takes up to 4 s instead of 11 to 14 (measured, Alluxio
# 2.9.4).
#
# `balanced` outlasts pauses of 2 s: a leader sends heartbeats after half of election.timeout.min (Ratis), so
# a follower hears nothing for 2.5 s in normal operation and 4.5 s with such a pause, less than 5 s. After the
# leader's death the first of two followers becomes a candidate after 5 to 7 s, 5.6 s in the median. It serves
# 1.7 to 2.2 s later (measured with `fast`). A wider range makes split votes rarer and failovers longer.
#
# With backup delegation a follower searches the lost leader and cannot lead before it stops that
# (BackupWorkerRole.close): 20 to 33 s after the loss of the leader's node, and in one of ten cases after the
# end of its process (measured).
RAFT_PROFILES = {
    "default": {},
    "balanced": {"election_timeout_min": "5s", "election_timeout_max": "7s", "catchup_retry_wait": "100ms",
                 "backup_delegation": "false"},
    "fast": {"election_timeout_min": "1s", "election_timeout_max": "2s", "catchup_retry_wait": "100ms",
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
