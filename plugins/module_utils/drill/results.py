# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a failover drill, and the guarantees that it broke. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .reader import Reads


@dataclass(frozen=True)
class Writes:
    """Acknowledged directories. before: number at the kill. lost: paths that the new leader lacks."""

    before: int
    acknowledged: int
    lost: tuple[str, ...]

    def as_dict(self) -> dict:
        """Return the values as the module returns them."""
        return {"acknowledged_before": self.before, "acknowledged": self.acknowledged,
                "lost": list(self.lost)}


@dataclass(frozen=True)
class DrillResult:
    """The result of a drill. killed and leader: pods. Seconds count from the request that killed the leader.

    serving_after: until the next leader serves clients. complete_after: until both quorums are complete.
    """

    killed: str
    leader: str
    serving_after: float
    complete_after: float
    writes: Writes | None = None
    reads: Reads | None = None

    def as_dict(self) -> dict:
        """Return the values as the module returns them."""
        return {"killed": self.killed, "leader": self.leader,
                "seconds_without_leader": round(self.serving_after, 2),
                "seconds_until_complete": round(self.complete_after, 2),
                "writes": self.writes.as_dict() if self.writes else None,
                "reads": self.reads.as_dict() if self.reads else None}

    def broken(self, max_failover_seconds: float | None = None) -> list[str]:
        """Return a sentence for each broken guarantee. max_failover_seconds: None for no limit."""
        found = []
        if max_failover_seconds is not None and self.serving_after > max_failover_seconds:
            found.append(
                f"{self.leader} served {self.serving_after:.1f} s after {self.killed} was killed, expected "
                f"{max_failover_seconds:g} s or less")
        if self.writes and self.writes.lost:
            found.append(
                f"{len(self.writes.lost)} of {self.writes.acknowledged} acknowledged directories are lost, "
                f"such as {self.writes.lost[0]}")
        if self.reads and self.reads.errors:
            found.append(f"{len(self.reads.errors)} reads failed: {self.reads.errors[0]}")
        if self.reads and self.reads.different:
            found.append(f"the file was read with {len(self.reads.different)} other checksums")
        return found
