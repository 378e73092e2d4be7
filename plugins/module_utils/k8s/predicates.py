# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicates on objects of any kind, for waiting. Pure."""

from __future__ import annotations

from ..errors import InvalidInput
from .wait_status import WaitStatus

BOUND_PHASE = "Bound"


def phase_text(phase: str) -> str:
    return f"its phase is {phase}" if phase else "it has no phase yet, so its controller has not seen it"


def field_is(path: str, value: object):
    """A judge that is done once a JMESPath expression finds the value, or with None anything that is true.

    Raises InvalidInput when the expression cannot be read, or jmespath is not installed. Values are compared as text too, since
    YAML and the API do not always agree on what is a number.
    """
    try:
        import jmespath  # here, because few tasks need it
    except ImportError as err:
        raise InvalidInput("wait_for needs the Python package jmespath for the interpreter that runs the module: "
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
        return WaitStatus(bool(found) if value is None else _as_text(found) == _as_text(value), f"{path} is {found!r}")
    return predicate


def _as_text(value: object) -> str:
    """The value as text; true is one of YAML's words, of Python's and of a condition's status."""
    text = str(value)
    return text.lower() if text in ("True", "False") else text


def bound(existing: dict | None) -> WaitStatus:
    """Done once a PersistentVolume or claim says that it is Bound."""
    if existing is None:
        return WaitStatus(False, "it does not exist yet")
    phase = existing.get("status", {}).get("phase") or ""
    if phase in ("Lost", "Failed"):
        return WaitStatus(False, failed=f"its phase is {phase}: {existing['status'].get('message') or 'no message'}")
    return WaitStatus(phase == BOUND_PHASE, phase_text(phase))
