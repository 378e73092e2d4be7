# SPDX-License-Identifier: GPL-3.0-or-later
"""Running Ansible tasks on localhost, with the time that Ansible sees for each.

The times are those of ansible-core's own junit callback: from the start of the task to its result, which is
what a person waits for; the start of ansible-playbook itself is not in them.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

_LINES_OF_A_FAILURE = 40
_LIBRARY = Path(__file__).with_name("library")


class PlayFailed(Exception):
    """A task failed; the message has the last lines of ansible-playbook."""


def play(tasks: Sequence[dict], kubeconfig: str | Path, variables: dict | None = None,
         interpreter: str | Path = sys.executable,
         check: bool = False) -> list[float]:
    """Run the tasks on localhost and return the seconds of each."""
    content = [{"name": "Measure", "hosts": "localhost", "gather_facts": False, "tasks": list(tasks),
                "vars": {"ansible_python_interpreter": str(interpreter), **(variables or {})}}]
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder, "play.json")
        playbook.write_text(json.dumps(content))
        return [seconds for _task, seconds in run_playbook(
            playbook, kubeconfig,
            ["--inventory", "localhost,", "--connection", "local", *(["--check"] if check else [])])]


def run_playbook(playbook: Path, kubeconfig: str | Path,
                 options: Sequence[str | Path] = ()) -> list[tuple[str, float]]:
    """Run a playbook and return its tasks' names and seconds, in order."""
    with tempfile.TemporaryDirectory() as report:
        environ = os.environ | {
            "KUBECONFIG": str(kubeconfig), "ANSIBLE_LIBRARY": str(_LIBRARY),
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit", "JUNIT_OUTPUT_DIR": report,
            "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
        done = subprocess.run(["ansible-playbook", *options, playbook], env=environ, capture_output=True,
                              text=True, check=False)
        if done.returncode:
            lines = (done.stdout + done.stderr).splitlines()
            raise PlayFailed("\n".join(line[:1000] for line in lines[-_LINES_OF_A_FAILURE:]))
        [file] = Path(report).glob("*.xml")
        return [(case.get("name"), float(case.get("time")))
                for case in ElementTree.parse(file).iter("testcase")]


class MemoryMeter:
    """An interpreter that notes the peak resident memory of the modules that run under it."""

    def __init__(self, folder: Path) -> None:
        self._peaks = folder / "peaks"
        self.interpreter = folder / "python"
        command = [sys.executable, Path(__file__).with_name("interpreter.py"), sys.executable, self._peaks]
        self.interpreter.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
        self.interpreter.chmod(0o755)

    def take(self) -> float:
        """The largest peak since the last call, in MB (10**6 bytes)."""
        peaks = [int(line) for line in self._peaks.read_text(encoding="ascii").split()]
        self._peaks.unlink()
        return max(peaks) * 1024 / 1e6
