# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what masters in a Raft quorum survive, on the cluster with Fluid that KUBECONFIG names.

`make raft` starts the lab for it when no KUBECONFIG is given. Rows that end or cut nodes need the lab.
Nothing else should use the machine or the cluster.
"""

import argparse
import os
import sys
from pathlib import Path

from costs import report, session
from survival import cache, rows
from survival.lab import Lab


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW",
                        help=f"which to measure of {', '.join(rows.names())} (all)")
    parser.add_argument("--mount", default=os.environ.get("FLUID_LAB_ORIGIN") or cache.PUBLIC_MOUNT,
                        help="the under-store of the caches")
    image = "docker.io/library/nginx:latest" if os.environ.get("FLUID_LAB_ORIGIN") else cache.PUBLIC_IMAGE
    parser.add_argument("--image", default=image, help="image of the reading pod")
    parser.add_argument("--json", type=Path, help="also write machine, versions and figures to this file")
    options = parser.parse_args()
    if unknown := set(options.rows) - set(rows.names()):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if not os.environ.get("KUBECONFIG"):
        parser.error(
            "KUBECONFIG names no cluster to measure on; `make raft` starts a lab and measures on that")
    load_before = os.getloadavg()
    with session.opened() as opened:
        figures, broken = rows.measure(options.rows or rows.names(), opened,
                                       cache.Content(options.mount, options.image),
                                       Lab.found(opened.kubeconfig))
        cluster_version = opened.cluster.version()
    print(report.table(figures))
    print("\n".join(broken), file=sys.stderr)
    print(f"load of the machine: {load_before[0]:.1f} before, {os.getloadavg()[0]:.1f} after")
    if options.json:
        report.write(options.json, figures, cluster_version, load_before)
    return 0 if not broken and all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
