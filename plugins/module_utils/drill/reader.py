# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of an application that reads while a leader is killed. Pure.

The reader (roles/drill/files/read_again.sh) prints one line for each read of the same file. Format: `read
SHA256 BEGAN ENDED` or `error BEGAN ENDED MESSAGE...`, with times in seconds of its host's uptime. Without a
file it prints one line, `no file NAME to read below /data`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^(?:read (?P<sha256>[0-9a-f]{64})|error) (?P<began>[0-9.]+) (?P<ended>[0-9.]+) ?(?P<message>.*)$",
    re.MULTILINE)
_NO_FILE = re.compile(r"^no file .*$", re.MULTILINE)


@dataclass(frozen=True)
class Reads:
    """The reads in one log. different: other checksums than the first one. longest: seconds."""

    good: int
    errors: tuple[str, ...]
    different: tuple[str, ...]
    longest: float

    def as_dict(self) -> dict:
        """Return the values as the module returns them."""
        return {"good": self.good, "errors": list(self.errors), "different": list(self.different),
                "longest": round(self.longest, 2)}


def parse(log: str, skip: int = 0) -> Reads:
    """Return the reads in a log. skip: number of first reads that only determine the expected checksum."""
    lines = list(_LINE.finditer(log))
    expected = next((line["sha256"] for line in lines if line["sha256"]), None)
    counted = lines[skip:]
    return Reads(
        good=sum(line["sha256"] == expected for line in counted if line["sha256"]),
        errors=tuple(line["message"].strip() or "no message" for line in counted if not line["sha256"]),
        different=tuple(
            sorted({line["sha256"] for line in counted if line["sha256"] and line["sha256"] != expected})),
        longest=max((float(line["ended"]) - float(line["began"]) for line in counted), default=0.0))


def without_file(log: str) -> str:
    """Return the line of a reader that has found no file; empty without one."""
    found = _NO_FILE.search(log)
    return found[0] if found else ""


def count(log: str) -> int:
    """Return the number of reads in the log, failed ones included."""
    return sum(1 for _line in _LINE.finditer(log))
