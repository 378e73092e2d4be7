# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipes for what comes as a Go module."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from .job import Job

# So the result depends on the sources alone; proxies and caches stay the user's.
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}


def go_build(job: Job, packages: Sequence[str], ldflags: str) -> None:
    """Recipe: the commands in packages, with the versions that the source's go.mod and go.sum fix."""
    go = job.needs["go"] / "go"
    # Loads every package that the build will need, so no download waits for the compiler's turn.
    job.stage = "downloading Go modules"
    job.run([go, "list", "-deps", "-mod=readonly", "-f={{with .Error}}{{.}}{{end}}", *packages],
            job.source, ENVIRONMENT)
    # One compilation at a time: it keeps every core busy, and two only double the memory.
    with job.turn("compiler", "compiling"):
        # No VCS stamp: a commit elsewhere in the checkout changes nothing here.
        job.run([go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={ldflags}",
                 "-o", f"{job.out}/", *packages], job.source, ENVIRONMENT)


def fluid_files(job: Job, module: str, folders: Sequence[str]) -> None:
    """Recipe: folders out of the source of Fluid's module, each chart complete with the library that it
    depends on.
    """
    job.stage = f"downloading {module}"
    answer = job.output([job.needs["go"] / "go", "mod", "download", "-json", module], job.source, ENVIRONMENT)
    source = Path(json.loads(answer)["Dir"])
    for folder in folders:
        # The module cache is read only; the copies are not.
        shutil.copytree(source / folder, job.out / folder, copy_function=shutil.copyfile)
    for path in [job.out, *job.out.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
    _add_library_charts(job.out / "charts")


def _add_library_charts(charts: Path) -> None:
    """Put the library chart where Fluid's repository has a symlink to it, which a Go module cannot carry."""
    for chart in list(charts.rglob("Chart.yaml")):
        if re.search(r'repository: "file://[./]+/library"', chart.read_text(encoding="utf-8")):
            shutil.copytree(charts / "library", chart.parent / "charts" / "library", dirs_exist_ok=True)
