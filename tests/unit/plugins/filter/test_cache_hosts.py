# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `cache_hosts`: the hosts of a play."""

import pytest
from ansible.errors import AnsibleFilterError
from ansible.inventory.manager import split_host_pattern

from ansible_collections.datacache.fluid.plugins.filter.cache_hosts import FilterModule

cache_hosts = FilterModule().filters()["cache_hosts"]


@pytest.mark.parametrize("given", ["", None, []], ids=repr)
def test_without_an_answer_these_are_all_caches(given):
    assert cache_hosts(given, {"all": []}) == "all"
    assert cache_hosts(given, {"all": [], "alluxio_masters": []}) == "all:!alluxio_masters"


@pytest.mark.parametrize(("given", "hosts"), [
    ("hbase.data", "hbase.data"), (["a", "b"], ["a", "b"]), ("a:!b", "a:!b"), (2026, "2026")], ids=repr)
def test_the_given_hosts(given, hosts):
    assert cache_hosts(given, {"alluxio_masters": []}) == hosts


@pytest.mark.parametrize("given", ["!a", "&web", "!a,!b", ["!a", "!b"]], ids=repr)
def test_exclusions_alone_choose_among_all_caches(given):
    """Ansible adds the hosts of the whole inventory to them, masters included."""
    hosts = cache_hosts(given, {"alluxio_masters": []})
    assert split_host_pattern(hosts) == ["all", "!alluxio_masters", *split_host_pattern(given)]


def test_numbers_of_a_list_are_names():
    assert cache_hosts([2026, "a"], {}) == ["2026", "a"]


@pytest.mark.parametrize("given", [
    " ", "\n", "\t ", ",", " , ", ":", [""], [" ", "\n"], [","], [None], [[]]], ids=repr)
def test_blanks_are_refused(given):
    """Ansible takes them for the hosts of the whole inventory."""
    with pytest.raises(AnsibleFilterError, match="fluid_hosts is blank: expected hosts or a group"):
        cache_hosts(given, {})
