# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.table import (
    Field,
    paths,
    read,
    render,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.manifest import text_map

TABLE = {
    "count": Field("server.count"),
    "server": Field("server", fields={"name": Field("id"), "labels": Field("labels", text_map)}),
    "secrets": Field("pullSecrets[].name"),
    "levels": Field("store.levels[]", fields={"size": Field("spec.size")}),
    "selector": Field("selector.required", lambda value: value or None),
}


@pytest.mark.parametrize(("given", "rendered"), [
    ({}, {}),
    ({"count": 0}, {"server": {"count": 0}}),
    ({"count": 3, "server": {"name": "a", "labels": {"b": True}}},
     {"server": {"count": 3, "id": "a", "labels": {"b": "true"}}}),
    ({"server": {"name": None, "labels": None}}, {}),
    ({"count": None, "server": {}}, {}),
    ({"secrets": ["a", "b"]}, {"pullSecrets": [{"name": "a"}, {"name": "b"}]}),
    ({"secrets": [], "levels": []}, {"pullSecrets": [], "store": {"levels": []}}),
    ({"levels": [{"size": 1}, {}]}, {"store": {"levels": [{"spec": {"size": 1}}, {}]}}),
    ({"selector": {}}, {}),
    ({"selector": {"a": 1}}, {"selector": {"required": {"a": 1}}}),
], ids=["nothing", "zero", "one-field-from-two-options", "nothing-below", "empty", "list-of-names",
        "empty-lists", "list-of-tables", "converted-to-nothing", "converted"])
def test_render(given, rendered):
    assert render(TABLE, given) == rendered


@pytest.mark.parametrize("options", [
    {}, {"count": 0}, {"count": 3, "server": {"name": "a", "labels": {"b": "true"}}},
    {"secrets": ["a", "b"]}, {"levels": [{"size": 1}, {}]}, {"selector": {"a": 1}},
], ids=["nothing", "zero", "one-field-of-two-options", "list-of-names", "list-of-tables", "converted"])
def test_read_returns_the_options_of_what_they_render_to(options):
    found = read(TABLE, render(TABLE, options))
    assert {option: value for option, value in found.items() if value != {}} == options


@pytest.mark.parametrize(("spec", "options"), [
    ({"server": "text", "store": []}, {"server": "text"}),
    ({"pullSecrets": "a", "store": {"levels": [1, {"spec": 5}]}}, {"levels": [1, {}]}),
    ({"later": {"field": 1}}, {}),
], ids=["above", "within", "unknown"])
def test_read_keeps_what_has_another_form(spec, options):
    assert read(TABLE, spec) == options


def test_the_options_stay_as_they_are():
    given = {"count": 3, "server": {"name": "a", "labels": {"b": "c"}}}
    render(TABLE, given)["server"]["labels"]["b"] = "changed"
    assert given == {"count": 3, "server": {"name": "a", "labels": {"b": "c"}}}


def test_paths_carry_the_names_above_them():
    assert list(paths(TABLE)) == [
        ("count", "server.count"), ("server.name", "server.id"), ("server.labels", "server.labels"),
        ("secrets", "pullSecrets[].name"), ("levels.size", "store.levels[].spec.size"),
        ("selector", "selector.required")]
