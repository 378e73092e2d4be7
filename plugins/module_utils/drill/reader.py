# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reading application printed while a leader was killed. Pure.

The reader (roles/drill/files/read_again.sh) prints a line for each read of the same file: `read SHA256 BEGAN ENDED` or
`error BEGAN ENDED WORDS...`, with times in seconds of its machine's uptime.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"^(?:read (?P<sha256>[0-9a-f]{64})|error) (?P<began>[0-9.]+) (?P<ended>[0-9.]+) ?(?P<words>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Reads:
    """All reads of one log. longest: seconds of the longest one; different: checksums other than the first."""

    good: int
    errors: tuple[str, ...]
    different: tuple[str, ...]
    longest: float

    def as_dict(self) -> dict:
        return {"good": self.good, "errors": list(self.errors), "different": list(self.different), "longest": round(self.longest, 2)}


def parse(log: str, skip: int = 0) -> Reads:
    """Read the log. skip: how many of its first reads count for the expected checksum alone."""
    lines = list(_LINE.finditer(log))
    expected = next((line["sha256"] for line in lines if line["sha256"]), None)
    counted = lines[skip:]
    return Reads(
        good=sum(line["sha256"] == expected for line in counted if line["sha256"]),
        errors=tuple(line["words"].strip() or "no words" for line in counted if not line["sha256"]),
        different=tuple(sorted({line["sha256"] for line in counted if line["sha256"] and line["sha256"] != expected})),
        longest=max((float(line["ended"]) - float(line["began"]) for line in counted), default=0.0))


def count(log: str) -> int:
    """How many reads the log tells of, good and bad."""
    return sum(1 for _line in _LINE.finditer(log))
