# SPDX-License-Identifier: GPL-3.0-or-later
"""The first minute of a user with a wrong value: one sentence with the value, the rule and the remedy.

The times of whole playbooks were measured: 1.5 s for a variable, 4.6 s for an option of the cache.
"""

import pytest
from inventory_site import Refused, require_valid

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput

MOUNT = {"mount_point": "https://host/path/"}
VALID = {"fluid_name": "hbase", "fluid_mounts": [MOUNT]}
TIER = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi"}
# The wrong value, then what the sentence must hold: the value, the rule, the remedy or an example.
CASES = {
    "misspelt-variable": ({"fluid_mastr_replicas": 3},
                          ["fluid_mastr_replicas", "no playbook", "fluid_master_replicas?"]),
    "no-name": ({"fluid_name": ""}, ["fluid_name is not given", "Set fluid_name"]),
    "no-mounts": ({"fluid_mounts": None}, ["fluid_mounts is not given", "Set fluid_mounts"]),
    "name-in-capitals": ({"fluid_name": "HBase"}, ["'HBase'", "DNS-1035", "lower-case letters"]),
    "name-with-underscore": ({"fluid_name": "my_cache"}, ["'my_cache'", "DNS-1035", "lower-case letters"]),
    "namespace": ({"fluid_namespace": "My Team"}, ["'My Team'", "DNS-1123", "lower-case letters"]),
    "even-masters": ({"fluid_master_replicas": 2}, ["master_replicas is 2", "even", "3"]),
    "masters-as-word": ({"fluid_master_replicas": "three"}, ["'three'", "whole number", "such as"]),
    "workers-below-zero": ({"fluid_worker_replicas": -1}, ["worker_replicas is -1", "expected"]),
    "network-mode": ({"fluid_network_mode": "host"}, ["'host'", "expected one of", "HostNetwork"]),
    "mounts-as-url": ({"fluid_mounts": "https://host/"},
                      ["fluid_mounts is a text", "expected a list", "YAML"]),
    "mounts-as-strings": ({"fluid_mounts": ["https://host/"]},
                          ["fluid_mounts[0]", "'https://host/'", "dictionary"]),
    "mounts-as-broken-yaml": ({"fluid_mounts": "- mount_point: ["},
                              ["fluid_mounts", "no YAML", "expected a list"]),
    "mount-without-scheme": ({"fluid_mounts": [{"mount_point": "/data"}]},
                             ["'/data'", "not a URL", "https://host"]),
    "no-mount-point": ({"fluid_mounts": [{"name": "a"}]}, ["mount_point", "required"]),
    "two-mounts-of-one-path": ({"fluid_mounts": [MOUNT, MOUNT]}, ["/", "two mounts", "own name or path"]),
    "quota-in-gb": ({"fluid_tieredstore": [{**TIER, "quota": "2GB"}]},
                    ["tieredstore[0].quota", "'2GB'", "2Gi"]),
    "watermarks": ({"fluid_tieredstore": [{**TIER, "high": "0.5", "low": "0.7"}]},
                   ["0.5", "not above low 0.7", "watermark"]),
    "medium": ({"fluid_tieredstore": [{**TIER, "mediumtype": "RAM"}]}, ["RAM", "MEM", "mediumtype"]),
    "warm-up-as-truth": ({"fluid_warm_up": True}, ["fluid_warm_up", "expected a list"]),
    "relative-warm-up": ({"fluid_warm_up": ["hbase"]}, ["warm_up[0]", "'hbase'", "/hbase"]),
    "capacity": ({"fluid_capacity": "much"}, ["'much'", "Kubernetes quantity", "such as"]),
    "raft-profile": ({"fluid_raft": {"profile": "quick"}}, ["quick", "profile", "fast"]),
    "recreate": ({"fluid_recreate": "yes"}, ["'yes'", "expected", "default/hbase"]),
    "timeout": ({"fluid_deploy_timeout": "0"}, ["fluid_deploy_timeout is 0", "at least one second", "900"]),
    "timeout-with-unit": ({"fluid_deploy_timeout": "15m"}, ["'15m'", "whole number", "900"]),
}


def message_of(wrong):
    with pytest.raises((Refused, InvalidInput)) as refused:
        require_valid(VALID | wrong)
    return str(refused.value)


def test_the_valid_inventory_passes():
    assert require_valid(VALID)["runtime"]["master_replicas"] == 3


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_value_gets_one_sentence(case):
    wrong, parts = CASES[case]
    message = message_of(wrong)
    assert [part for part in parts if part not in message] == [], message
    assert "\n" not in message and len(message) < 400
