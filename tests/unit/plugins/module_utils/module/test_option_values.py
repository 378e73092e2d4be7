# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as a template or a survey of AWX gives them, in every option of every module."""

import json
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.datacache.fluid.plugins.module_utils.module import option_values
from ansible_collections.datacache.fluid.plugins.module_utils.module.option_names import FluidModule

MODULES = Path(__file__).parents[5] / "plugins" / "modules"
PLUGINS = "ansible_collections.datacache.fluid.plugins.modules."
# By type: a value as text, and what it becomes.
TEXTS = {"int": ("3", 3), "bool": ("true", True), "float": ("0.5", 0.5), "str": (20000, "20000"),
         "path": ("/a", "/a"), "raw": ("", ""), "dict": ("a: '1'", {"a": "1"}), "list": ("[a]", ["a"])}


def modules():
    return sorted(path.stem for path in MODULES.glob("*.py") if path.stem != "validate_variables")


def value_of(option):
    """A valid value of an option, and what a module gets for it."""
    kind, options = option.get("type", "str"), option.get("options")
    if options is not None:
        pairs = {name: value_of(each) for name, each in options.items()}
        one = tuple({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
    elif option.get("choices"):
        one = option["choices"][-1], option["choices"][-1]
    else:
        one = TEXTS[option.get("elements", "str") if kind == "list" else kind]
    return ([one[0]], [one[1]]) if kind == "list" else one


def of_options():
    """Every option of every module, as (module, name, option); suboptions come with the option above them."""
    return [pytest.param(option, id=f"{module}-{name}") for module in modules()
            for name, option in import_module(PLUGINS + module).argument_spec().items()]


def validated(option, value):
    result = ArgumentSpecValidator({"option": {**option, "fallback": (lambda: None, [])}}).validate(
        option_values.given({"option": value}, {"option": option}))
    assert result.error_messages == []
    return result.validated_parameters["option"]


@pytest.mark.parametrize("option", of_options())
def test_every_option_takes_its_value_as_text(option):
    option = {key: value for key, value in option.items() if key != "fallback"}
    value, expected = value_of(option)
    assert validated(option, value) == expected
    if option.get("type") in ("list", "dict"):
        assert validated(option, yaml.safe_dump(expected)) == expected
        assert validated(option, json.dumps(expected)) == expected


@pytest.mark.parametrize("option", of_options())
def test_an_empty_text_is_no_value(option):
    expected = {"option": ""} if option.get("type") == "raw" or option.get("required") else {}
    assert option_values.given({"option": ""}, {"option": option}) == expected


@pytest.mark.parametrize("module", modules())
def test_every_module_reads_its_options_so(module):
    assert "FluidModule(" in (MODULES / f"{module}.py").read_text()
    assert import_module(PLUGINS + module).FluidModule is FluidModule


SPEC = {"name": {"type": "str"}, "names": {"type": "list", "elements": "str"},
        "count": {"type": "int", "aliases": ["number"]},
        "free": {"type": "dict"}, "items": {"type": "list", "elements": "dict", "options": {
            "count": {"type": "int"}, "text": {"type": "str"}}}}


@pytest.mark.parametrize(("values", "expected"), [
    ({"names": "a,b"}, {"names": "a,b"}),  # Ansible splits it
    ({"names": "- a\n- b\n"}, {"names": ["a", "b"]}),
    ({"names": "[a"}, {"names": "[a"}),
    ({"free": "a=1 b=2"}, {"free": "a=1 b=2"}),  # Ansible reads it
    ({"free": {"a": ""}}, {"free": {"a": ""}}),  # an empty property has a meaning
    ({"number": "", "count": " "}, {}),
    ({"unknown": "", "_ansible_diff": False}, {"unknown": "", "_ansible_diff": False}),
    ({"items": "[{count: '3', text: ''}]"}, {"items": [{"count": "3"}]}),
    ({"items": ["{count: 3}", {"count": ""}, 5]}, {"items": [{"count": 3}, {}, 5]}),
    ({"items": None}, {"items": None}),
    ({"name": ""}, {"name": ""}),
], ids=str)
def test_given(values, expected):
    assert option_values.given(values, SPEC) == expected
