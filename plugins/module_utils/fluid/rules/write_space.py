# SPDX-License-Identifier: GPL-3.0-or-later
"""The space that the write of an application reserves on a worker. Pure.

Sources: Alluxio 2.9.4, GrpcDataWriter and LocalFileDataWriter (what a writer reserves), TieredBlockStore
(createBlock, in one directory), AlluxioFileOutStream (handleCacheWriteException) and PropertyKey (parseValue,
which reads a write type in any case). Fluid 1.0.8, pkg/ddc/alluxio/transform_optimization.go and
transform_fuse.go.
"""

from __future__ import annotations

from decimal import Decimal

from ...alluxio import durations
from ...errors import InvalidInput
from ...k8s import quantity
from . import tiers
from .journal import in_force

_BLOCK_SIZE = "alluxio.user.block.size.bytes.default"
# The default is the block size.
_RESERVED = "alluxio.user.file.reserved.bytes"
_WRITE_TYPE = "alluxio.user.file.writetype.default"
# Their writes go on in the under-store when no worker has space.
_SYNCHRONOUS = ("THROUGH", "CACHE_THROUGH")
# With properties of these, Fluid copies the runtime's own before it writes defaults into them.
_JOINED = ("master", "worker", "fuse")


def warnings(dataset: dict, runtime: dict) -> list[str]:
    """Return a sentence if applications may write, and no path of a tier has the space that a write reserves.

    dataset, runtime: valid options; the properties of the runtime include those of other options.
    """
    properties = in_force(runtime, "fuse")
    if not (runtime.get("tieredstore") and _permits_writes(dataset, runtime)) or (
            properties.get(_WRITE_TYPE, "").upper() in _SYNCHRONOUS):
        return []
    try:
        size, text, key = _reserved(properties, _default_block_size(dataset, runtime))
        kept = tiers.reserved(runtime)
        space, path = max((space, path) for level in runtime["tieredstore"]
                          for path, space in tiers.spaces(level))
    except InvalidInput:
        return []
    less = f", of which a worker with several tiers reserves {quantity.as_text(kept)}" if kept else ""
    return [] if space - kept >= size else [
        f"a write reserves {text} on a worker ({key}), and the largest path of tieredstore, {path}, has "
        f"{quantity.as_text(space)}{less}: applications fail to write with an I/O error; raise the quota, "
        "lower that property in properties, or set access_modes: [ReadOnlyMany]"]


def _permits_writes(dataset: dict, runtime: dict) -> bool:
    """Return whether the FUSE processes and a mount of the Dataset are writable; by default they are not."""
    modes = dataset.get("access_modes") or ["ReadOnlyMany"]
    options = ",".join((runtime.get("fuse") or {}).get("args") or []).replace("=", ",").split(",")
    return ("ReadOnlyMany" not in modes and "ro" not in options
            and any(not mount.get("read_only") for mount in dataset.get("mounts") or []))


def _reserved(properties: dict[str, str], block_size: str) -> tuple[Decimal, str, str]:
    """Return what a writer reserves: bytes, text and property. block_size: that of Fluid."""
    block = properties.get(_BLOCK_SIZE, block_size)
    given = ((block, _BLOCK_SIZE), (properties.get(_RESERVED, block), _RESERVED))
    return min(((durations.size(key, text), text, key) for text, key in given), key=lambda each: each[0])


def _default_block_size(dataset: dict, runtime: dict) -> str:
    """Return the block size that Fluid sets.

    That of web mounts is set only where the properties lack the other one, which has been written into them.
    """
    web = all(mount["mount_point"].startswith(("http://", "https://")) for mount in dataset["mounts"])
    joined = any((runtime.get(owner) or {}).get("properties") for owner in _JOINED)
    return "256MB" if web and (joined or not runtime.get("properties")) else "16MB"
