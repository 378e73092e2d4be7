# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: what the modules cost, beside kubernetes.core and kubectl, on the lab's API server."""

from . import artifact, cluster, paths, shell


def run() -> int:
    """Measure, print the table and write the figures as JSON; fails when one misses its target."""
    collection = artifact.installed()
    environ = cluster.start("api", collection.environ())
    results = paths.REPORTS / "bench.json"
    code = shell.status([collection.tools.program("python"), paths.CHECKOUT / "tests" / "bench" / "run.py",
                         "--json", results],
                        environ, paths.CHECKOUT)
    print(f"figures, machine and versions: {results}")
    return code
