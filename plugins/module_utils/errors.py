# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors that this collection raises: one base class, one subclass for each reaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")
_Default = TypeVar("_Default")


class FluidError(Exception):
    """The base of all errors; its message becomes the module's msg.

    details: plain values that the module's failure returns beside msg, such as the last object read.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class InvalidInput(FluidError):
    """An option has an invalid value; nothing was changed."""


class PreconditionFailed(FluidError):
    """The state of the cluster forbids the action; nothing was changed."""


class Conflict(FluidError):
    """Another field manager holds a desired field, or the object kept changing between read and write."""


class WaitTimeout(FluidError):
    """The awaited state was not reached before the deadline."""


class WaitFailed(FluidError):
    """The awaited state can no longer be reached."""


class QuorumUnknown(FluidError):
    """No master reported its quorum, or the report could not be parsed."""


class OldLook(QuorumUnknown):
    """The look that an act follows from is too old; the act was not sent."""


class QuorumLost(FluidError):
    """Too few masters run to elect a leader; an action could lose entries that only unavailable ones hold."""


class LeaseHeld(FluidError):
    """Another run holds the Lease of the masters; nothing was changed."""


class LeaseLost(FluidError):
    """Another run has taken over the Lease; this run must not write any more."""


class ApiError(FluidError):
    """The API server refused a request, or could not be reached.

    status: the HTTP code; 0 without an answer. repeated: an earlier attempt of the request got no usable
    answer, so the server may have executed it already.
    """

    def __init__(self, message: str, status: int = 0, repeated: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = status
        self.repeated = repeated


class ServerUnavailable(ApiError):
    """No attempt was answered, or each was answered with a transient error (HTTP 429, 500, 502, 503, 504)."""


class CommandUnfinished(ApiError):
    """A command in a container, or the stream to it, did not end in its time."""


class StreamBroken(CommandUnfinished):
    """The stream to a command broke, perhaps after its begin; it can be repeated if it may run twice."""


class PodUnreachable(ApiError):
    """A pod's port neither answers nor refuses connections, as when its node is down or partitioned."""


class Forbidden(ApiError):
    """The client lacks a permission, or a quota or an admission controller refused the request (HTTP 403)."""


class KindNotFound(ApiError):
    """The server does not know the kind: its CustomResourceDefinition is not installed."""


class AlreadyExists(ApiError):
    """An object to create has the name of an existing one."""


class WriteConflict(ApiError):
    """The object changed between read and write (HTTP 409)."""


class DisruptionForbidden(ApiError):
    """A PodDisruptionBudget forbids the eviction of a pod for now; nothing was changed (HTTP 429)."""


class Expired(ApiError):
    """The resource version of a watch or of a list page is no longer served (HTTP 410).

    continue_token: continues a list with the current objects; empty if the server offers none.
    """

    def __init__(self, message: str, status: int = 0, continue_token: str = "", **details: Any) -> None:
        super().__init__(message, status, **details)
        self.continue_token = continue_token


def answer_or(default: _Default, question: Callable[[], _Answer]) -> _Answer | _Default:
    """Return the answer to a question, or the default after an ApiError that a repetition may mend.

    Raises Forbidden, which none mends.
    """
    try:
        return question()
    except Forbidden:
        raise
    except ApiError:
        return default
