# SPDX-License-Identifier: GPL-3.0-or-later
"""Every process of the lab lives in a cgroup below `fluidlab` (cgroup v1).

The cgroup is the only record of what runs: it needs no pid files, holds the
containers that kubelet starts as well, and is gone after a reboot.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from labctl.errors import LabError
from labctl.settings import NAME

REQUIRED = ("freezer", "cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "blkio")


def hierarchies(mounts: str | None = None) -> dict[str, Path]:
    """Mount point of each cgroup v1 controller, and of a cgroup2 without controllers beside them.

    One mount may serve several controllers.
    """
    found = {}
    for line in (mounts or Path("/proc/mounts").read_text()).splitlines():
        _source, target, kind, options = line.split()[:4]
        if kind == "cgroup":
            for option in options.split(","):
                if option in REQUIRED or option.startswith("name="):
                    found[option] = Path(target)
        elif kind == "cgroup2":
            found["unified"] = Path(target)  # runc makes its containers' cgroups here as well
    return found


class Group:
    """One cgroup of the lab, the same path in every hierarchy.

    `Group()` is the lab's root; `Group("node1/kubelet")` is one component.
    """

    def __init__(self, name: str = ""):
        self.path = f"{NAME}/{name}".rstrip("/")

    def _dirs(self) -> list[Path]:
        return [mount / self.path for mount in sorted(set(hierarchies().values()))]

    @property
    def _freezer(self) -> Path:
        mount = hierarchies().get("freezer")
        if mount is None:
            raise LabError("the cgroup v1 controller `freezer` is not mounted")
        return mount / self.path

    def create(self) -> list[Path]:
        """Make the cgroup everywhere; returns the files that a process joins by."""
        _prepare_cpuset()
        for folder in self._dirs():
            folder.mkdir(parents=True, exist_ok=True)
        return [folder / "cgroup.procs" for folder in self._dirs()]

    def pids(self) -> list[int]:
        """Processes in this cgroup and below."""
        return [int(pid) for folder in _tree(self._freezer)
                for pid in _read(folder / "cgroup.procs").split()]

    def kill(self, timeout: float = 30) -> None:
        """End every process at once, as a power cut does.

        Frozen first: no process sees another one die and reacts to it.
        """
        deadline = time.monotonic() + timeout
        while self.pids():
            self._freeze()
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._thaw()
            if time.monotonic() > deadline:
                raise LabError(f"cgroup {self.path}: processes {self.pids()} survive SIGKILL; "
                               f"see /proc/<pid>/stack for what they wait on")
            time.sleep(0.02)

    def remove(self) -> None:
        """Remove the cgroup and those below from every hierarchy; they must be empty."""
        for top in self._dirs():
            for folder in reversed(_tree(top)):
                _rmdir(folder)

    def _freeze(self, timeout: float = 0.5) -> None:
        # A process stuck in the kernel may never freeze; SIGKILL serves it as well.
        state = self._freezer / "freezer.state"
        _write([state], "FROZEN")
        deadline = time.monotonic() + timeout
        while _read(state).strip() == "FREEZING" and time.monotonic() < deadline:
            time.sleep(0.005)

    def _thaw(self) -> None:
        _write([folder / "freezer.state" for folder in _tree(self._freezer)], "THAWED")


def _tree(top: Path) -> list[Path]:
    """A cgroup and all below it, parents first."""
    return [Path(folder) for folder, _, _ in os.walk(top)]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""  # kubelet and runc remove cgroups while we look


def _write(files: Iterable[Path], text: str) -> None:
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            file.write_text(text)


def _rmdir(folder: Path, timeout: float = 5) -> None:
    """rmdir answers EBUSY until the kernel has let go of the last process."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            folder.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError as err:
            if time.monotonic() > deadline:
                raise LabError(f"cgroup {folder} cannot be removed: {err.strerror}") from err
            time.sleep(0.02)


def _prepare_cpuset() -> None:
    """A cpuset takes no process until it has CPUs and memory nodes; children copy ours."""
    mount = hierarchies().get("cpuset")
    if mount is None:
        return
    top = mount / NAME
    top.mkdir(exist_ok=True)
    for file in ("cpuset.cpus", "cpuset.mems"):
        if not _read(top / file).strip():
            (top / file).write_text((mount / file).read_text())
    (top / "cgroup.clone_children").write_text("1")
