# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes quantities (k8s.io/apimachinery/pkg/api/resource): check, read, compare. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from ..errors import InvalidInput

_FACTORS = {
    "n": Decimal(10) ** -9, "u": Decimal(10) ** -6, "m": Decimal(10) ** -3, "": Decimal(1),
    "k": Decimal(10) ** 3, "M": Decimal(10) ** 6, "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12, "P": Decimal(10) ** 15, "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10, "Mi": Decimal(2) ** 20, "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40, "Pi": Decimal(2) ** 50, "Ei": Decimal(2) ** 60,
}
_QUANTITY = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)\Z", re.ASCII)


def parse(text: str) -> Decimal:
    """Return the number that a quantity stands for, for example 2147483648 for "2Gi".

    Raises InvalidInput when the text is not a quantity.
    """
    match = _QUANTITY.match(str(text))
    if match is None:
        raise InvalidInput(
            f"{text!r} is not a Kubernetes quantity: expected a number with an optional suffix, such as 500m, 512Mi or 2Gi")
    number, exponent, suffix = match.groups()
    if exponent:
        return Decimal(number + exponent)
    return Decimal(number) * _FACTORS[suffix or ""]


def require_positive(what: str, text: str) -> None:
    """Raise InvalidInput, naming the option, unless the text is a quantity above zero."""
    try:
        value = parse(text)
    except InvalidInput as err:
        raise InvalidInput(f"{what}: {err}") from err
    if value <= 0:
        raise InvalidInput(f"{what} is {text}: expected a quantity above zero")


def equal(one: object, other: object) -> bool:
    """Tell whether both are quantities of the same value, so that "2048Mi" equals "2Gi"."""
    try:
        return parse(str(one)) == parse(str(other))
    except InvalidInput:
        return False
