# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab changes on the machine itself, and the way back.

The record names the state folder too: a run with another FLUID_LAB_STATE
still removes all of the lab that it finds.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from labctl import settings

# kubelet writes these for the whole kernel when they differ (pkg/kubelet/cm, setupKernelTunables).
SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
           "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes")

# Where each node mounts its own disk over the machine's folders.
MOUNT_POINTS = ("/runtime-mnt", "/etc/kubernetes", "/etc/cni/net.d", "/var/lib/kubelet",
                "/var/lib/containerd", "/var/lib/cni", "/var/log/pods", "/var/log/containers")

_SYSCTL_ROOT = Path("/proc/sys")


def record() -> None:
    """Note what nodes will change; the first note stays, as later ones would show our own changes."""
    if settings.HOST_RECORD.exists():
        return
    settings.HOST_RECORD.write_text(json.dumps({
        "state": str(settings.state_dir()),
        "sysctls": {name: (_SYSCTL_ROOT / name).read_text().strip() for name in SYSCTLS},
        "folders": missing_folders(MOUNT_POINTS)}))


def make_mount_points() -> None:
    for folder in MOUNT_POINTS:
        os.makedirs(folder, exist_ok=True)


def restore() -> Path | None:
    """Put everything back; returns the state folder of the lab that was recorded."""
    if not settings.HOST_RECORD.exists():
        return None
    noted = json.loads(settings.HOST_RECORD.read_text())
    for name, value in noted["sysctls"].items():
        (_SYSCTL_ROOT / name).write_text(value)
    for folder in reversed(noted["folders"]):
        with suppress(OSError):  # absent, or in use by another program
            os.rmdir(folder)
    settings.HOST_RECORD.unlink()
    return Path(noted["state"])


def missing_folders(wanted: tuple[str, ...]) -> list[str]:
    """Folders to make, parents first, so that exactly these can be removed again."""
    chain = {str(path) for folder in wanted for path in (Path(folder), *Path(folder).parents)}
    return sorted(folder for folder in chain if not os.path.exists(folder))
