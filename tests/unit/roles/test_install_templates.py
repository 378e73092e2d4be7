# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role install makes of the things it has read: its message, and the values of a release."""

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from trusted_templates import trust_as_template

INSTALL = Path(__file__).parents[3] / "roles" / "install"
FAILED_MOUNT = ('MountVolume.SetUp failed for volume "kubelet-dir" : hostPath type check failed: '
                "/var/lib/kubelet is not a directory")


def render(text, **variables):
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))


def pod(name, *statuses, **more):
    return {"metadata": {"name": name}, "status": {
        "phase": "Pending", **({"containerStatuses": list(statuses)} if statuses else {}), **more}}


def status(name, ready, **state):
    return {"name": name, "ready": ready, "restartCount": 0, "state": state or {"running": {}}}


def event(name, reason, message):
    return {"involvedObject": {"kind": "Pod", "name": name}, "reason": reason, "message": message}


def message(pods, events=()):
    return render(
        (INSTALL / "templates" / "not_ready.j2").read_text(), install_fluid_namespace="fluid-system",
        install_wait_timeout=600, ansible_failed_result={"msg": "Timed out."},
        __install_pods={"resources": pods}, __install_events={"resources": list(events)})


def test_a_volume_that_cannot_be_mounted_is_in_the_message():
    waiting = status("plugins", False, waiting={"reason": "ContainerCreating"})
    lines = message(
        [pod("csi-1", waiting), pod("dataset-controller-1", status("manager", True))],
        [event("csi-1", "FailedMount", "an older one"), event("csi-1", "FailedMount", FAILED_MOUNT),
         event("csi-1", "FailedScheduling", "0/3 nodes"), event("dataset-controller-1", "Unhealthy", "once")],
    ).splitlines()
    assert lines[1:4] == ["- pod csi-1, container plugins: waiting ContainerCreating, 0 restarts",
                          f"  FailedMount: {FAILED_MOUNT}", "  FailedScheduling: 0/3 nodes"]
    assert "Unhealthy" not in "\n".join(lines)
    assert "csi.kubelet in install_chart_values" in lines[-1]


def test_a_pod_without_a_node():
    unscheduled = pod("csi-1", conditions=[{"status": "False", "message": "0/3 nodes are available"}])
    assert "- pod csi-1: 0/3 nodes are available\n" in message([unscheduled])


def test_no_pods():
    assert "- no pods: read `kubectl -n fluid-system get events`" in message([])


def release_values(adopted, status):
    [block, _scale] = yaml.safe_load((INSTALL / "tasks" / "chart.yml").read_text())
    [task] = [task for task in block["block"] if "kubernetes.core.helm" in task]
    variables = {name: trust_as_template(text) for name, text in block["vars"].items()}
    return render(task["kubernetes.core.helm"]["release_values"], **variables,
                  __install_release={"status": status},
                  __install_fluid={
                      "adopted": adopted, "chart_values": {"runtime": {"alluxio": {"enabled": True}}}})


OWN = {"csi": {"kubelet": {"rootDir": "/data/kubelet"}},
       "runtime": {"alluxio": {"enabled": False, "replicas": 2}}}
KEPT = {**OWN, "runtime": {"alluxio": {"enabled": True, "replicas": 2}}}


@pytest.mark.parametrize("key", ["values", "release_values"], ids=["kubernetes.core-6.2", "6.3-and-later"])
def test_an_adopted_release_keeps_its_values(key):
    assert release_values(True, {"status": "deployed", key: OWN}) == KEPT


@pytest.mark.parametrize(("adopted", "status"), [(False, {"values": OWN}), (True, None), (True, {})])
def test_other_releases_get_the_values_of_the_options(adopted, status):
    assert release_values(adopted, status) == {"runtime": {"alluxio": {"enabled": True}}}


def downgrades(adopted, chart, version):
    """Whether the role refuses to replace the chart of a release by that version."""
    task = yaml.safe_load((INSTALL / "tasks" / "recover.yml").read_text())[-1]
    own = {**yaml.safe_load((INSTALL / "vars" / "main.yml").read_text()), **task["vars"]}
    variables = {"__install_fluid": {"adopted": adopted}, "install_chart_version": version,
                 "__install_release": {"status": {"chart": chart}} if chart else {},
                 **{name: trust_as_template(text) for name, text in own.items() if isinstance(text, str)}}
    return all(render("{{ " + condition + " }}", **variables) for condition in task["when"])


@pytest.mark.parametrize(("adopted", "chart", "version", "refused"), [
    (True, "fluid-1.1.0", "1.0.8", True), (True, "fluid-1.0.10", "1.0.8", True),
    (True, "fluid-1.0.8", "1.0.8", False), (True, "fluid-1.0.5", "1.0.8", False),
    (True, "fluid-1.1.0", "", False), (True, None, "1.0.8", False), (False, "fluid-1.1.0", "1.0.8", False),
    # A final release follows its previews; helm takes a leading v, and the newest version of a range.
    (True, "fluid-1.1.0-beta.1", "1.1.0", False), (True, "fluid-1.1.0", "1.1.0-beta.1", True),
    (True, "fluid-1.0.7", "v1.0.8", False), (True, "fluid-1.0.9", "v1.0.8", True),
    (True, "fluid-1.0.8", "1.0", False), (True, "fluid-1.1.0", "1.0", True), (True, "fluid-2.0.0", "1", True),
    (True, "fluid-1.0.8", "^1.0.8", False), (True, "own-chart-2", "1.0.8", False),
])
def test_another_installation_is_never_downgraded(adopted, chart, version, refused):
    assert downgrades(adopted, chart, version) is refused
