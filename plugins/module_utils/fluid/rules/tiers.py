# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the tiers of a runtime's workers. Pure.

Source: Fluid 1.0.8, pkg/ddc/base/runtime.go (convertToTieredstoreInfo) and pkg/utils/tieredstore; Alluxio
2.9.4, DefaultStorageTier (initStorageTier) and AllocateOptions (forCreate).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from ...alluxio import durations
from ...errors import InvalidInput
from ...k8s import quantity
from .journal import in_force

_DISKS = ("SSD", "HDD")
# With several tiers a worker moves blocks between them through space that it reserves in each path.
_ALIGNS = "alluxio.worker.management.tier.align.enabled"
_RESERVED = "alluxio.worker.management.tier.align.reserved.bytes"
_DEFAULT_RESERVED = "1GB"
# Kubernetes mounts no path with a colon. Fluid passes the paths to shells (init-users/chmod_tierpath.sh).
_NOT_IN_PATHS = re.compile(r"""[:"'`$&;|<>(){}*?\\\[\]\x00-\x1f\x7f]""")


def require_valid(levels: list[dict]) -> None:
    """Raise InvalidInput for tiers from which Fluid makes no workers, or workers that cannot start."""
    media: dict[str, int] = {}
    paths: dict[str, int] = {}
    for number, level in enumerate(levels):
        if not level.get("quota") and not level.get("quota_list"):
            raise InvalidInput(f"tieredstore[{number}] has neither quota nor quota_list, without which Fluid "
                               "creates no pods: set quota, such as 2Gi")
        if not all(_sizes(level)):
            raise InvalidInput(f"tieredstore[{number}].quota is {level['quota']} for {_paths(level)} paths: "
                               "expected at least 1 byte for each")
        _require_new(number, "mediumtype", level["mediumtype"], media, "put its paths into that tier")
        for path in level["path"].split(","):
            if not path.startswith("/") or any(character.isspace() for character in path):
                raise InvalidInput(f"tieredstore[{number}].path is {level['path']!r}: expected absolute "
                                   "paths without spaces, joined with commas")
            _require_plain(f"tieredstore[{number}].path", level["path"], path.rstrip("/"))
            _require_new(number, "path", path.rstrip("/"), paths, "give each tier its own paths")


def _require_plain(what: str, given: str, path: str) -> None:
    """Check one of the paths, without the slash at its end, which Fluid removes."""
    if found := _NOT_IN_PATHS.search(path):
        raise InvalidInput(f"{what} is {given!r}: expected paths without {found[0]!r}, which shells in the "
                           "pods or Kubernetes cannot use")
    if not path:
        raise InvalidInput(f"{what} is {given!r}: expected paths below /, such as /dev/shm")
    if any(part in ("", ".", "..") for part in path.split("/")[1:]):
        raise InvalidInput(f"{what} is {given!r}: expected paths without empty, '.' and '..' parts")


def _require_new(number: int, field: str, value: str, seen: dict[str, int], remedy: str) -> None:
    if value in seen:
        raise InvalidInput(f"tieredstore[{number}] has the {field} {value}, as tieredstore[{seen[value]}] "
                           f"has: {remedy}")
    seen[value] = number


def memory(levels: list[dict]) -> Decimal:
    """Return the bytes of all tiers in memory, as Fluid adds them up; levels: valid ones."""
    return sum((size for level in levels if level["mediumtype"] not in _DISKS for size in _sizes(level)),
               Decimal(0))


def reserved(params: dict) -> Decimal:
    """Return the bytes of each path in which a worker creates no block.

    Raises InvalidInput for a declared value that is no size of Alluxio.
    """
    properties = in_force(params, "worker")
    if len(params.get("tieredstore") or []) < 2 or properties.get(_ALIGNS, "").lower() == "false":
        return Decimal(0)
    return durations.size(_RESERVED, properties.get(_RESERVED, _DEFAULT_RESERVED))


def warnings(params: dict) -> list[str]:
    """Return a sentence for the paths of valid tiers in which a worker caches nothing."""
    try:
        kept = reserved(params)
        unused = [f"{path} ({quantity.as_text(space)})" for level in params.get("tieredstore") or []
                  for path, space in spaces(level) if space <= kept]
    except InvalidInput:
        return []
    return [f"with several tiers a worker reserves {quantity.as_text(kept)} of each path ({_RESERVED}), and "
            f"caches nothing in {', '.join(unused)}: raise the quota, declare one tier, or set {_ALIGNS}: "
            "false in properties"] if unused else []


def spaces(level: dict) -> Iterator[tuple[str, Decimal]]:
    """Yield each path of a valid level, with its bytes.

    Fluid hands the text of a quota list to Alluxio (pkg/utils/quantity.go, TransformQuantityToAlluxioUnit),
    which knows no decimal units. Raises InvalidInput for a quantity that is no size of Alluxio.
    """
    paths = level["path"].split(",")
    if level.get("quota_list"):
        for path, text in zip(paths, level["quota_list"].split(","), strict=True):
            yield path, durations.size("quota_list", text)
        return
    quota = sum(_sizes(level), Decimal(0))
    for path in paths:
        yield path, quota // len(paths)


def _sizes(level: dict) -> Iterator[Decimal]:
    """Yield the size of each path; Fluid divides a quota by their number, without a remainder."""
    if level.get("quota_list"):
        yield from map(quantity.parse, level["quota_list"].split(","))
        return
    paths = _paths(level)
    yield Decimal(math.ceil(quantity.parse(level["quota"])) // paths * paths)


def _paths(level: dict) -> int:
    return level["path"].count(",") + 1
