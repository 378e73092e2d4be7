# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of Fluid's chart: what the options add, and what has no effect and is refused."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.kinds import ALLUXIO_RUNTIME, RUNTIMES
from ansible_collections.datacache.fluid.plugins.module_utils.installation import values

REGISTRY = "registry.local:5000/mirror"


@pytest.mark.parametrize(("below", "above", "both"), [
    ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
    ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
    ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"a": [1]}, {"a": [2]}, {"a": [2]}),
    ({"a": 1}, {}, {"a": 1}),
], ids=["nested", "replaced", "null", "list", "untouched"])
def test_merging(below, above, both):
    assert values.merged(below, above) == both


@pytest.mark.parametrize(("prefix", "expected"), [
    ("fluidcloudnative", "/fluidcloudnative"),
    ("registry.cn-shanghai.aliyuncs.com/jindofs", "/jindofs"),
    ("registry.local:5000/a/b", "/a/b"),
    ("localhost/fluid", "/fluid"),
    ("localhost:5000", ""),
    ("team/fluid", "/team/fluid"),
])
def test_an_image_keeps_its_path(prefix, expected):
    assert values.from_registry({"imagePrefix": prefix}, REGISTRY) == {"imagePrefix": REGISTRY + expected}


def test_only_the_prefixes_of_images_are_replaced():
    defaults = {"csi": {"enabled": True, "plugins": {"imagePrefix": "fluidcloudnative", "imageName": "csi"}},
                "runtime": {"juicefs": {"fuse": {"ceimagePrefix": "juicedata", "eeimagePrefix": "juicedata"}},
                            "mountRoot": "/runtime-mnt"},
                "webhook": {"plugins": [{"imagePrefix": "in-a-list"}]}, "empty": None}
    assert values.from_registry(defaults, REGISTRY) == {
        "csi": {"plugins": {"imagePrefix": f"{REGISTRY}/fluidcloudnative"}},
        "runtime": {"juicefs": {"fuse": {"ceimagePrefix": f"{REGISTRY}/juicedata",
                                         "eeimagePrefix": f"{REGISTRY}/juicedata"}}}}


@pytest.mark.parametrize("registry", ["", "registry.local", "localhost:5000", "harbor.local/proxy/docker"])
def test_a_registry(registry):
    values.require_registry(registry)


@pytest.mark.parametrize("registry", ["https://registry.local", "registry.local/", "registry local", "a/B"])
def test_no_registry(registry):
    with pytest.raises(InvalidInput, match=f"image_registry is {registry}: expected host"):
        values.require_registry(registry)


def test_pull_secrets():
    assert values.pull_secrets(["a", "b"]) == {"image": {"imagePullSecrets": [{"name": "a"}, {"name": "b"}]}}
    assert values.pull_secrets([]) == {}


def test_the_controllers_of_kinds():
    assert values.enabled(RUNTIMES[:3]) == {"runtime": {key: {"enabled": True}
                                                        for key in ("alluxio", "jindo", "juicefs")}}
    assert values.controller_of(ALLUXIO_RUNTIME) == "alluxioruntime-controller"


@pytest.mark.parametrize(("given", "csi"), [
    ({}, True), ({"csi": {}}, True), ({"csi": {"enabled": False}}, False), ({"csi": None}, True)])
def test_whether_there_is_a_csi_plugin(given, csi):
    assert values.has_csi(given) is csi


@pytest.mark.parametrize("given", [
    {}, {"namespace": "fluid-system"}, {"runtime": {"alluxio": {"enabled": False}}},
    {"runtime": {"jindo": {"replicas": 0}}},
    # the whole values.yaml of the chart, edited
    {"imagePrefix": "a", "version": "v1", "dataset": {"controller": {"imagePrefix": "a", "imageTag": "v1"}}},
])
def test_valid_values(given):
    values.require_valid(given, "fluid-system", [ALLUXIO_RUNTIME])


@pytest.mark.parametrize(("given", "message"), [
    ({"namespace": "other"}, "chart_values.namespace is other, and Fluid's namespace is fluid-system: set "
                             "namespace"),
    ({"imagePrefix": "registry.local/fluid"}, "chart_values.imagePrefix is registry.local/fluid, which "
                                              "changes no image, .*: set image_registry"),
    ({"version": "v1.0.7"}, "chart_values.version is v1.0.7, which changes no image, .*: set imageTag below"),
    ({"runtime": {"alluxio": {"replicas": 0}}}, "chart_values.runtime.alluxio.replicas is 0: expected 1 or"),
    ({"runtime": {"alluxio": {"replicas": "0"}}}, "chart_values.runtime.alluxio.replicas is 0: expected"),
])
def test_values_that_are_refused(given, message):
    with pytest.raises(InvalidInput, match=message):
        values.require_valid(given, "fluid-system", [ALLUXIO_RUNTIME])
