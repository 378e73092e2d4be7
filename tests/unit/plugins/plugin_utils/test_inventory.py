# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for inventory variables, with the variables that the playbooks of this checkout read."""

import re
from pathlib import Path

import pytest

from ansible_collections.datacache.fluid.plugins.modules import cache_preflight
from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory

COLLECTION = Path(__file__).parents[4]
KNOWN = inventory.variables(COLLECTION)


def refusals(**values):
    return inventory.invalid(values, KNOWN)


def test_every_variable_of_the_playbooks_and_of_the_example_is_known():
    texts = [path.read_text() for path in (COLLECTION / "playbooks").rglob("*.yml")]
    used = {name for text in texts for name in re.findall(r"\bfluid_[a-z]+[a-z_]*\b", text)}
    assert used == KNOWN.keys()
    assert {"fluid_name", "fluid_rebuild", "fluid_hosts", "fluid_kubeconfig", "fluid_restore_backup"} <= used


def test_types_and_messages_come_from_the_roles():
    assert KNOWN["fluid_worker_replicas"].option["type"] == "int"
    assert KNOWN["fluid_network_mode"].option["choices"] == ["HostNetwork", "ContainerNetwork"]
    assert KNOWN["fluid_name"].required == "Set fluid_name, the name of the cache, in the inventory."
    assert KNOWN["fluid_rebuild"].option == {}


def test_the_first_option_that_a_variable_sets_gives_its_example():
    """verify_master_replicas has 0 for as many as the runtime declares."""
    assert refusals(fluid_master_replicas="three") == [
        "fluid_master_replicas is 'three': expected a whole number, such as 1"]


def test_variables_without_a_role_have_the_types_of_the_page():
    page = COLLECTION / "tests" / "tools" / "generated" / "variables.yml"
    declared = {name: each for section in inventory.yaml.safe_load(page.read_text()).values()
                for name, each in section.items()}
    typed = {name: each for name, each in declared.items()
             if each["type"].startswith(("bool", "int", "list")) or "choices" in each}
    assert {name: KNOWN[name].option for name in typed} == {
        name: {"type": kind, **({"elements": elements} if elements else {}), "default": each["default"],
               **({"choices": each["choices"]} if "choices" in each else {})}
        for name, each in typed.items() for kind, _of, elements in [each["type"].partition(" of ")]}


def test_the_playbooks_have_the_defaults_of_variables_without_a_role():
    texts = [path.read_text() for path in (COLLECTION / "playbooks").rglob("*.yml")]
    given = re.compile(r"\b(fluid_\w+) \| default\(''\) \| datacache\.fluid\.given\(([^()]*)\)")
    defaults = {(name, default) for text in texts for name, default in given.findall(text)}
    assert {name: sorted(inventory.yaml.safe_load(default) for other, default in defaults if other == name)
            for name in inventory._OWN} == {
        name: [[] if name == "fluid_preflight_playbooks" else option["default"]]
        for name, option in inventory._OWN.items()}
    # For no playbooks the module has its own default.
    assert cache_preflight.argument_spec()["playbooks"]["default"] == (
        inventory._OWN["fluid_preflight_playbooks"]["default"])


def test_every_option_that_one_variable_sets_gives_it_its_type():
    """A line of roles.yml that does not match is not checked. Several variables are in deploy_cluster."""
    mapping = inventory.yaml.safe_load((COLLECTION / "playbooks" / "vars" / "roles.yml").read_text())
    unmatched = [option for option, template in mapping.items()
                 if re.search(r"\bfluid_", template) and not inventory._DIRECT.match(template)]
    assert unmatched == ["deploy_cluster"]


@pytest.mark.parametrize(("name", "sentence"), [
    ("fluid_mastr_replicas", "no playbook of datacache.fluid reads fluid_mastr_replicas: did you mean "
                             "fluid_master_replicas?"),
    ("fluid_mount", "no playbook of datacache.fluid reads fluid_mount: did you mean fluid_mounts?"),
    ("fluid_ticket", "no playbook of datacache.fluid reads fluid_ticket: remove it, or give it a name "
                     "without the prefix fluid_, which belongs to this collection"),
])
def test_an_unknown_variable(name, sentence):
    assert inventory.unknown([name, "fluid_name"], KNOWN) == [sentence]


