# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of Fluid's YAML among the options of a module."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.module import (
    arguments,
    cache_options,
    option_names,
    runtime_options,
)

DATASET = arguments.fleet("datasets", cache_options.dataset())
RUNTIME = arguments.fleet("runtimes", runtime_options.runtime())


def camel_case(name):
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def paths_of(spec, before=()):
    """Every option with a compound name, as the path that leads to it."""
    for name, option in spec.items():
        if "_" in name:
            yield (*before, name)
        yield from paths_of(option.get("options") or {}, (*before, name))


@pytest.mark.parametrize("spec", [DATASET, RUNTIME], ids=["dataset", "alluxio_runtime"])
def test_every_option_in_camel_case_is_named(spec):
    for *above, name in paths_of(spec):
        given = {camel_case(name): 1}
        for each in reversed(above):
            given = {each: [given]}
        with pytest.raises(InvalidInput, match=f"{camel_case(name)} .*: use the option {name} instead"):
            option_names.require_names(given, spec)


@pytest.mark.parametrize(("given", "message"), [
    ({"replicas": 2},
     "replicas is the name of Fluid's field: use the option worker_replicas for the workers, "
     "master_replicas for the masters instead"),
    ({"master": {"replicas": 3}}, "master.replicas is the name of Fluid's field"),
    ({"alluxioVersion": {"imageTag": "2.9.4"}},
     "alluxioVersion is the name of Fluid's field: use the option image, image_tag and image_pull_policy "
     "instead"),
    ({"runtimes": [{"name": "a"}, {"jobMaster": {}}]}, "runtimes[1].jobMaster is the name of Fluid's field"),
])
def test_fields_that_have_another_place(given, message):
    with pytest.raises(InvalidInput) as refused:
        option_names.require_names(given, RUNTIME)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("given", [
    {"properties": {"someKey": "x"}, "tieredstore": "text", "unknown": 1, "network_mode": "HostNetwork"},
    {"master": {"env": {"anyName": 1}}, "labels": {"aB": 1}},
])
def test_other_names_are_left_to_ansible(given):
    option_names.require_names(given, RUNTIME)


RESOURCES = {"type": "dict", "options": {"limits": {"type": "dict"}}}
SHAPES = {"worker": {"type": "dict", "options": {"resources": RESOURCES}},
          "levels": {"type": "list", "elements": "dict", "options": {"path": {"type": "str"}}},
          "count": {"type": "int"}, "name": {"type": "str"}, "args": {"type": "list", "elements": "str"}}


@pytest.mark.parametrize(("given", "message"), [
    ({"worker": {"resources": 0}}, "worker.resources is 0: expected a dictionary"),
    ({"worker": [1]}, "worker is a list: expected a dictionary"),
    ({"levels": {"path": "/a"}}, "levels is a dictionary: expected a list of dictionaries"),
    # Ansible would convert these to the text that Python prints.
    ({"name": {"a": 1}}, "name is a dictionary: expected a text"),
    ({"levels": [{"path": ["/a"]}]}, "levels[0].path is a list: expected a text"),
    ({"args": ["a", {"b": 1}]}, "args[1] is a dictionary: expected a text"),
    ({"args": [["a"]]}, "args[0] is a list: expected a text"),
    ({"levels": [{"path": "/a"}, True]}, "levels[1] is True: expected a dictionary"),
])
def test_another_shape_is_refused_before_ansible_looks_into_it(given, message):
    with pytest.raises(InvalidInput) as refused:
        option_names.require_names(given, SHAPES)
    assert str(refused.value) == message


@pytest.mark.parametrize("given", [
    {}, {"worker": None, "levels": None}, {"worker": "resources={}"}, {"levels": ["path=/a", {"path": "/b"}]},
    {"count": [1]}, {"worker": {"resources": {"limits": 0}}},
], ids=repr)
def test_what_ansible_converts_or_refuses_passes(given):
    option_names.require_names(given, SHAPES)
