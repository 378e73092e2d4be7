# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cache_preflight: which options it refuses, and which become findings."""

import pytest

MODULE = "cache_preflight"
CACHE = {"dataset": {"name": "hbase", "mounts": [{"mount_point": "https://host/"}]},
         "runtime": {"name": "hbase", "tieredstore": [
             {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}]}}


@pytest.mark.parametrize(("options", "message"), [
    ({"runtime": {"name": "hbase", "master_replica": 3}}, "master_replica"),
    ({"playbooks": ["uninstall"]}, "value of playbooks must be one or more of"),
    ({"wait_timeout": 0}, "wait_timeout is 0: expected at least one second"),
    ({"fluid_namespace": "No"}, "No"),
], ids=["unknown", "playbook", "timeout", "namespace"])
def test_what_cannot_be_read_is_refused_before_a_request(cluster, run, options, message):
    result = run(MODULE, **{**CACHE, **options})
    assert message in result["msg"]
    assert cluster.requests == []


def test_an_invalid_value_is_a_finding(cluster, run):
    cluster.forbidden.add(("create", "selfsubjectrulesreviews"))
    cluster.forbidden.add(("create", "selfsubjectaccessreviews"))
    result = run(MODULE, **{**CACHE, "runtime": {**CACHE["runtime"], "master_replicas": 2}})
    assert (result["passed"], result["changed"]) == (False, False)
    assert result["findings"][0]["severity"] == "error"
    assert "2" in result["findings"][0]["evidence"] and "even number" in result["findings"][0]["evidence"]
    assert any(each["check"] == "permissions" for each in result["findings"])