def test_a_missing_variable():
    names = ["fluid_name", "fluid_mounts", "fluid_namespace"]
    assert inventory.missing(names, {"fluid_name": " ", "fluid_namespace": "data"}, KNOWN) == [
        "fluid_name is not given: Set fluid_name, the name of the cache, in the inventory.",
        "fluid_mounts is not given: Set fluid_mounts, the under-stores of the cache, in the inventory."]


@pytest.mark.parametrize("values", [
    {"fluid_worker_replicas": "3", "fluid_probes": "false", "fluid_cached_percentage": 50},
    {"fluid_probe_bytes": "0"}, {"fluid_probe_bytes": "100Mi", "fluid_cached_percentage": "99.5"},
    {"fluid_drill_max_failover_seconds": "1.5"}, {"fluid_drill_max_failover_seconds": 3},
    {"fluid_mounts": "- mount_point: https://host/"}, {"fluid_mounts": "[]"}, {"fluid_mounts": []},
    {"fluid_access_modes": "ReadOnlyMany,ReadWriteMany"}, {"fluid_warm_up": "/a\n/b\n"},
    {"fluid_master_replicas": "3", "fluid_raft": " \n"}, {"fluid_image_pull_secrets": "regcred"},
    {"fluid_jvm_options": ["-Xmx1g"]},
    {"fluid_raft": "profile: fast"}, {"fluid_raft": {}}, {"fluid_raft": ""}, {"fluid_image_tag": 2.9},
    {"fluid_network_mode": "", "fluid_install_timeout": None}, {"fluid_placement": "Shared"},
    {"fluid_report_page": "reports/caches.html"},
    {"fluid_restart_clients": "yes", "fluid_roll_fuse": "", "fluid_preflight_playbooks": "verify,backup"},
    {"fluid_quorum_timeout": "60", "fluid_roll_scope": "stale", "fluid_warm_up": [1, 2.5]},
    {"fluid_leader": "hbase-master-1", "fluid_rebuild": 5, "fluid_unknown": {}},
], ids=repr)
def test_accepted(values):
    assert inventory.invalid(values, KNOWN) == []


