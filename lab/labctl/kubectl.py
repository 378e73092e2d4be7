# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to the lab's cluster with kubectl as administrator."""

import os
from pathlib import Path

from labctl import settings
from labctl.shell import run


def environment(bin_dir: Path) -> dict[str, str]:
    """Environment for kubectl and helm: the lab's cluster, no other, and no proxy before it."""
    kept = {name: value for name, value in os.environ.items()
            if name.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
    return {**kept, "KUBECONFIG": str(settings.kubeconfig()),
            "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def apply_crds(bin_dir: Path, crds: Path) -> None:
    """Apply Fluid's resource definitions and wait until the API server serves them."""
    environ = environment(bin_dir)
    run(["kubectl", "apply", "--server-side", "--force-conflicts", "-f", crds], env=environ)
    run(["kubectl", "wait", "--for=condition=Established", "--timeout=30s", "-f", crds], env=environ)


def delete_node(bin_dir: Path, name: str) -> None:
    run(["kubectl", "delete", "node", name, "--ignore-not-found"], env=environment(bin_dir))
