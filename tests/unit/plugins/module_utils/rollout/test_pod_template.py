# SPDX-License-Identifier: GPL-3.0-or-later
"""The masters' pod template against the declaration: the smallest change, and its way back."""

import copy

import pytest
from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.rollout import pod_template
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.pod_template import PodTemplateChange

IMAGE = "alluxio/alluxio-dev:2.9.4"


class Template:
    """The template's spec as Fluid made it, with the record of what was declared since."""

    def __init__(self, spec):
        self.spec, self.recorded = spec, {}

    def declare(self, spec=None, spread=None):
        return pod_template.declare("hbase", spec or {}, copy.deepcopy(self.spec), self.recorded, spread)

    def apply(self, spec=None, spread=None):
        found = self.declare(spec, spread)
        self.spec, self.recorded = apply_patch(self.spec, copy.deepcopy(found.patch)), found.record
        return found

    def container(self, name="alluxio-master"):
        return next(each for each in self.spec["containers"] if each["name"] == name)


@pytest.fixture
def template(recorded):
    return Template(recorded("stateful_set_master.json")["spec"]["template"]["spec"])


def test_an_empty_declaration_changes_nothing(template):
    found = template.declare()
    assert (found.patch, found.before, found.after) == ({}, {}, {})


def test_a_declaration_applied_twice_changes_nothing(template):
    spec = {"alluxioVersion": {"imageTag": "2.9.5"},
            "master": {"env": {"A": "1"}, "nodeSelector": {"disk": "ssd"}}}
    template.apply(spec, "required")
    assert template.declare(spec, "required").patch == {}


def test_a_withdrawn_declaration_brings_back_what_fluid_made(template):
    before = copy.deepcopy(template.spec)
    template.apply({"alluxioVersion": {"imageTag": "2.9.5", "imagePullPolicy": "Always"},
                    "jobMaster": {"env": {"A": "1"}, "resources": {"limits": {"cpu": "1"}}},
                    "master": {"nodeSelector": {"disk": "ssd"}}}, "preferred")
    assert template.spec != before
    template.apply({}, "ignored")
    assert {**template.spec, "nodeSelector": {}} == {**before, "nodeSelector": {}}
    assert not template.spec["nodeSelector"]


@pytest.mark.parametrize(("version", "image"), [
    ({"imageTag": "2.9.5"}, "alluxio/alluxio-dev:2.9.5"), ({"image": "other/alluxio"}, "other/alluxio:2.9.4"),
    ({"image": "registry:5000/alluxio", "imageTag": "1"}, "registry:5000/alluxio:1"), ({}, IMAGE),
], ids=["tag", "repository", "both", "neither"])
def test_image_and_tag_are_declared_apart(template, version, image):
    template.apply({"alluxioVersion": version})
    assert {each["image"] for each in template.spec["containers"]} == {image}


@pytest.mark.parametrize(("image", "parts"), [
    ("a/b:1", ("a/b", "1")), ("a/b", ("a/b", "latest")), ("registry:5000/b", ("registry:5000/b", "latest")),
    ("registry:5000/b:1", ("registry:5000/b", "1")),
])
def test_a_registrys_port_is_no_tag(image, parts):
    assert pod_template.split_image(image) == parts


def test_an_init_container_of_another_image_keeps_it(template):
    template.spec["initContainers"] = [{"name": "chown", "image": "busybox"},
                                       {"name": "format", "image": IMAGE}]
    template.apply({"alluxioVersion": {"imageTag": "2.9.5"}})
    assert [each["image"] for each in template.spec["initContainers"]] == [
        "busybox", "alluxio/alluxio-dev:2.9.5"]


def test_equal_quantities_are_no_change(template):
    template.apply({"master": {"resources": {"limits": {"memory": "2Gi", "cpu": "1"}}}})
    equal = {"master": {"resources": {"limits": {"memory": "2048Mi", "cpu": "1000m"}}}}
    assert template.declare(equal).patch == {}


def test_a_variable_that_fluid_sets_stays_when_its_declaration_is_withdrawn(template):
    template.apply({"master": {"env": {"JOURNAL_BACKUP": "/x", "A": "1"}}})
    template.apply({})
    names = [each["name"] for each in template.container()["env"]]
    assert "JOURNAL_BACKUP" in names and "A" not in names


def test_a_label_of_the_node_selector_that_somebody_else_set_stays(template):
    template.apply({"master": {"nodeSelector": {"disk": "ssd"}}})
    template.spec["nodeSelector"]["by"] = "hand"
    assert template.declare({}).patch["nodeSelector"] == {"disk": None}


@pytest.mark.parametrize("spread", ["required", "preferred"])
def test_the_spread_is_read_back(template, spread):
    assert pod_template.spread_of("hbase", template.spec) == "ignored"
    template.apply({}, spread)
    assert pod_template.spread_of("hbase", template.spec) == spread
    assert pod_template.spread_of("other", template.spec) == "ignored"
    assert template.declare({}, None).patch == {}


def test_the_diff_names_variables_and_only_what_changes(template):
    found = template.declare({"jobMaster": {"env": {"TOKEN": "1"}}})
    assert (found.before.keys(), found.after.keys()) == ({"alluxio-job-master"}, {"alluxio-job-master"})
    assert found.after["alluxio-job-master"]["env"]["TOKEN"] == "1"
    assert found.before["alluxio-job-master"]["env"].keys() == {"ALLUXIO_MASTER_HOSTNAME"}


def test_no_change_is_the_default():
    assert PodTemplateChange() == PodTemplateChange({}, {}, {}, {})
