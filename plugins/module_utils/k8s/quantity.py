# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsing of times, and parsing, comparison and text of quantities (apimachinery, pkg/api/resource). Pure."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from ..errors import InvalidInput

_FACTORS = {
    "n": Decimal(10) ** -9, "u": Decimal(10) ** -6, "m": Decimal(10) ** -3, "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12, "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}
# The largest value of a quantity in the API.
LARGEST = 2**63 - 1
# Longer numbers are beyond all that a cluster has, and Python computes with them for seconds.
_QUANTITY = re.compile(r"^([+-]?(?:\d{1,99}\.?\d{0,99}|\.\d{1,99}))"
                       r"(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)\Z", re.ASCII)


def parse(text: str) -> Decimal:
    """Return the value of a quantity, such as 2147483648 for "2Gi". Raises InvalidInput for other text."""
    match = _QUANTITY.match(str(text))
    if match is None:
        raise InvalidInput(
            f"{text!r} is not a Kubernetes quantity: expected a number with an optional suffix, such as "
            "500m, 512Mi or 2Gi")
    number, exponent, suffix = match.groups()
    if exponent:
        return Decimal(number + exponent)
    return Decimal(number) * _FACTORS[suffix or ""]


def require(what: str, text: str) -> Decimal:
    """Return the value of a quantity. Raises InvalidInput, naming the option, for other text."""
    try:
        return parse(text)
    except InvalidInput as err:
        raise InvalidInput(f"{what}: {err}") from err


def require_positive(what: str, text: str) -> None:
    """Raise InvalidInput, naming the option, unless the text is a quantity above zero that the API has."""
    value = require(what, text)
    if value <= 0:
        raise InvalidInput(f"{what} is {text}: expected a quantity above zero")
    if value > LARGEST:
        raise InvalidInput(f"{what} is {text}: expected at most {LARGEST}")


def equal(one: object, other: object) -> bool:
    """Return whether both are quantities of the same value, as "2048Mi" and "2Gi" are."""
    try:
        return parse(str(one)) == parse(str(other))
    except InvalidInput:
        return False


def as_text(size: Decimal) -> str:
    """Return a number of bytes as a quantity with the largest binary suffix that divides it."""
    number = int(size)
    for suffix in ("", "Ki", "Mi", "Gi", "Ti"):
        if number % 1024 or suffix == "Ti":
            return f"{number}{suffix}"
        number //= 1024
    return str(number)


def parse_time(text: str) -> datetime:
    """Return the time in an RFC 3339 text. Raises InvalidInput for another text or one without a zone."""
    try:
        found = datetime.fromisoformat(re.sub(r"[zZ]\Z", "+00:00", text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput(
            f"restarted_after is {text!r}: expected a time with its zone in RFC 3339, such as "
            "2026-11-24T18:00:00Z")
    return found
