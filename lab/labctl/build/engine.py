# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the parts that are missing, independent ones at the same time, and says how far they are."""

import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from .cache import Cache
from .job import Job
from .part import Part, part_keys

PROGRESS_SECONDS = 10

Report = Callable[[str], None]


def build(parts: Mapping[str, Part], wanted: Iterable[str], cache: Cache, report: Report) -> dict[str, Path]:
    """The folders of the wanted parts, built where missing. Raises BuildError; all other work is stopped by
    then.
    """
    keys = part_keys(parts)
    folders = {name: cache.folder(name, keys[name]) for name in parts}
    wanted = list(wanted)
    missing = _missing(parts, wanted, folders, cache)
    if missing:
        _Run(parts, folders, cache, report).run(missing)
    for name in wanted:
        cache.used(folders[name])
    for name in missing:
        cache.prune(name)
    return {name: folders[name] for name in wanted}


def _missing(parts: Mapping[str, Part], wanted: Iterable[str], folders: Mapping[str, Path],
             cache: Cache) -> list[str]:
    """What has to be built, each part after those it needs; nothing is needed below a part that is complete.
    """
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order and not _usable(parts[name], folders[name], cache):
            for need in parts[name].needs:
                visit(need)
            order.append(name)

    for name in wanted:
        visit(name)
    return order


def _usable(part: Part, folder: Path, cache: Cache) -> bool:
    return cache.complete(folder) and part.still_valid(folder)


class _Run:
    """One call of build() that has something to do: a thread for each missing part, reports from the caller's
    thread.
    """

    def __init__(self, parts: Mapping[str, Part], folders: Mapping[str, Path], cache: Cache, report: Report):
        self._parts, self._folders, self._cache, self._report = parts, folders, cache, report
        self._cancelled = threading.Event()
        self._jobs: dict[str, Job] = {}

    def run(self, missing: list[str]) -> None:
        """Build the parts, in the given order as far as they wait for each other."""
        self._report(f"building {', '.join(missing)}")
        with ThreadPoolExecutor(max_workers=len(missing)) as pool:
            futures: dict[str, Future] = {}
            for name in missing:
                needs = [futures[need] for need in self._parts[name].needs if need in futures]
                futures[name] = pool.submit(self._build, name, needs)
            try:
                self._follow(futures)
            except BaseException:
                self._cancelled.set()
                for job in list(self._jobs.values()):
                    job.stop()
                raise

    def _follow(self, futures: Mapping[str, Future]) -> None:
        """Report what ends, and every PROGRESS_SECONDS what goes on; raise what the first failed part raised.
        """
        waiting = dict(futures)
        while waiting:
            wait(waiting.values(), timeout=PROGRESS_SECONDS, return_when=FIRST_COMPLETED)
            ended = [name for name, future in waiting.items() if future.done()]
            for name in ended:
                waiting.pop(name).result()
                self._report(f"{name}: ready after {self._jobs[name].seconds()} s")
            if not ended:
                self._report_progress([job for name, job in list(self._jobs.items()) if name in waiting])

    def _report_progress(self, jobs: list[Job]) -> None:
        """A line for each job that does something, or, where all wait, for each of them."""
        for job in [job for job in jobs if not job.waits] or jobs:
            self._report(f"{job.name}: {job.stage}, {job.seconds()} s (log: {job.log})")

    def _build(self, name: str, needs: list[Future]) -> None:
        for need in needs:
            need.result()
        part, folder = self._parts[name], self._folders[name]
        job = Job(part, self._cache, {need: self._folders[need] for need in part.needs}, self._cancelled)
        self._jobs[name] = job
        with self._cache.locked(
                folder.name, self._cancelled, lambda: job.wait_for("another process that builds it")):
            job.stage, job.waits = "starting", False
            if _usable(part, folder, self._cache):
                return  # another process has just built it
            job.log.parent.mkdir(parents=True, exist_ok=True)
            job.log.write_text("", encoding="utf-8")
            try:
                with self._cache.new(folder) as (job.out, job.work):
                    part.recipe(job, **part.options)
            except (OSError, subprocess.SubprocessError) as error:
                job.fail(str(error))
