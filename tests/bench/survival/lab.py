# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends, cuts and brings back nodes of the lab."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = Path(__file__).parents[3] / "lab" / "lab"
_KUBELET = Path("/sys/fs/cgroup/freezer/fluidlab")


@dataclass(frozen=True)
class Lab:
    """The lab of this machine."""

    @classmethod
    def found(cls, kubeconfig: str) -> "Lab | None":
        """The lab, when it is the cluster of that kubeconfig."""
        shown = subprocess.run([sys.executable, _PROGRAM, "kubeconfig"], capture_output=True, text=True,
                               check=False)
        return cls() if shown.returncode == 0 and Path(shown.stdout.strip()) == Path(kubeconfig) else None

    def kill(self, node: str) -> None:
        """A power cut."""
        self._run("kill-node", node)

    def start(self, node: str) -> None:
        """Power on; returns when the node is Ready."""
        self._run("start-node", node)

    def cut(self, node: str) -> None:
        """Pull the node's cable."""
        self._run("partition", node)

    def heal(self, node: str) -> None:
        """Plug it in; returns when the node is Ready."""
        self._run("heal", node)

    @contextmanager
    def api_server_paused(self) -> Iterator[None]:
        """Stop the API server's process; connections stay open and are not answered."""
        [pid] = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline")
                 if path.read_bytes().split(b"\0")[1:2] == [b"kube-apiserver"]]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kubelet_runs_since(self, node: str) -> float:
        """When the node's kubelet started, on the clock of time.monotonic()."""
        pid = (_KUBELET / node / "kubelet" / "cgroup.procs").read_text().split()[0]
        ticks = int(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[19])
        since_boot = ticks / os.sysconf("SC_CLK_TCK")
        return time.monotonic() - (time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot)

    def _run(self, command: str, node: str) -> None:
        environ = {name: value for name, value in os.environ.items()
                   if name not in ("KUBECONFIG", "PYTHONPATH")}
        subprocess.run([sys.executable, _PROGRAM, command, node.removeprefix("node")], env=environ,
                       check=True, stdout=sys.stderr)
