# SPDX-License-Identifier: GPL-3.0-or-later
"""The promises of those who read: the sample, what of it is cached, the mounts of running pods. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..fluid.summary import percentage, size_in_bytes
from . import observed as seen
from .cache_promises import awaited_figures, texts
from .observed import Observed
from .promise import BROKEN, DEGRADED, KEPT, UNKNOWN, Expected, Promise, decide

# The largest block of Alluxio in usual settings: the last block of a sample may be read in part, and is not
# cached then (alluxio.user.block.size.bytes.default is 64 MiB).
_BLOCK = 64 * 1024 ** 2
# Fluid rounds its figures to two decimals.
_ROUNDED = 0.01
_LISTED = 5
# EBADFD: the kernel has noted that this mount opens no files, and FUSE knows no file of its reads.
_BAD_STATE = "in bad state"
_UNOPENED = ("delete the FUSE pod of the node whose file descriptors are in bad state, then the pods there "
             "that mount the claim: a file was opened there while another node wrote it")
_DISCONNECTED = ("delete the pods whose endpoint is not connected: a new pod gets a new mount. For another "
                 "error read the log of the FUSE pod on the node")


@dataclass(frozen=True)
class MountView:
    """One mount of the claim in a running pod. answer: empty if it was read, else what the read returned.

    dead: whether the answer proves that the mount is dead. asked: whether it was read at all.
    """

    pod: str
    node: str
    container: str
    path: str
    answer: str = ""
    dead: bool = False
    asked: bool = True

    @property
    def remedy(self) -> str:
        """What makes a dead mount work again."""
        return _UNOPENED if self.opens_nothing else _DISCONNECTED

    @property
    def opens_nothing(self) -> bool:
        """Whether the kernel opens no file of this mount."""
        return _BAD_STATE in self.answer

    def describe(self) -> str:
        """Return the mount for messages."""
        return f"pod {self.pod} on {self.node} (container {self.container}, {self.path}): {self.answer}"


def listed(probe: Mapping[str, Any], expected: Expected) -> Promise:
    """Return whether a new pod that mounts the claim lists files."""
    errors = list(filter(None, [probe.get("error"), *(probe.get("listing_errors") or [])]))
    files = probe.get("files")
    if probe.get("skipped"):
        return Promise("files_listed", UNKNOWN,
                       f"No pod was started that lists the files of {expected.label}", probe["skipped"])
    return decide(
        "files_listed", bool(files) and not errors,
        f"Claim {expected.label} has {files or 'no'} files in pod {probe.get('pod')}"
        f"{_detail(errors)}", "at least one",
        "read the state of the FUSE pod on its node, then verify again" if errors else
        "see that the under-store has files and accepts the credentials (playbook diagnose)",
        {"files": files, "all": probe.get("listed_all")})


def read(probe: Mapping[str, Any], expected: Expected) -> Promise:
    """Return whether a new pod that mounts the claim reads the sample twice."""
    errors = list(filter(None, [probe.get("error"), *(probe.get("reading_errors") or [])]))
    written = probe.get("being_written") or []
    skipped = probe.get("skipped") or _unread(probe, errors, written)
    if skipped:
        return Promise("files_read", UNKNOWN, f"No file of {expected.label} was read", skipped)
    return decide(
        "files_read", not errors,
        f"Pod {probe.get('pod')} has read {probe.get('size') or 0} bytes of claim {expected.label}"
        f"{_left_out(written)}{_detail(errors)}", "a sample of its files, twice",
        _UNOPENED if any(_BAD_STATE in error for error in errors) else
        "read the log of the FUSE pod on its node, then verify again",
        {name: probe.get(name)
         for name in ("size", "complete", "being_written", "first_seconds", "second_seconds")})


def _unread(probe: Mapping[str, Any], errors: Sequence[str], written: Sequence[str]) -> str:
    """Return why nothing could be read without an error; empty if it proves something."""
    if errors:
        return ""
    if probe.get("size") is None:
        return "set workers, without which nothing can be read"
    if probe["size"]:
        return ""
    if written:
        return "verify again when its files are written"
    # Empty files, or files that were deleted since the listing.
    return "" if probe.get("complete") else "verify again when it has files with content"


def _left_out(written: Sequence[str]) -> str:
    return f", without files that are being written ({', '.join(written)})" if written else ""


def lacks_cached(status: dict, probe: Mapping[str, Any], expected: Expected) -> str:
    """Return what lacks in the cache after the sample was read, as a short text; empty if enough is cached.

    A sample that is not all data requires that its own bytes are cached.
    """
    if not probe.get("size") or probe.get("error"):
        return ""
    found = texts(status)
    if probe.get("complete"):
        share = percentage(found["percentage"])
        return "" if share is not None and share >= expected.cached else f"{found['percentage']} are cached"
    size = size_in_bytes(found["cached"])
    least = max(0.0, (probe["size"] - _BLOCK) * expected.cached / 100 * (1 - _ROUNDED))
    return "" if size is not None and size >= least else f"{found['cached']} are cached"


def cached(observed: Observed, probe: Mapping[str, Any], expected: Expected, waited: float) -> Promise:
    """Return whether what was read is cached. waited: seconds since it was read."""
    status = observed.status(seen.DATASET)
    found, lacking = texts(status), lacks_cached(status, probe, expected)
    if lacking and awaited_figures(status):
        return Promise("cached", UNKNOWN, f"How much of {expected.label} is cached is not known: "
                       f"{awaited_figures(status)}", "verify again when it is", found)
    share = (f"{expected.cached:g}%" if probe.get("complete")
             else f"{expected.cached:g}% of the {probe['size']} bytes that were read")
    return decide(
        "cached", not lacking,
        f"Dataset {expected.label} has {found['percentage']} cached {waited:.0f} seconds after its files "
        "were read",
        f"{share} ({found['cached']} of a capacity of {found['capacity']})",
        "add capacity, or set verify_cached_percentage (fluid_cached_percentage) lower", found)


def mounts(views: Sequence[MountView], expected: Expected) -> Promise:
    """Return whether each running pod that mounts the claim can read its directory."""
    dead = [view for view in views if view.dead]
    unread = [view for view in views if view.answer and not view.dead]
    on_lost = [view for view in unread if not view.asked]
    subject = f"mounts of claim {expected.label} in running pods"
    figures = {"mounts": len(views), "dead": [view.describe() for view in dead],
               "unknown": [view.describe() for view in unread]}
    if dead:
        return Promise(
            "application_mounts", BROKEN,
            f"{len(dead)} of {len(views)} {subject} are dead, expected none{_lines(dead)}",
            "; ".join(sorted({view.remedy for view in dead})), figures)
    if not unread:
        return Promise("application_mounts", KEPT, f"{len(views)} {subject} are read", figures=figures)
    state = DEGRADED if len(on_lost) == len(unread) else UNKNOWN
    return Promise(
        "application_mounts", state,
        f"{len(unread)} of {len(views)} {subject} could not be read{_lines(unread)}",
        "start the nodes that are not Ready" if state == DEGRADED else
        "look into the pods; it needs create on pods/exec, and sh and ls in their image", figures,
        tuple(sorted({view.node for view in on_lost})) if state == DEGRADED else ())


def _lines(views: Sequence[MountView]) -> str:
    more = f"; and {len(views) - _LISTED} more" if len(views) > _LISTED else ""
    return "; " + "; ".join(view.describe() for view in views[:_LISTED]) + more


def _detail(errors: Sequence[str]) -> str:
    return "; " + "; ".join(errors) if errors else ""
