# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of Alluxio's embedded journal, by the names of our options. Pure."""

from __future__ import annotations

from typing import Mapping

from ..errors import InvalidInput
from . import durations

# The journal's options and the property each one sets (Alluxio 2.9, PropertyKey.java).
# Another spelling of a key is accepted by Alluxio and does nothing.
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
    "transport_max_inbound_message_size": "alluxio.master.embedded.journal.transport.max.inbound.message.size",
    "checkpoint_period_entries": "alluxio.master.journal.checkpoint.period.entries",
    "log_size_bytes_max": "alluxio.master.journal.log.size.bytes.max",
    "backup_delegation": "alluxio.master.backup.delegation.enabled",
}
ELECTION_TIMEOUT_MIN = RAFT_PROPERTIES["election_timeout_min"]
ELECTION_TIMEOUT_MAX = RAFT_PROPERTIES["election_timeout_max"]
# Seconds (Alluxio 2.9, PropertyKey.java).
ELECTION_TIMEOUT_DEFAULTS = {ELECTION_TIMEOUT_MIN: 10.0, ELECTION_TIMEOUT_MAX: 20.0}
# Sets of these options by name. With `fast` a lost leader is succeeded within 4 s instead of 11 to 14 (measured, Alluxio 2.9.4).
# A follower that backups may be delegated to looks for a lost leader, and cannot lead itself until it gives up (BackupWorkerRole.close):
# 20 to 33 s when the leader's node is gone, and once in ten times when its process is (measured).
RAFT_PROFILES = {
    "default": {},
    "fast": {"election_timeout_min": "1s", "election_timeout_max": "2s", "catchup_retry_wait": "100ms", "backup_delegation": "false"},
}


def election_timeout(key: str, properties: Mapping[str, str]) -> float:
    """Return the seconds of ELECTION_TIMEOUT_MIN or _MAX in force with these properties; Alluxio's default for what is no duration."""
    try:
        return durations.seconds(key, properties[key])
    except (KeyError, InvalidInput):
        return ELECTION_TIMEOUT_DEFAULTS[key]
