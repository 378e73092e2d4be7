# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_rollout, on masters in memory."""

import pytest
from fake_masters import NAMESPACE

MIN = "alluxio.master.embedded.journal.election.timeout.min"
WHO = {"name": "hbase", "namespace": NAMESPACE}


def test_a_rollout(run, masters):
    masters.declare(alluxioVersion={"imageTag": "2.9.5"})
    result = run("alluxio_rollout", diff=True, **WHO)
    assert result["changed"]
    assert [step["action"] for step in result["plan"]] == ["configure", "restart", "restart", "restart"]
    assert [step["pod"] for step in result["done"]] == [step["pod"] for step in result["plan"]]
    assert result["diff"]["after"]["alluxio-master"] == {"image": "alluxio/alluxio-dev:2.9.5"}
    again = run("alluxio_rollout", **WHO)
    assert (again["changed"], again["plan"], again["done"]) == (False, [], [])


def test_check_mode(cluster, run, masters):
    masters.declare(alluxioVersion={"imageTag": "2.9.5"})
    result = run("alluxio_rollout", check=True, **WHO)
    assert result["changed"]
    assert result["plan"][1] == {"action": "restart", "pod": "hbase-master-1",
                                 "reason": "its configuration changes"}
    assert "done" not in result
    assert cluster.writes() == []


def test_credentials_do_not_show(run, masters):
    masters.declare(properties={"fs.oss.accessKeySecret": "geheimnis"})
    assert "geheimnis" not in str(run("alluxio_rollout", check=True, diff=True, **WHO))


def test_a_failure_reports_the_steps_before_it(run, masters):
    masters.broken = {"hbase-master-2"}
    masters.declare(alluxioVersion={"imageTag": "2.9.5"})
    result = run("alluxio_rollout", wait_timeout=120, **WHO)
    assert result["failed"] and result["changed"]
    assert [(step["action"], step["pod"]) for step in result["done"]] == [
        ("configure", ""), ("restart", "hbase-master-1")]


@pytest.mark.parametrize(("options", "message"), [
    ({"restarted_after": "yesterday"}, "restarted_after is 'yesterday': expected a time with its zone"),
    ({"wait_timeout": 0}, "wait_timeout is 0: expected at least one second"),
    ({"spread_masters": "maybe"}, "value of spread_masters must be one of: required, preferred, ignored"),
    ({"name": "no/name"}, "name 'no/name' is not a DNS-1123 subdomain"),
])
def test_refused(cluster, run, options, message):
    assert message in run("alluxio_rollout", **{**WHO, **options})["msg"]
    assert cluster.requests == []
