# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting what passed and what failed, from the reports that the test programs leave."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

# Molecule logs such a line at the end of each step, and repeats them without a level at the end. A missing
# playbook is no success, though Molecule goes on.
MOLECULE_STEP = re.compile(
    r"^(?:\x1b\[[0-9;]*m)*(?:INFO|WARNING|ERROR|CRITICAL)\b.*Executed: (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Tally:
    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failed + other.failed)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"

    def judged_by(self, exit_code: int) -> "Tally":
        """The same count, with a failure of its own for a program that failed without a report of what."""
        return Tally(self.passed, 1) if exit_code and not self.failed else self


def of_junit(reports: Iterable[Path]) -> Tally:
    """Sum the test cases of JUnit files; a skipped case counts as neither."""
    total = Tally()
    for report in reports:
        for case in ElementTree.parse(report).iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                total += Tally(failed=1)
            elif case.find("skipped") is None:
                total += Tally(passed=1)
    return total


def of_molecule(log: Path) -> Tally:
    """Count the steps that Molecule ran."""
    ends = MOLECULE_STEP.findall(log.read_text(errors="replace"))
    passed = ends.count("Successful")
    return Tally(passed, len(ends) - passed)


def of_exit_code(code: int) -> Tally:
    return Tally(passed=1) if code == 0 else Tally(failed=1)