@pytest.mark.parametrize(("values", "sentence"), [
    ({"fluid_worker_replicas": "three"},
     "fluid_worker_replicas is 'three': expected a whole number, such as 2"),
    ({"fluid_worker_replicas": 2.5}, "fluid_worker_replicas is 2.5: expected a whole number, such as 2"),
    ({"fluid_worker_replicas": True}, "fluid_worker_replicas is True: expected a whole number, such as 2"),
    ({"fluid_worker_replicas": [2]}, "fluid_worker_replicas is a list: expected a whole number, such as 2"),
    ({"fluid_drill_max_failover_seconds": "soon"},
     "fluid_drill_max_failover_seconds is 'soon': expected a number"),
    ({"fluid_probes": "perhaps"}, "fluid_probes is 'perhaps': expected true or false"),
    ({"fluid_network_mode": "host"},
     "fluid_network_mode is 'host': expected one of HostNetwork, ContainerNetwork"),
    ({"fluid_placement": "shared"}, "fluid_placement is 'shared': expected one of Exclusive, Shared"),
    ({"fluid_name": {"name": "a"}}, "fluid_name is a dictionary: expected a text"),
    ({"fluid_deploy_timeout": "0"}, "fluid_deploy_timeout is 0: expected at least one second, such as 900"),
    ({"fluid_cached_percentage": "150"}, "fluid_cached_percentage is 150: expected 0 to 100"),
    ({"fluid_cached_percentage": -1}, "fluid_cached_percentage is -1: expected 0 to 100"),
    ({"fluid_probe_seconds": "0"}, "fluid_probe_seconds is 0: expected at least 1"),
    ({"fluid_warm_up_at_once": "0"}, "fluid_warm_up_at_once is 0: expected at least 1"),
    ({"fluid_drill_max_failover_seconds": -1}, "fluid_drill_max_failover_seconds is -1: expected at least 0"),
    ({"fluid_probe_bytes": "1e20"}, "fluid_probe_bytes is 1e20: expected at most 9223372036854775807"),
    ({"fluid_probe_image": "Nginx"},
     "fluid_probe_image is 'Nginx': expected the name of an image, such as alluxio/alluxio or "
     "registry.example.com:5000/alluxio/alluxio, in lower case"),
    ({"fluid_backup_image": "a b"},
     "fluid_backup_image is 'a b': expected the name of an image, such as alluxio/alluxio or "
     "registry.example.com:5000/alluxio/alluxio, in lower case"),
    ({"fluid_probe_bytes": "1GB"}, "fluid_probe_bytes: '1GB' is not a Kubernetes quantity: expected a number "
                                   "with an optional suffix, such as 500m, 512Mi or 2Gi"),
    ({"fluid_probe_bytes": "-1"}, "fluid_probe_bytes is -1: expected 0, which reads nothing, or more"),
    ({"fluid_mounts": "a: ["},
     "fluid_mounts is a text that is no YAML: expected a list, or a list as YAML text"),
    ({"fluid_mounts": "https://host/"}, "fluid_mounts is a text: expected a list, or a list as YAML text"),
    ({"fluid_mounts": "a\nb"}, "fluid_mounts is a text: expected a list, or a list as YAML text"),
    ({"fluid_warm_up": "path: /"}, "fluid_warm_up is a text: expected a list, or a list as YAML text"),
    ({"fluid_mounts": {"mount_point": "https://host/"}}, "fluid_mounts is a dictionary: expected a list"),
    ({"fluid_mounts": ["https://host/"]}, "fluid_mounts[0] is 'https://host/': expected a dictionary"),
    ({"fluid_raft": ["fast"]}, "fluid_raft is a list: expected a dictionary"),
    ({"fluid_raft": 5}, "fluid_raft is 5: expected a dictionary, or a dictionary as YAML text"),
    ({"fluid_image_pull_secrets": [{"name": "registry"}]},
     "fluid_image_pull_secrets[0] is a dictionary: expected a text"),
    ({"fluid_warm_up": ["/a", ["/b"]]}, "fluid_warm_up[1] is a list: expected a text"),
    ({"fluid_jvm_options": [None]}, "fluid_jvm_options[0] is None: expected a text"),
    ({"fluid_report_page": "/srv/caches.txt"},
     "fluid_report_page is '/srv/caches.txt': expected the path of a file that ends in .html"),
    ({"fluid_restart_clients": "maybe"}, "fluid_restart_clients is 'maybe': expected true or false"),
    ({"fluid_awx_schedule_backups": "dayly"},
     "fluid_awx_schedule_backups is 'dayly': expected true or false"),
    ({"fluid_awx_update_secrets": 5}, "fluid_awx_update_secrets is 5: expected true or false"),
    ({"fluid_preflight_probe": "perhaps"}, "fluid_preflight_probe is 'perhaps': expected true or false"),
    ({"fluid_preflight_playbooks": {"a": 1}}, "fluid_preflight_playbooks is a dictionary: expected a list"),
    ({"fluid_roll_fuse": "some"}, "fluid_roll_fuse is 'some': expected one of none, unused, all"),
    ({"fluid_roll_scope": "old"}, "fluid_roll_scope is 'old': expected one of all, stale"),
    ({"fluid_quorum_timeout": "5m"}, "fluid_quorum_timeout is '5m': expected a whole number, such as 300"),
    ({"fluid_quorum_timeout": 0}, "fluid_quorum_timeout is 0: expected at least one second, such as 300"),
], ids=repr)
def test_refused(values, sentence):
    assert refusals(**values) == [sentence]


def test_the_content_of_a_list_or_dictionary_is_not_shown():
    secret = "aws.secretKey: very-secret"
    for name in ("fluid_mounts", "fluid_properties", "fluid_tolerations"):
        assert "very-secret" not in str(refusals(**{name: f"[{secret}"}) + refusals(**{name: [[secret]]}))


@pytest.mark.parametrize("value", ["abc", "0", 0, "0%", "-1", "1.5", "20 %", ["1"], True])
def test_a_batch_that_ansible_would_not_take(value):
    shown = "a list" if isinstance(value, list) else repr(value)
    assert refusals(fluid_upgrade_at_once=value) == [
        f"fluid_upgrade_at_once is {shown}: expected a number of hosts, or a percentage, such as 1 or 20%"]


@pytest.mark.parametrize("value", ["1", 5, "20%", "100%", ""])
def test_batches(value):
    assert refusals(fluid_upgrade_at_once=value) == []
