# SPDX-License-Identifier: GPL-3.0-or-later
"""Alluxio's durations and sizes (FormatUtils.parseTimeSize and parseSpaceSize). Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from ..errors import InvalidInput

# The seconds of each unit; a number without a unit is in milliseconds.
_SECONDS = {"": 0.001, "ms": 0.001, "millisecond": 0.001, "s": 1, "sec": 1, "second": 1,
            "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600, "d": 86400, "day": 86400}
_DURATION = re.compile(rf"([0-9]+)({'|'.join(_SECONDS)})\Z")

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:([kmgtp])i?b?|b)?\Z", re.ASCII | re.IGNORECASE)
# Alluxio's KB has 1024 bytes, like its KiB.
_POWERS = {unit: power for power, unit in enumerate("kmgtp", start=1)}


def size(what: str, text: str) -> Decimal:
    """Return the bytes of a size such as 512KB, 4MB or 1GB.

    Raises InvalidInput, with what as the name of the option, for other text and for zero.
    """
    match = _SIZE.match(text)
    if match is None or Decimal(match[1]) <= 0:
        raise InvalidInput(f"{what} is {text!r}: expected a number of bytes above zero, with an optional "
                           "unit, such as 512KB, 4MB or 1GB")
    return Decimal(match[1]) * 1024 ** _POWERS.get((match[2] or "").lower(), 0)


def seconds(what: str, text: str) -> float:
    """Return the seconds of a duration such as 500ms, 10s or 1min.

    Raises InvalidInput, with what as the name of the option, for other text and for zero.
    """
    match = _DURATION.match(text.lower())
    if match is None or int(match.group(1)) <= 0:
        raise InvalidInput(
            f"{what} is {text!r}: expected a whole number with a unit, such as 500ms, 10s or 1min")
    return int(match.group(1)) * _SECONDS[match.group(2)]
