# SPDX-License-Identifier: GPL-3.0-or-later
"""What a failover drill found, and which promises it broke. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .reader import Reads


@dataclass(frozen=True)
class Writes:
    """before: directories acknowledged when the leader was killed. lost: paths that the new leader does not list."""

    before: int
    acknowledged: int
    lost: tuple[str, ...]

    def as_dict(self) -> dict:
        return {"acknowledged_before": self.before, "acknowledged": self.acknowledged, "lost": list(self.lost)}


@dataclass(frozen=True)
class DrillResult:
    """What a drill found. killed and leader: pods. Seconds count from the request that killed the leader.

    serving_after: until the next leader served clients; complete_after: until all peers of both domains were back.
    """

    killed: str
    leader: str
    serving_after: float
    complete_after: float
    writes: Writes | None = None
    reads: Reads | None = None

    def as_dict(self) -> dict:
        return {"killed": self.killed, "leader": self.leader, "seconds_without_leader": round(self.serving_after, 2),
                "seconds_until_complete": round(self.complete_after, 2), "writes": self.writes.as_dict() if self.writes else None,
                "reads": self.reads.as_dict() if self.reads else None}

    def broken(self, leader_within: float | None = None) -> list[str]:
        """The promises that did not hold, a sentence each."""
        found = []
        if leader_within is not None and self.serving_after > leader_within:
            found.append(
                f"{self.leader} served {self.serving_after:.1f} s after {self.killed} was killed, expected {leader_within:g} s or less")
        if self.writes and self.writes.lost:
            found.append(
                f"{len(self.writes.lost)} of {self.writes.acknowledged} acknowledged directories are lost, such as {self.writes.lost[0]}")
        if self.reads and self.reads.errors:
            found.append(f"{len(self.reads.errors)} reads failed: {self.reads.errors[0]}")
        if self.reads and self.reads.different:
            found.append(f"the file was read with {len(self.reads.different)} other checksums")
        return found
