# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/versions.md: the versions that the tests run with, from where the tests read them."""

import runpy
from pathlib import Path

import tomllib

HEADER = """\
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- Written by `make generate` from pyproject.toml and the lab's versions; do not edit. -->
# Tested versions
"""

CONTROLLER = """
## Where the playbooks run

`make matrix` runs the unit tests and the syntax check of each playbook with every row. `make test` runs the
row `pinned` completely, and of the first and the last row the tests that depend most on versions.

| Row | Python | ansible-core | `kubernetes` | `kubernetes.core` | from PyPI's `ansible` |
|---|---|---|---|---|---|
"""

CLUSTER = """
## The cluster

`make test` deploys, verifies, changes, restores and removes caches on these versions.

| Part | Version |
|---|---|
"""


def texts(checkout: Path) -> dict[str, str]:
    table = tomllib.loads((checkout / "pyproject.toml").read_text())["tool"]["datacache"]["matrix"]
    lab = runpy.run_path(str(checkout / "lab" / "labctl" / "build" / "versions.py"))
    modules = (checkout / "lab" / "src" / "helm" / "go.mod").read_text().splitlines()
    [helm] = [line.split()[-1] for line in modules if "helm.sh/helm/" in line and "indirect" not in line]
    rows = "".join(
        f"| `{name}` | {row['python']} | {row['ansible_core']} | {row['kubernetes']} "
        f"| {row['kubernetes_core']} | {row['ansible']} |\n" for name, row in table.items())
    parts = {"Kubernetes": lab["KUBERNETES"], "Fluid": lab["FLUID"],
             "Alluxio": f"{lab['ALLUXIO']}; {', '.join(lab['ALLUXIO_VERSIONS'][:-1])} with "
                        "`FLUID_LAB_ALLUXIO=2.9.0 make test`",
             "Helm": helm.lstrip("v")}
    return {"docs/versions.md": HEADER + CONTROLLER + rows + CLUSTER
            + "".join(f"| {part} | {version} |\n" for part, version in parts.items())}
