# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of masters in a Raft quorum, on a cluster with Fluid."""

import os
import shlex

from . import artifact, cluster, paths, shell


def run() -> int:
    """Measure, print the table and write the figures as JSON; RAFT_ROWS chooses rows. Fails when one misses
    its target.
    """
    collection = artifact.installed()
    environ = cluster.start("full", collection.environ(), fluid=True)
    results = paths.REPORTS / "raft.json"
    code = shell.status([collection.tools.program("python"), paths.CHECKOUT / "tests" / "bench" / "raft.py",
                         "--json", results,
                         *shlex.split(os.environ.get("RAFT_ROWS", ""))], environ, paths.CHECKOUT)
    print(f"figures, machine and versions: {results}")
    return code
