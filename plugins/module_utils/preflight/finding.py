# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding before a deployment, and the order of several. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

# ERROR: the playbook cannot succeed. WARNING: it may fail, or the cache does less than it could.
ERROR, WARNING, INFO = "error", "warning", "info"
_SEVERITIES = (ERROR, WARNING, INFO)


@dataclass(frozen=True)
class Finding:
    """A finding. check: what was examined. evidence: what was observed, and what was expected."""

    severity: str
    check: str
    evidence: str
    remedy: str = ""

    def as_dict(self) -> dict:
        """Return the finding as the module returns it."""
        return asdict(self)

    def line(self) -> str:
        """Return the finding in one line."""
        return f"{self.severity}: {self.check}: {self.evidence}" + (f": {self.remedy}" if self.remedy else "")


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings without repetitions, the most severe first."""
    return sorted(dict.fromkeys(findings), key=lambda each: _SEVERITIES.index(each.severity))
