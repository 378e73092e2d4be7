# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicates of waits, for objects of any kind. Pure."""

from __future__ import annotations

from ..errors import InvalidInput
from .wait_status import Predicate, WaitStatus

BOUND_PHASE = "Bound"


def phase_text(phase: str) -> str:
    """Return a wait's progress for a phase; an object has none until its controller has processed it."""
    return f"its phase is {phase}" if phase else "it has no phase: its controller has not processed it yet"


def field_is(path: str, value: object) -> Predicate:
    """Return a predicate that is done when a JMESPath expression yields the value.

    value: None for any value that is true in Python. Values are compared as text, because YAML and the API
    disagree on some numbers. Raises InvalidInput for an invalid expression and if jmespath is not installed.
    """
    try:
        import jmespath  # imported here, because few tasks use it
    except ImportError as err:
        raise InvalidInput(
            "wait_for needs the Python package jmespath for the interpreter that runs the module: "
            "install it there (pip install jmespath)") from err
    try:
        expression = jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as err:
        raise InvalidInput(f"wait_for.path {path!r} is not a JMESPath expression: {err}") from err

    def predicate(existing: dict | None) -> WaitStatus:
        if existing is None:
            return WaitStatus(False, "it does not exist yet")
        try:
            found = expression.search(existing)
        except jmespath.exceptions.JMESPathError as err:
            return WaitStatus(False, f"{path} cannot be evaluated yet: {err}")
        return WaitStatus(
            bool(found) if value is None else _as_text(found) == _as_text(value), f"{path} is {found!r}")
    return predicate


def _as_text(value: object) -> str:
    """Return the value as text, booleans in lower case: a condition's status is "True", YAML's is true."""
    text = str(value)
    return text.lower() if text in ("True", "False") else text


def bound(existing: dict | None) -> WaitStatus:
    """Return done for a volume or claim in phase Bound, failed for one in phase Lost or Failed."""
    if existing is None:
        return WaitStatus(False, "it does not exist yet")
    phase = existing.get("status", {}).get("phase") or ""
    if phase in ("Lost", "Failed"):
        return WaitStatus(
            False, failed=f"its phase is {phase}: {existing['status'].get('message') or 'no message'}")
    return WaitStatus(phase == BOUND_PHASE, phase_text(phase))
