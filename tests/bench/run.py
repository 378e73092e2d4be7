# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what the collection promises about its costs, on the cluster that KUBECONFIG names.

`make bench` starts a lab for it when no KUBECONFIG is given. Nothing else should use the machine or the
cluster.
"""

import argparse
import os
import sys
from pathlib import Path

from costs import deploying, fleet, listing, report, session, single, waiting

MEASURES = {
    "single": single.measure,
    "unchanged": fleet.measure_unchanged,
    "new": fleet.measure_new,
    "listing": listing.measure,
    "waiting": waiting.measure,
    "deploy": deploying.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measures", nargs="*", metavar="MEASURE",
                        help=f"which to take of {', '.join(MEASURES)} (all)")
    parser.add_argument("--rounds", type=int, default=3,
                        help="how often compared things are measured in turn (3)")
    parser.add_argument("--json", type=Path, help="also write machine, versions and figures to this file")
    options = parser.parse_args()
    if unknown := set(options.measures) - MEASURES.keys():
        parser.error(f"no such measure: {', '.join(sorted(unknown))}")
    if not os.environ.get("KUBECONFIG"):
        parser.error(
            "KUBECONFIG names no cluster to measure on; `make bench` starts a lab and measures on that")
    load_before = os.getloadavg()
    figures = []
    with session.opened(options.rounds) as opened:
        for name in options.measures or MEASURES:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            try:
                figures += MEASURES[name](opened)
            except report.Skipped as skipped:
                print(f"skipped: {skipped}", file=sys.stderr, flush=True)
        cluster_version = opened.cluster.version()
    print(report.table(figures))
    if options.json:
        report.write(options.json, figures, cluster_version, load_before)
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
