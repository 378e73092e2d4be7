# SPDX-License-Identifier: GPL-3.0-or-later
"""The accounts of docs/permissions.md, by its own commands and a kubectl that only notes its arguments."""

import os
import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
BLOCK = re.search(r"^```sh\n(trust=operate .*?)^```$", (CHECKOUT / "docs" / "permissions.md").read_text(),
                  re.MULTILINE | re.DOTALL)[1]
FIRST = "trust=operate space=data fluid=fluid-system account=datacache-automation"


def bindings(folder, *accounts):
    """The kind, the namespace and the name of each binding that the commands create, with what it binds."""
    folder.mkdir(exist_ok=True)
    log = folder / "log"
    (folder / "kubectl").write_text(f'#!/bin/sh\necho "$*" >> {log}\n')
    (folder / "kubectl").chmod(0o755)
    for variables, files in accounts:
        assert FIRST in BLOCK and "docs/rbac/$trust/*.yml" in BLOCK
        commands = BLOCK.replace(FIRST, variables).replace("docs/rbac/$trust/*.yml", files)
        subprocess.run(["bash", "-c", commands], check=True, cwd=CHECKOUT, timeout=60,
                       env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
    pattern = re.compile(r"(?:--namespace (\S+) )?create (\w+binding) (\S+) (--\w+ \S+ --serviceaccount \S+)")
    return [(match[1], match[2], match[3], match[4]) for line in log.read_text().splitlines()
            if (match := pattern.fullmatch(line))]


def test_no_binding_of_a_second_account_has_the_name_of_a_first_one(tmp_path):
    """kubectl creates no object whose name exists, so the second account would lack its permissions."""
    awx = FIRST.replace("operate", "awx", 1)
    found = bindings(tmp_path, (FIRST, "docs/rbac/$trust/*.yml"), (awx, "docs/rbac/*/*.yml"))
    assert len(found) == 3 * (len([*CHECKOUT.glob("docs/rbac/operate/*.yml")])
                              + len([*CHECKOUT.glob("docs/rbac/*/*.yml")]))
    assert len({each[:3] for each in found}) == len(found)


def test_caches_in_the_namespace_of_fluid_have_both_bindings(tmp_path):
    found = bindings(tmp_path, (FIRST.replace("space=data", "space=fluid-system"), "docs/rbac/$trust/*.yml"))
    assert len({each[:3] for each in found}) == len(found)


def test_a_second_namespace_binds_the_same_in_the_cluster_and_in_that_of_fluid(tmp_path):
    """What exists already, kubectl reports and leaves: it has to be what the second run would create."""
    found = bindings(tmp_path, (FIRST, "docs/rbac/$trust/*.yml"),
                     (FIRST.replace("space=data", "space=other"), "docs/rbac/$trust/*.yml"))
    assert len({each[:3] for each in found}) == len(set(found))
