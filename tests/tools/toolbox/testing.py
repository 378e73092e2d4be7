# SPDX-License-Identifier: GPL-3.0-or-later
"""Running stages and summing up what they found."""

import os
import time
from collections.abc import Sequence

from . import artifact, cluster, shell
from .artifact import Collection
from .stages import LONG_STAGES, STAGES, THOROUGH
from .tally import Tally

# What `make check` runs, and with which settings: the promises to those who adopt the collection.
PROMISES = ("lint", "docs", "sanity", "matrix", "alone", "scenario", "jobs", "rulebook", "operations")
PROMISED = {"MATRIX": "every", "SCENARIOS": "least_privilege", "OPERATIONS": "secrets"}
EVERY_STAGE = STAGES | LONG_STAGES


def run_all(names: Sequence[str] = tuple(STAGES)) -> int:
    """Run the stages, also after one has failed; the last line says how many tests passed and failed.

    The lab is ended after a success and kept after a failure.
    """
    os.environ.setdefault("MATRIX", "short")
    total = run(names)
    if total.failed == 0:
        total += Tally(failed=1 if cluster.stop() else 0)
    elif not cluster.is_given():
        print("the lab is kept: `lab/lab status` shows it, `make lab-down` ends it")
    print(total)
    return 1 if total.failed else 0


def run_thoroughly() -> int:
    """Run every stage, with all that the unit tests leave out by default."""
    os.environ.update(THOROUGH)
    return run_all(tuple(EVERY_STAGE))


def run_check() -> int:
    """Print a line for each promise to those who adopt the collection, with its figure."""
    for name, value in PROMISED.items():
        os.environ.setdefault(name, value)
    return run_all(PROMISES)


def run_one(name: str) -> int:
    total = run([name])
    return 1 if total.failed else 0


def run(names: Sequence[str]) -> Tally:
    """Run the named stages and print one line for each."""
    collection = artifact.installed()
    lines = []
    total = Tally()
    for name in names:
        start = time.monotonic()
        print(f"\n== {name}: {EVERY_STAGE[name].title}", flush=True)
        found = _guarded(name, collection)
        seconds = f"{time.monotonic() - start:6.0f} s"
        lines.append(f"{name:12} {seconds}  {str(found):22}  {EVERY_STAGE[name].title}")
        total += found
    print("", *lines, sep="\n", flush=True)
    return total


def _guarded(name: str, collection: Collection) -> Tally:
    """A stage that cannot start counts as one failure and does not stop the others."""
    try:
        return EVERY_STAGE[name].run(collection)
    except shell.CommandFailed as failed:
        print(failed, flush=True)
        return Tally(failed=1)
