# SPDX-License-Identifier: GPL-3.0-or-later
"""The values against Fluid's chart, rendered by helm. Both are what the lab has built; without them the tests
are skipped.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.kinds import RUNTIMES
from ansible_collections.datacache.fluid.plugins.module_utils.installation import helm, values

CACHE = Path(os.environ.get("FLUID_LAB_CACHE")
             or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "datacache-fluid-lab"))
CHART = next(iter(sorted(CACHE.glob("parts/fluid-files-*/charts/fluid/fluid"))), None)
HELM = next(iter(sorted(CACHE.glob("parts/helm-*/helm"))), None)
REGISTRY = "registry.local:5000/mirror"

pytestmark = pytest.mark.skipif(not (CHART and HELM), reason="the lab has built neither chart nor helm")


def render(given, *options):
    """The objects of the chart with these values, the Job of an upgrade included."""
    done = subprocess.run(
        [HELM, "template", "fluid", CHART, "--is-upgrade", "--values", "-", *options],
        input=yaml.safe_dump(given), capture_output=True, text=True, check=True)
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def scalars(node):
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from scalars(each)
    else:
        yield node


def names_of_images(node):
    """The imageName of every image of the chart's values."""
    for key, value in node.items():
        if isinstance(value, dict):
            yield from names_of_images(value)
        elif key.lower().endswith("imagename"):
            yield value


@pytest.fixture(scope="module")
def defaults():
    return helm.chart_defaults(str(HELM), str(CHART), "", "")


def images(objects, names):
    return {text for text in scalars(objects) if isinstance(text, str)
            and any(f"/{name}:" in text for name in names)}


def test_every_image_comes_from_the_registry(defaults):
    names = set(names_of_images(defaults))
    everything = values.enabled(RUNTIMES)
    before = images(render(everything), names)
    after = images(render(values.merged(values.from_registry(defaults, REGISTRY), everything)), names)
    assert {text for text in after if not text.startswith(f"{REGISTRY}/")} == set()
    assert {text.rpartition("/")[2] for text in after} == {text.rpartition("/")[2] for text in before}
    # init containers, registrar, upgrade of the definitions and prefetcher are among them
    assert {"init-users", "csi-node-driver-registrar", "fluid-crd-upgrader", "fluid-file-prefetcher",
            "alluxio-dev", "mount"} <= {text.rpartition("/")[2].partition(":")[0] for text in after}


def test_a_prefix_at_the_top_changes_no_image(defaults):
    names = set(names_of_images(defaults))
    assert images(render({"imagePrefix": REGISTRY}), names) == images(render({}), names)


def test_every_pod_pulls_with_the_secrets():
    objects = render(values.merged(values.pull_secrets(["one", "two"]), values.enabled(RUNTIMES)))
    pods = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in objects
            if each["kind"] in ("Deployment", "DaemonSet", "Job")}
    assert len(pods) >= 10
    assert {name for name, pod in pods.items()
            if pod.get("imagePullSecrets") != [{"name": "one"}, {"name": "two"}]} == set()
    [manager] = pods["alluxioruntime-controller"]["containers"]
    assert {"name": "IMAGE_PULL_SECRETS", "value": "one,two"} in manager["env"]


def replicas(objects):
    return {each["metadata"]["name"]: each["spec"]["replicas"] for each in objects
            if each["kind"] == "Deployment" and each["metadata"]["name"].endswith("runtime-controller")}


def test_the_chart_renders_0_replicas_unless_the_kind_is_enabled():
    assert set(replicas(render({})).values()) == {0}
    enabled = replicas(render(values.enabled(RUNTIMES)))
    assert {name: enabled[name] for name in map(values.controller_of, RUNTIMES) if name in enabled} == enabled
    assert set(enabled.values()) == {1}


def test_without_csi_there_is_no_plugin():
    kinds = [each["kind"] for each in render({"csi": {"enabled": False}})]
    assert "DaemonSet" not in kinds
    assert "Deployment" in kinds


def test_the_csi_driver_is_registered_even_without_the_plugin():
    """Whether the plugin runs shows in its DaemonSet alone."""
    assert "CSIDriver" in [each["kind"] for each in render({"csi": {"enabled": False}})]
