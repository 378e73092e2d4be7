# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes a lab, whole or cut off, and nothing else.

What a lab leaves behind is recognised by its name in the kernel (cgroups,
links, firewall rules) and by the record in its state folder (host settings,
folders). Namespaces and mounts end with the processes that hold them.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from labctl import firewall, host, network, settings
from labctl.cgroups import Group

_STATE_PARTS = ("state.json", "state.new", "kubeconfig", "pki", "etcd", "log", "nodes", "origin", "s3",
                "dns", "helm", "audit-policy.yaml", "fluid-values.yaml")


def found() -> bool:
    """Whether a lab, or a part of one, is on this machine and may hold its ports and addresses."""
    return network.exists(settings.BRIDGE) or bool(Group().pids())


def remove() -> None:
    """Leave the machine as it was before `lab up`."""
    root = Group()
    root.kill()
    root.remove()
    network.remove()
    firewall.close()
    recorded = host.restore()
    for folder in {settings.state_dir(), recorded or settings.state_dir()}:
        remove_state(folder)


def remove_state(folder: Path) -> None:
    """Delete the lab's parts of its state folder by name: the folder may be a user's own."""
    for part in _STATE_PARTS:
        path = folder / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):  # absent, or it holds files that are not the lab's
        os.rmdir(folder)
