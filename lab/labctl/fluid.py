# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid on the lab, by its own Helm chart."""

import os
from pathlib import Path

from labctl import daemon, settings
from labctl.api import Api
from labctl.build import versions
from labctl.errors import LabError

_RELEASE = "fluid"
_APPS = f"/apis/apps/v1/namespaces/{settings.FLUID_NAMESPACE}"


def apply_definitions(crds: Path) -> None:
    """Apply Fluid's resource definitions; returns when the API server serves them."""
    api = Api()
    for file in sorted(crds.glob("*.yaml")):
        api.apply_definition(file)
    daemon.wait(api.definitions_established, what="Fluid's resource definitions to be served")


def values(alluxio_version: str) -> Path:
    """The file of the chart's values with the images of this Alluxio."""
    if alluxio_version == versions.ALLUXIO:
        return settings.FLUID_VALUES
    changed = settings.state_dir() / settings.FLUID_VALUES.name
    changed.write_text(settings.FLUID_VALUES.read_text().replace(versions.ALLUXIO, alluxio_version))
    return changed


def install(bin_dir: Path, chart: Path, values_file: Path) -> None:
    """Install the release unless its workloads exist; returns before its pods are ready."""
    if Api().get(f"{_APPS}/deployments")["items"]:
        return
    daemon.run("helm", [bin_dir / "helm", "upgrade", "--install", _RELEASE, chart,
                        "--values", values_file,
                        "--namespace", settings.FLUID_NAMESPACE, "--create-namespace"],
               env=_environment(bin_dir))


def wait(nodes: int, timeout: float = 240) -> None:
    """Wait for every controller, and for the CSI plugin on every node."""
    try:
        daemon.wait(lambda: not missing(nodes), what="Fluid to be ready", timeout=timeout, interval=0.5)
    except LabError as err:
        raise LabError(f"{err}; waiting for {'; '.join(missing(nodes))}: see "
                       f"`kubectl -n {settings.FLUID_NAMESPACE} describe pods`") from err


def missing(nodes: int) -> list[str]:
    """What Fluid lacks on the running lab, for people to read."""
    api = Api()
    return not_ready(api.get(f"{_APPS}/deployments")["items"],
                     api.get(f"{_APPS}/daemonsets")["items"], nodes)


def not_ready(deployments: list[dict], daemonsets: list[dict], nodes: int) -> list[str]:
    """What is missing, one entry per workload; empty when Fluid is whole."""
    lacking = [] if deployments and daemonsets else ["the chart's controllers and CSI plugin"]
    counts = [(item, item["spec"]["replicas"], item["status"].get("readyReplicas", 0))
              for item in deployments]
    counts += [(item, nodes, item["status"].get("numberReady", 0)) for item in daemonsets]
    for item, wanted, ready in counts:
        if ready != wanted:
            lacking.append(f"{item['metadata']['name']}: {ready} of {wanted} pods ready")
    return lacking


def _environment(bin_dir: Path) -> dict[str, str]:
    """Helm on the lab's cluster and no other, without a trace in the home folder."""
    folder = settings.state_dir() / "helm"
    kept = {name: value for name, value in os.environ.items()
            if name.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
    return {**kept, "KUBECONFIG": str(settings.kubeconfig()),
            "HELM_CACHE_HOME": f"{folder}/cache", "HELM_CONFIG_HOME": f"{folder}/config",
            "HELM_DATA_HOME": f"{folder}/data",
            "PATH": f"{bin_dir}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
