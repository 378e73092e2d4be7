# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedules that a CronJob accepts. Pure.

Source: github.com/robfig/cron/v3, parser.go, ParseStandard, which Kubernetes uses; a Sunday is 0, never 7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import InvalidInput

_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_PART = re.compile(r"([*?]|\w+)(?:-(\w+))?(?:/(\d{1,4}))?\Z", re.ASCII)


@dataclass(frozen=True)
class _Unit:
    """One of the five fields. names: of its values, from the first one."""

    name: str
    first: int
    last: int
    names: tuple[str, ...] = ()

    def value(self, text: str) -> int | None:
        """Return the number that a text is, or names; None for any other."""
        if text.lower() in self.names:
            return self.names.index(text.lower()) + self.first
        found = int(text) if text.isdecimal() and len(text) <= 2 else None
        return found if found is not None and self.first <= found <= self.last else None

    def accepts(self, text: str) -> bool:
        """Return whether the text is a list of values, ranges and steps of this field."""
        return all(map(self._accepts_part, text.split(",")))

    def _accepts_part(self, text: str) -> bool:
        match = _PART.match(text)
        if match is None or (match[3] is not None and int(match[3]) == 0):
            return False
        if match[1] in "*?":
            return match[2] is None
        first, last = self.value(match[1]), self.value(match[2] or match[1])
        return first is not None and last is not None and first <= last


_UNITS = (
    _Unit("minute", 0, 59), _Unit("hour", 0, 23), _Unit("day of the month", 1, 31),
    _Unit("month", 1, 12, (
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")),
    _Unit("day of the week", 0, 6, ("sun", "mon", "tue", "wed", "thu", "fri", "sat")),
)


def require_schedule(text: str) -> None:
    """Raise InvalidInput unless the text is a cron expression of five fields, or a macro such as @daily."""
    if text in _MACROS:
        return
    fields = text.split()
    if len(fields) != len(_UNITS):
        raise InvalidInput(
            f"schedule is {text!r}: expected the five fields minute, hour, day of the month, month and day "
            f"of the week, such as '0 3 * * *', or one of {', '.join(_MACROS)}")
    for unit, field in zip(_UNITS, fields, strict=True):
        if not unit.accepts(field):
            raise InvalidInput(
                f"schedule is {text!r}, whose {unit.name} is {field!r}: expected *, or values from "
                f"{unit.first} to {unit.last}, such as {unit.first}, {unit.first}-{unit.last} or */2")
