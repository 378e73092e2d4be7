# SPDX-License-Identifier: GPL-3.0-or-later
"""Running stages and summing up what they found."""

import os
import time
from collections.abc import Sequence

from . import artifact, cluster, shell
from .artifact import Collection
from .stages import STAGES, THOROUGH
from .tally import Tally


def run_all() -> int:
    """Run every stage, also after one has failed; the last line says how many tests passed and failed.

    The lab is ended after a success and kept after a failure.
    """
    os.environ.setdefault("MATRIX", "short")
    total = run(list(STAGES))
    if total.failed == 0:
        total += Tally(failed=1 if cluster.stop() else 0)
    elif not cluster.is_given():
        print("the lab is kept: `lab/lab status` shows it, `make lab-down` ends it")
    print(total)
    return 1 if total.failed else 0


def run_thoroughly() -> int:
    """Run every stage, with all that the unit tests leave out by default."""
    os.environ.update(THOROUGH)
    return run_all()


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
        print(f"\n== {name}: {STAGES[name].title}", flush=True)
        found = _guarded(name, collection)
        lines.append(f"{name:10} {time.monotonic() - start:6.0f} s  {found}")
        total += found
    print("", *lines, sep="\n", flush=True)
    return total


def _guarded(name: str, collection: Collection) -> Tally:
    """A stage that cannot start counts as one failure and does not stop the others."""
    try:
        return STAGES[name].run(collection)
    except shell.CommandFailed as failed:
        print(failed, flush=True)
        return Tally(failed=1)
