# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the lab and the keys that tell whether a built one still fits its inputs."""

import hashlib
import inspect
import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

KEY_LENGTH = 16  # hex digits

# What tools leave in source folders; never an input.
NOT_SOURCES = {"target", "__pycache__", ".pytest_cache"}


@dataclass(frozen=True)
class Part:
    """One thing that is built as a whole and cached as a whole.

    recipe(job, **options) fills job.out. The key covers everything that the recipe may depend on: its source
    folder, its options, the module that it stands in, the modules in code, and the keys of needs.

    still_valid(folder) is for a recipe that also does something outside its folder: whether that still
    stands.
    """

    name: str
    recipe: Callable[..., None]
    options: Mapping[str, Any] = field(default_factory=dict)
    source: Path | None = None
    code: tuple[ModuleType, ...] = ()
    needs: tuple[str, ...] = ()
    still_valid: Callable[[Path], bool] = lambda folder: True


def part_keys(parts: Mapping[str, Part]) -> dict[str, str]:
    """The key of each part; equal inputs give equal keys in every checkout on machines of one kind."""
    keys: dict[str, str] = {}

    def key(name: str) -> str:
        if name not in keys:
            part = parts[name]
            keys[name] = _digest(part, {need: key(need) for need in part.needs})
        return keys[name]

    for name in parts:
        key(name)
    return keys


def source_files(root: Path) -> Iterator[Path]:
    """Every source file under root, sorted, without what tools leave there."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        yield from (Path(folder, name) for name in sorted(files))


def _digest(part: Part, needs: Mapping[str, str]) -> str:
    digest = hashlib.sha256()

    def add(*values: bytes) -> None:
        for value in values:
            digest.update(len(value).to_bytes(8, "big") + value)

    add(json.dumps([part.name, platform.machine(), part.options, needs], sort_keys=True).encode())
    for module in (inspect.getmodule(part.recipe), *part.code):
        add(Path(module.__file__).read_bytes())
    for path in source_files(part.source) if part.source else ():
        executable = bool(path.stat().st_mode & 0o100)
        add(str(path.relative_to(part.source)).encode(), bytes([executable]), path.read_bytes())
    return digest.hexdigest()[:KEY_LENGTH]
