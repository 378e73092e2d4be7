# SPDX-License-Identifier: GPL-3.0-or-later
from labctl import fluid, settings
from labctl.fluid import not_ready


def workload(name, ready, wanted=None):
    return {"metadata": {"name": name}, "spec": {"replicas": wanted},
            "status": {"readyReplicas": ready, "numberReady": ready} if ready else {}}


def test_fluid_is_whole_with_all_controllers_and_a_plugin_per_node():
    deployments = [workload("dataset-controller", 1, 1), workload("jindoruntime-controller", 0, 0)]
    assert not_ready(deployments, [workload("csi-nodeplugin-fluid", 3)], nodes=3) == []


def test_what_is_missing_is_named():
    deployments = [workload("dataset-controller", 0, 1)]
    assert not_ready(deployments, [workload("csi-nodeplugin-fluid", 2)], nodes=3) == [
        "dataset-controller: 0 of 1 pods ready", "csi-nodeplugin-fluid: 2 of 3 pods ready"]


def test_an_empty_namespace_is_not_ready():
    assert not_ready([], [], nodes=3) == ["the chart's controllers and CSI plugin"]


def test_the_charts_values_name_the_labs_alluxio(state_dir):
    state_dir.mkdir(exist_ok=True)
    assert fluid.values("2.9.4") == settings.FLUID_VALUES
    changed = fluid.values("2.9.0").read_text()
    assert changed.count("imageTag: 2.9.0") == 2 and "2.9.4" not in changed
