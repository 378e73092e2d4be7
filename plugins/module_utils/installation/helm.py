# SPDX-License-Identifier: GPL-3.0-or-later
"""The program helm and the charts that it finds. IO: processes, files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import FluidError, InvalidInput
from .release import Chart

# Set by the action plugin: the version of kubernetes.core on the controller.
KUBERNETES_CORE = "DATACACHE_FLUID_KUBERNETES_CORE"
# The first release of kubernetes.core with Helm 4 (its changelog, 6.4.0).
_HELM_4_FROM = (6, 4)
# The options by which modules of this collection authenticate, and helm does not (kubernetes.core,
# plugins/module_utils/helm.py).
_NOT_PASSED_ON = ("client_cert", "client_key", "username", "password")
# Folders that Ansible's own search adds to PATH (ansible.module_utils.common.process).
_ALSO_SEARCHED = ("/sbin", "/usr/sbin", "/usr/local/sbin")
_SECONDS = 120
# Where Helm looks for plugins below the folder of its data (Helm: pkg/helmpath), on Linux and on macOS.
_DATA_FOLDERS = ("~/.local/share/helm", "~/Library/helm")
_CHART_FILE = "Chart.yaml"


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
    version = run(binary, "version", "--template", "{{.Version}}").strip()
    core = os.environ.get(KUBERNETES_CORE, "")
    if _numbers(version) >= (4,) and core and _numbers(core) < _HELM_4_FROM:
        raise InvalidInput(
            f"{binary} is Helm {version}, and kubernetes.core {core} supports Helm 3: install "
            "kubernetes.core 6.4.0 or newer (ansible-galaxy collection install -U kubernetes.core), or "
            "set binary_path (fluid_helm_binary) to a Helm 3")
    return version


def require_connection(params: Mapping[str, Any], warn: Callable[[str], None]) -> None:
    """Raise InvalidInput for an authentication that kubernetes.core does not pass on to helm, which would use
    the default kubeconfig instead. warn: takes what helm leaves out.
    """
    given = [option for option in _NOT_PASSED_ON if params.get(option)]
    if given and not params.get("api_key") and not params.get("kubeconfig"):
        raise InvalidInput(
            f"helm does not authenticate by {given[0]} (K8S_AUTH_{given[0].upper()}): set kubeconfig "
            "(K8S_AUTH_KUBECONFIG), or host with api_key, for installing Fluid")
    if params.get("impersonate_user") or params.get("impersonate_groups"):
        warn("helm does not impersonate: the release is changed with the account's own permissions")


def chart_defaults(binary: str, chart: str, repo_url: str, version: str) -> dict:
    """Return the values of the chart itself. Raises InvalidInput if it cannot be read."""
    import yaml  # a requirement of the kubernetes package, whose absence api/connection.py reports

    options = [*(["--repo", repo_url] if repo_url else []), *(["--version", version] if version else [])]
    return yaml.safe_load(run(binary, "show", "values", chart, *options)) or {}


def compares_by_release() -> bool:
    """Return whether a release's Secrets decide, as kubernetes.core does, whether Helm would change it.

    With plugins, such as diff, it compares rendered objects; with another driver Helm keeps no Secrets.
    """
    secrets = os.environ.get("HELM_DRIVER", "") in ("", "secret", "secrets")
    return secrets and not any(_has_content(folder) for folder in _plugin_folders())


def _plugin_folders() -> list[Path]:
    if named := os.environ.get("HELM_PLUGINS"):
        return [Path(each) for each in named.split(os.pathsep)]
    home, data = os.environ.get("HELM_DATA_HOME"), os.environ.get("XDG_DATA_HOME")
    folders = [home] if home else [f"{data}/helm"] if data else list(_DATA_FOLDERS)
    return [Path(each).expanduser() / "plugins" for each in folders]


def _has_content(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


def chart_of(ref: str, version: str) -> Chart | None:
    """Return the chart that the options name; None if only Helm can find it out.

    A path of this machine comes before a repository (Helm: pkg/action/install.go, LocateChart).
    """
    path = os.path.expanduser(os.path.expandvars(ref))
    if os.path.exists(path):
        return _local_chart(Path(path))
    return Chart(ref.rpartition("/")[2], version) if version and ref[:1] not in "/.~" else None


def _local_chart(path: Path) -> Chart | None:
    """Return the chart in a folder or an archive; None if it cannot be read, which Helm then explains."""
    import yaml  # as in chart_defaults

    try:
        content = yaml.safe_load((path / _CHART_FILE).read_bytes() if path.is_dir() else _archived(path))
        return Chart(content["name"], content["version"], content.get("appVersion") or "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return None


def _archived(path: Path) -> bytes:
    """Return Chart.yaml of a packaged chart, which stands in the archive's only folder."""
    import tarfile  # few charts are archives

    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if re.fullmatch(rf"(\./)?[^/]+/{re.escape(_CHART_FILE)}", member.name):
                    found = archive.extractfile(member)
                    return found.read() if found else b""
    except tarfile.TarError as err:
        raise ValueError(str(err)) from err
    return b""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def run(binary: str, *args: str, environment: Mapping[str, str] | None = None, seconds: float = _SECONDS,
        error: type[FluidError] = InvalidInput) -> str:
    """Run helm and return its output. environment: variables above those of this process.

    Raises the error if helm fails or does not end within that many seconds.
    """
    command = f"`{os.path.basename(binary)} {' '.join(args)}`"
    try:
        # run_command of AnsibleModule has no time limit.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [binary, *args], capture_output=True, text=True, timeout=seconds, check=False,
            env={**os.environ, **(environment or {})})
    except (OSError, subprocess.TimeoutExpired) as err:
        raise error(f"{command} failed: {err}") from err
    if done.returncode:
        raise error(f"{command} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
