# SPDX-License-Identifier: GPL-3.0-or-later
"""The program helm. IO: processes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from ..errors import InvalidInput

# Set by the action plugin: the version of kubernetes.core on the controller.
KUBERNETES_CORE = "DATACACHE_FLUID_KUBERNETES_CORE"
# The first release of kubernetes.core with Helm 4 (its changelog, 6.4.0).
_HELM_4_FROM = (6, 4)
# Folders that Ansible's own search adds to PATH (ansible.module_utils.common.process).
_ALSO_SEARCHED = ("/sbin", "/usr/sbin", "/usr/local/sbin")
_SECONDS = 120


def find(binary: str) -> str:
    """Return the path of helm. binary: the given path; empty searches PATH.

    Raises InvalidInput without one.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_ALSO_SEARCHED])
    found = shutil.which(binary or "helm", path=path)
    if found:
        return found
    if binary:
        raise InvalidInput(f"binary_path (fluid_helm_binary) is {binary}, where the host of the tasks has no "
                           "program: set it to the path of helm")
    raise InvalidInput("there is no helm on PATH of the host that runs the tasks: install Helm there, or set "
                       "binary_path (fluid_helm_binary) to it")


def require_supported(binary: str) -> str:
    """Return the version of helm, such as v3.18.4. Raises InvalidInput if kubernetes.core cannot use it."""
    version = _run(binary, "version", "--template", "{{.Version}}").strip()
    core = os.environ.get(KUBERNETES_CORE, "")
    if _numbers(version) >= (4,) and core and _numbers(core) < _HELM_4_FROM:
        raise InvalidInput(
            f"{binary} is Helm {version}, and kubernetes.core {core} supports Helm 3: install "
            "kubernetes.core 6.4.0 or newer (ansible-galaxy collection install -U kubernetes.core), or "
            "set binary_path (fluid_helm_binary) to a Helm 3")
    return version


def chart_defaults(binary: str, chart: str, repo_url: str, version: str) -> dict:
    """Return the values of the chart itself. Raises InvalidInput if it cannot be read."""
    import yaml  # a requirement of the kubernetes package, whose absence api/connection.py reports

    options = [*(["--repo", repo_url] if repo_url else []), *(["--version", version] if version else [])]
    return yaml.safe_load(_run(binary, "show", "values", chart, *options)) or {}


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _run(binary: str, *args: str) -> str:
    command = f"`{os.path.basename(binary)} {' '.join(args)}`"
    try:
        done = subprocess.run([binary, *args], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise InvalidInput(f"{command} failed: {err}") from err
    if done.returncode:
        raise InvalidInput(f"{command} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
