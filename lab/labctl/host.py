# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and folders of the machine that nodes change, and their way back."""

import json
import os
from pathlib import Path

from labctl import settings

# kubelet writes these for the whole kernel when they differ (pkg/kubelet/cm, setupKernelTunables).
SYSCTLS = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
           "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes")

# Where each node mounts its own disk over the machine's folders.
MOUNT_POINTS = ("/runtime-mnt", "/etc/kubernetes", "/etc/cni/net.d", "/var/lib/kubelet",
                "/var/lib/containerd", "/var/lib/cni", "/var/log/pods", "/var/log/containers")

_SYSCTL_ROOT = Path("/proc/sys")


def _record() -> Path:
    return settings.state_dir() / "host.json"


def prepare() -> None:
    """Record the kernel settings and make the mount points that are missing."""
    if not _record().exists():
        record = {"sysctls": {name: (_SYSCTL_ROOT / name).read_text().strip() for name in SYSCTLS},
                  "folders": missing_folders(MOUNT_POINTS)}
        _record().parent.mkdir(parents=True, exist_ok=True)
        _record().write_text(json.dumps(record))
    for folder in MOUNT_POINTS:
        os.makedirs(folder, exist_ok=True)


def restore() -> None:
    """Put the settings back and remove the folders that the lab made and left empty."""
    if not _record().exists():
        return
    record = json.loads(_record().read_text())
    for name, value in record["sysctls"].items():
        (_SYSCTL_ROOT / name).write_text(value)
    for folder in reversed(record["folders"]):
        try:
            os.rmdir(folder)
        except OSError:
            pass  # gone, or someone else uses it by now
    _record().unlink()


def missing_folders(wanted: tuple[str, ...]) -> list[str]:
    """Folders to make, parents first, so that exactly these can be removed again."""
    chain = {str(path) for folder in wanted for path in (Path(folder), *Path(folder).parents)}
    return sorted(folder for folder in chain if not os.path.exists(folder))
