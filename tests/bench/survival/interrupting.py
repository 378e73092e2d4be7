# SPDX-License-Identifier: GPL-3.0-or-later
"""An ansible-playbook that is killed in its middle, with all that it started."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def interruptible(tasks: list[dict], kubeconfig: str) -> Iterator[None]:
    """Start the tasks on localhost; kill them (SIGKILL) when the block ends."""
    content = [{"name": "Interrupt", "hosts": "localhost", "gather_facts": False, "tasks": tasks,
                "vars": {"ansible_python_interpreter": sys.executable}}]
    with tempfile.TemporaryDirectory() as folder:
        playbook = Path(folder, "play.json")
        playbook.write_text(json.dumps(content))
        with subprocess.Popen(["ansible-playbook", "--inventory", "localhost,", "--connection", "local",
                               playbook],
                              env=os.environ | {"KUBECONFIG": kubeconfig}, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                yield
            finally:
                for pid in tree(process.pid):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


def tree(pid: int) -> list[int]:
    """A process and all below it: Ansible's workers have their own sessions, so killing one is not enough."""
    found = [pid]
    with suppress(FileNotFoundError, ProcessLookupError):
        for child in Path("/proc", str(pid), "task", str(pid), "children").read_text().split():
            found += tree(int(child))
    return found
