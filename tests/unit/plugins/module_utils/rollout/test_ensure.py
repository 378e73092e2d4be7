# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module alluxio_rollout returns, and what its error carries."""

import re

import pytest
from fake_masters import NAMESPACE
from rollout_site import MIN

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    InvalidInput,
    LeaseHeld,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import CONFIG_MAP, LEASE, POD, SERVICE
from ansible_collections.datacache.fluid.plugins.module_utils.progress import ACTION, Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import ensure as rollout_ensure

PARAMS = {"name": "hbase", "namespace": NAMESPACE, "spread_masters": None, "restarted_after": None,
          "wait_timeout": 600}


@pytest.fixture
def one(site, monkeypatch):
    made = site()
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", made.cluster.virtual_clock(made.masters.now))
    return made


@pytest.fixture
def ensure(one):
    """Run it with options; progress, warnings: what it reported."""
    def run(check_mode=False, **options):
        reporter = Reporter(run.warnings.append, run.progress.append)
        return rollout_ensure.ensure(one.cluster, {**PARAMS, **options}, check_mode, reporter)
    run.warnings, run.progress = [], []
    return run


def test_an_unchanged_runtime_has_an_empty_plan(one, ensure):
    assert ensure() == {"changed": False, "plan": [], "diff": {"before": {}, "after": {}}, "done": []}
    assert one.cluster.writes() == []


def test_all_planned_steps_are_done(one, ensure):
    one.masters.declare(properties={MIN: "1s"})
    result = ensure()
    assert result["changed"]
    assert [step["action"] for step in result["plan"]] == ["configure", "restart", "restart", "restart"]
    assert [step["pod"] for step in result["done"]] == [step["pod"] for step in result["plan"]]
    assert result["diff"]["after"] == {"ALLUXIO_JAVA_OPTS": {"properties": {MIN: "1s"}}}
    assert not ensure()["changed"]


def test_check_mode_plans_and_changes_nothing(one, ensure):
    one.masters.declare(properties={MIN: "1s"})
    result = ensure(check_mode=True)
    assert (result["changed"], len(result["plan"]), "done" in result) == (True, 4, False)
    assert one.cluster.writes() == []


def test_an_error_carries_the_steps_before_it(one, ensure):
    one.masters.broken = {"hbase-master-2"}
    one.masters.declare(properties={MIN: "1s"})
    with pytest.raises(WaitTimeout) as timeout:
        ensure(wait_timeout=120)
    assert timeout.value.details["changed"]
    assert [step["pod"] for step in timeout.value.details["done"]] == ["", "hbase-master-1"]


def test_an_error_before_the_first_step_reports_no_change(one, ensure):
    one.masters.groups["MASTER"]["hbase-master-1:23083"] = False
    one.masters.groups["MASTER"]["hbase-master-2:23083"] = False
    one.masters.declare(properties={MIN: "1s"})
    with pytest.raises(WaitTimeout) as timeout:
        ensure(wait_timeout=10)
    assert timeout.value.details == {"changed": False, "done": []}


def test_warnings_and_progress_reach_the_reporter(one, ensure):
    one.masters.declare(properties={MIN: "1s"})
    ensure()
    assert any("until they restart" in line for line in ensure.warnings)
    assert any(line.startswith(ACTION + "restarting master hbase-master-1") for line in ensure.progress)


def test_what_was_done_is_reported_for_each_master(one, ensure):
    one.masters.declare(properties={MIN: "1s"})
    ensure()
    done = [line.removeprefix(ACTION + "done: ").split(":")[0] for line in ensure.progress
            if line.startswith(ACTION + "done: ")]
    assert done == ["configure the masters", "restart hbase-master-1", "restart hbase-master-2",
                    "restart hbase-master-0"]


def test_a_warning_is_given_once_though_the_rollout_is_planned_twice(one, ensure):
    one.cluster.forbidden.add(("list", "nodes"))
    one.masters.declare(properties={MIN: "1s"})
    ensure()
    assert len(ensure.warnings) == len(set(ensure.warnings))


def test_another_run_holds_the_masters(one, ensure):
    lease = {"metadata": {"name": "hbase-masters", "namespace": "data"},
             "spec": {"holderIdentity": "ada@node: a drill [1]", "leaseDurationSeconds": 40,
                      "acquireTime": "2026-11-24T11:00:00.000000Z"}}
    one.cluster.put(LEASE, lease)
    one.masters.declare(properties={MIN: "1s"})
    with pytest.raises(LeaseHeld, match=re.escape("ada@node: a drill [1] holds it since 2026-11-24T11:00")):
        ensure(wait_timeout=20)
    assert one.masters.actions == []


def test_neither_check_mode_nor_an_unchanged_runtime_takes_the_lease(one, ensure):
    ensure()
    one.masters.declare(properties={MIN: "1s"})
    ensure(check_mode=True)
    assert not {"leases"} & {plural for _verb, plural in one.cluster.requests}


def test_the_diff_hides_credentials(one, ensure):
    one.masters.declare(properties={"fs.oss.accessKeySecret": "geheimnis"})
    assert "geheimnis" not in str(ensure(check_mode=True))


@pytest.mark.parametrize(("options", "message"), [
    ({"name": "no/name"}, "name 'no/name'"),
    ({"restarted_after": "yesterday"}, "restarted_after is 'yesterday'"),
])
def test_invalid_options_are_refused_without_a_request(options, message):
    with pytest.raises(InvalidInput, match=message):
        rollout_ensure.require_valid({**PARAMS, **options})


def test_a_time_with_its_zone_is_valid():
    rollout_ensure.require_valid({**PARAMS, "restarted_after": "2026-11-24T18:00:00+02:00"})


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check"])
def test_an_unchanged_runtime_with_complete_quorums_is_settled(one, ensure, check_mode):
    settle(one)
    result = ensure(check_mode, read_quorum=True)
    assert (result["changed"], result["settled"]) == (False, True)
    assert one.cluster.writes() == []


def settle(one):
    """Let the masters run for a minute, and close their gate."""
    one.cluster.sleep(60)
    one.cluster.change(CONFIG_MAP, "hbase-config", NAMESPACE, {"data": {"DATACACHE_MASTERS_FORMED": "true"}})


@pytest.mark.parametrize("spoil", [
    lambda one: one.cluster.change(
        CONFIG_MAP, "hbase-config", NAMESPACE, {"data": {"DATACACHE_MASTERS_FORMED": None}}),
    lambda one: one.cluster.change(SERVICE, "hbase-master-1", NAMESPACE, {"spec": {"clusterIP": "None"}}),
    lambda one: one.cluster.change(
        POD, "hbase-master-2", NAMESPACE, {"metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}}),
    lambda one: one.cluster.forbidden.add(("list", "services")),
    lambda one: one.masters.declare(properties={MIN: "1s"}),
], ids=["open-gate", "headless", "terminating", "forbidden", "changes"])
def test_what_alluxio_quorum_has_to_do_is_not_settled(one, ensure, spoil):
    settle(one)
    spoil(one)
    assert ensure(check_mode=True, read_quorum=True)["settled"] is False
    assert one.cluster.writes() == []
