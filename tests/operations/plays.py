# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks of the collection on the cluster of KUBECONFIG, as its administrator runs them."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster_accounts import CHECKOUT

_INVENTORY = CHECKOUT / "playbooks" / "inventory" / "hbase"
# All output so far, to be followed while the tests run.
LOG = CHECKOUT / ".build" / "reports" / "operations.log"
# The measured values, a JSON object a line, which `make operations` prints at its end.
FIGURES = LOG.with_name("figures.jsonl")
_VARIABLES = CHECKOUT / "tests" / "tools" / "lab.yml"
# The line of ansible-playbook that has what a play passes on (ANSIBLE_SHOW_CUSTOM_STATS).
_PASSED_ON = re.compile(r"^\s*RUN: (\{.*\})$", re.MULTILINE)
_RECAP = re.compile(r"^(\S+)\s+: ok=.*$", re.MULTILINE)
_COUNT = re.compile(r"(\w+)=(\d+)")


@dataclass(frozen=True)
class Played:
    """A run of a playbook. counts: the sums of its recap. passed_on: the results of each cache."""

    code: int
    output: str
    seconds: float

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in _RECAP.finditer(self.output):
            for name, number in _COUNT.findall(line[0]):
                found[name] = found.get(name, 0) + int(number)
        return found

    @property
    def passed_on(self) -> dict[str, dict]:
        found = _PASSED_ON.search(self.output)
        return json.loads(found[1])["fluid_results"] if found else {}


def command(playbook: str, variables: Mapping[str, object], inventory: Path = _INVENTORY,
            options: tuple[str, ...] = ()) -> list[str | Path]:
    """The command line of a playbook, with the variables of the lab."""
    return ["ansible-playbook", "--inventory", inventory, "--extra-vars", f"@{_VARIABLES}",
            "--extra-vars", json.dumps(variables), *options, f"datacache.fluid.{playbook}"]


def play(playbook: str, variables: Mapping[str, object] | None = None, inventory: Path = _INVENTORY,
         options: tuple[str, ...] = (), seconds: float = 1500) -> Played:
    """Run datacache.fluid.<playbook>; its output is printed, so that pytest shows it with a failure."""
    environ = os.environ | {"ANSIBLE_SHOW_CUSTOM_STATS": "true", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
                            "ANSIBLE_LOCALHOST_WARNING": "false"}
    began = time.monotonic()
    done = subprocess.run(command(playbook, variables or {}, inventory, options), env=environ,
                          capture_output=True, text=True, check=False, timeout=seconds)
    output = done.stdout + done.stderr
    print(output)
    logged(f"datacache.fluid.{playbook} {json.dumps(variables or {})}\n{output}")
    return Played(done.returncode, output, time.monotonic() - began)


def played(playbook: str, variables: Mapping[str, object] | None = None, **options) -> Played:
    """Run it and require that it succeeds."""
    found = play(playbook, variables, **options)
    assert found.code == 0, found.output[-6000:]
    return found


def logged(text: str) -> None:
    """Keep the output of a command, also that of a test that passes."""
    _append(LOG, text)


def measured(**values: object) -> None:
    """Store measured values, also those of a test that passes."""
    _append(FIGURES, json.dumps(values))


def _append(file: Path, text: str) -> None:
    # A fresh checkout lacks the folder.
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        lines.write(f"{text}\n")


def until(what: str, holds: Callable[[], object], seconds: float, pause: float = 2) -> None:
    """Wait until it holds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"{what}: not within {seconds:g} s"
        time.sleep(pause)


def awaited(ask: Callable[[], str], desired: str, seconds: float) -> str:
    """Ask until the answer is the desired one; return the last answer."""
    ends = time.monotonic() + seconds
    while (answer := ask()) != desired and time.monotonic() < ends:
        time.sleep(5)
    return answer
