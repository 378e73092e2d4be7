# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a cache's parts when they are given as dictionaries."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.module import cache_options, runtime_options

IDENTITY = {"name": "hbase", "namespace": "data"}


def test_a_dictionary_gets_the_types_and_defaults_of_the_modules_options():
    given = {"name": "hbase", "master_replicas": "3", "raft": {"backup_delegation": "no"}}
    found = cache_options.converted("runtime", given, runtime_options.runtime())
    assert (found["namespace"], found["master_replicas"], found["worker_replicas"]) == ("default", 3, 1)
    assert (found["network_mode"], found["raft"]["backup_delegation"]) == ("HostNetwork", False)
    assert found["properties"] is None


@pytest.mark.parametrize(("option", "given", "options", "message"), [
    ("dataset", {**IDENTITY, "mount": []}, cache_options.dataset(), "dataset: unsupported option mount"),
    ("dataset", {**IDENTITY, "mounts": [{"name": "a"}]}, cache_options.dataset(),
     "dataset: missing required arguments: mount_point"),
    ("runtime", {**IDENTITY, "raft": {"profile": "slow"}}, runtime_options.runtime(),
     "runtime: value of profile must be one of"),
    ("runtime", {**IDENTITY, "master_replicas": "many"}, runtime_options.runtime(),
     "runtime: argument 'master_replicas'"),
    ("dataset", {**IDENTITY, "mounts": [{"name": "a"}, {"mountPoint": "s3://b/"}]}, cache_options.dataset(),
     "dataset.mounts[1].mountPoint is the name of Fluid's field: use the option mount_point instead"),
    ("runtime", {**IDENTITY, "master": {"nodeSelector": {}}}, runtime_options.runtime(),
     "runtime.master.nodeSelector is the name of Fluid's field: use the option node_selector instead"),
    ("volume", {"capacity": "1Gi"}, cache_options.volume(), "volume: missing required arguments: name"),
], ids=["misspelt", "incomplete", "choice", "type", "camel-case-in-a-list", "camel-case", "no-name"])
def test_what_the_module_would_refuse_is_refused_with_the_options_name(option, given, options, message):
    with pytest.raises(InvalidInput) as refused:
        cache_options.converted(option, given, options)
    assert str(refused.value).startswith(message)


def test_many_faults_are_not_all_quoted():
    mounts = [{"mount_point": "https://host/", "encrypt_options": "x", "shared": number}
              for number in range(5, 40)]
    with pytest.raises(InvalidInput) as refused:
        cache_options.converted("dataset", {**IDENTITY, "mounts": mounts}, cache_options.dataset())
    message = str(refused.value)
    assert message.count("'shared'") == 1 and len(message) < 400
