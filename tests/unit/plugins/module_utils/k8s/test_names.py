# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import names


@pytest.mark.parametrize("name", ["a", "hbase", "h-base-2", "a" * 63])
def test_dns_1035_labels_pass(name):
    names.require_dns_1035("Dataset name", name)


@pytest.mark.parametrize("name", ["", "Hbase", "2hbase", "-hbase", "hbase-", "h_base", "h.base", "hbase\n",
                                  "hbäse", "a" * 64])
def test_other_names_are_refused(name):
    with pytest.raises(InvalidInput) as refused:
        names.require_dns_1035("Dataset name", name)
    assert str(refused.value).startswith(
        f"Dataset name {name!r} is not a DNS-1035 label: expected at most 63 lower-case")


@pytest.mark.parametrize("name", ["default", "2024", "team-a", "a" * 63])
def test_namespaces_may_start_with_a_digit(name):
    names.require_namespace(name)


@pytest.mark.parametrize("name", ["", "Team", "team_a", "-team", "team-", "a/b", "a" * 64])
def test_other_namespaces_are_refused(name):
    with pytest.raises(InvalidInput, match="is not a DNS-1123 label"):
        names.require_namespace(name)


@pytest.mark.parametrize("name", ["a", "2", "h.base", "data-hbase", "a" * 253])
def test_names_that_any_object_may_have(name):
    names.require_name(name)


@pytest.mark.parametrize("name", ["", "A", "a/b", "a..b", "a.", "a b", "..", "a" * 254])
def test_names_that_would_address_something_else_are_refused(name):
    with pytest.raises(InvalidInput,
                       match="is not a DNS-1123 subdomain: expected at most 253 lower-case letters"):
        names.require_name(name)


@pytest.mark.parametrize("params", [{"name": "", "namespace": "data"}, {"name": "hbase", "namespace": ""}],
                         ids=["name", "namespace"])
def test_an_empty_name_would_address_a_collection(params):
    with pytest.raises(InvalidInput):
        names.require_identity(params)


@pytest.mark.parametrize("params", [
    {}, {"labels": None, "annotations": None},
    {"labels": {"team": "search", "example.com/a_b.c": "", "n": 3, "on": True, "none": None, "v": "a" * 63}},
    {"annotations": {"example.com/note": "any text: \n- even this", "a" * 63: ""}},
], ids=["nothing", "null", "labels", "annotations"])
def test_labels_and_annotations_that_the_server_accepts(params):
    names.require_metadata(params)


@pytest.mark.parametrize(("params", "message"), [
    ({"labels": {"team": "-1"}}, "labels[team] is '-1', which is no value of a label: expected at most 63"),
    ({"labels": {"team": "a b"}}, "labels[team] is 'a b'"),
    ({"labels": {"team": "a" * 64}}, "labels[team] is 'aaa"),
    ({"labels": {"team": {"nested": 1}}}, "labels[team] is "),
    ({"labels": {"": "a"}}, "labels has the key '': expected at most 63 letters"),
    ({"labels": {"a b": "a"}}, "labels has the key 'a b'"),
    ({"labels": {"/a": "a"}}, "labels has the key '/a'"),
    ({"labels": {"Example.com/a": "a"}}, "labels has the key 'Example.com/a'"),
    ({"annotations": {"a/b/c": "a"}}, "annotations has the key 'a/b/c'"),
    ({"annotations": {"a" * 64: "a"}}, "annotations has the key 'aaa"),
], ids=lambda value: None)
def test_labels_and_annotations_that_the_server_refuses(params, message):
    with pytest.raises(InvalidInput) as refused:
        names.require_metadata(params)
    assert str(refused.value).startswith(message)
