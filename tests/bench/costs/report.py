# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures with their targets, as a table and as JSON."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path


class Skipped(Exception):
    """A measure needs what this cluster does not have; the message says what."""


@dataclass(frozen=True)
class Figure:
    """One measured value. at_most: its target, None for a value that others are compared with."""

    work: str
    name: str
    value: float
    unit: str = ""
    at_most: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.at_most is None else self.value <= self.at_most


def times(work: str, name: str, ours: float, theirs: float, at_most: float | None = None) -> Figure:
    """What our seconds are of theirs."""
    return Figure(work, f"of {name}", ours / theirs, "", at_most)


def table(figures: Sequence[Figure]) -> str:
    """One line for each figure; the work is named on its first."""
    rows = [("work", "figure", "value", "at most", "met")]
    for index, figure in enumerate(figures):
        first = index == 0 or figures[index - 1].work != figure.work
        rows.append((figure.work if first else "", figure.name,
                     f"{_digits(figure.value)} {figure.unit}".rstrip(),
                     "" if figure.at_most is None else _digits(figure.at_most),
                     {None: "", True: "yes", False: "NO"}[figure.met]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)


def _digits(value: float) -> str:
    return f"{value:d}" if isinstance(value, int) else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def write(path: Path, figures: Sequence[Figure], cluster_version: str,
          load_before: tuple[float, float, float]) -> None:
    """Write machine, versions and figures; the load is the machine's averages over 1, 5 and 15 minutes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(),
                    "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
                    "system": platform.platform(), "load_before": load_before, "load_after": os.getloadavg()},
        "versions": versions(cluster_version),
        "figures": [asdict(figure) | {"met": figure.met} for figure in figures],
    }, indent=2) + "\n")


def versions(cluster_version: str) -> dict[str, str]:
    packages = ("ansible-core", "kubernetes", "urllib3")
    return {"python": sys.version.split()[0], "kubernetes server": cluster_version,
            "kubectl": _kubectl_version(),
            **{name: metadata.version(name) for name in packages},
            **{name: _collection_version(name) for name in ("datacache.fluid", "kubernetes.core")}}


def _kubectl_version() -> str:
    if not shutil.which("kubectl"):
        return "none"
    shown = subprocess.run(["kubectl", "version", "--client", "--output", "json"], capture_output=True,
                           check=True)
    return json.loads(shown.stdout)["clientVersion"]["gitVersion"]


def _collection_version(name: str) -> str:
    for folder in os.environ["ANSIBLE_COLLECTIONS_PATH"].split(":"):
        manifest = Path(folder, "ansible_collections", *name.split("."), "MANIFEST.json")
        if manifest.exists():
            return json.loads(manifest.read_text())["collection_info"]["version"]
    return "unknown"


def _cpu() -> str:
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return names[0] if names else platform.machine()
