# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid on the lab, by its own Helm chart."""

from pathlib import Path

from labctl import daemon, kubectl, settings
from labctl.api import Api
from labctl.errors import LabError
from labctl.shell import run

_RELEASE = "fluid"
_APPS = f"/apis/apps/v1/namespaces/{settings.FLUID_NAMESPACE}"


def install(bin_dir: Path, chart: Path) -> None:
    """Install the release unless its workloads exist; returns before its pods are ready."""
    if Api().get(f"{_APPS}/deployments")["items"]:
        return
    run(["helm", "upgrade", "--install", _RELEASE, chart, "--values", settings.FLUID_VALUES,
         "--namespace", settings.FLUID_NAMESPACE, "--create-namespace"],
        env=kubectl.environment(bin_dir))


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
