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
