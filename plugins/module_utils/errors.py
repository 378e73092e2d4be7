# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors this collection raises: one base class, one leaf for each way out."""

from __future__ import annotations

from typing import Any


class FluidError(Exception):
    """Base of all our errors; its message is what the user reads.

    details: plain values that go beside msg into the module's failure, for example
    the last object seen.
    """

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class InvalidInput(FluidError):
    """A value is refused before the cluster is touched."""


class Conflict(FluidError):
    """Another field manager holds a field that was asked for, or the object kept changing under us."""


class WaitTimeout(FluidError):
    """The awaited state did not come within the time that was given."""


class WaitFailed(FluidError):
    """The awaited state cannot come any more, so waiting on would be useless."""


class QuorumUnknown(FluidError):
    """No master could be asked for its quorum, or its answer could not be read."""


class QuorumLost(FluidError):
    """Too few masters run to elect a leader, and acting could lose what those that are away know."""


class ApiError(FluidError):
    """The API server refused a request, or could not be reached.

    status: the HTTP code; 0 when no answer came. repeated: the request had been sent before
    without a usable answer, so that what it asked for may have been done then.
    """

    def __init__(self, message: str, status: int = 0, repeated: bool = False, **details: Any) -> None:
        super().__init__(message, **details)
        self.status = status
        self.repeated = repeated


class ServerUnavailable(ApiError):
    """The API server did not answer, or was in trouble (HTTP 429, 500, 502, 503, 504), as often as it was asked."""


class PodUnreachable(ApiError):
    """A pod's port neither answered nor refused, as when its node is off or cut off."""


class KindNotFound(ApiError):
    """The server does not know the kind: its CustomResourceDefinition is not installed."""


class AlreadyExists(ApiError):
    """A create found an object of that name."""


class WriteConflict(ApiError):
    """The object changed between our read and our write (HTTP 409)."""


class Expired(ApiError):
    """The resource version of a watch or of a list page is no longer served (HTTP 410).

    rest: the token that the server offers for going on with a list as it is now; empty when it offers none.
    """

    def __init__(self, message: str, status: int = 0, rest: str = "", **details: Any) -> None:
        super().__init__(message, status, **details)
        self.rest = rest
