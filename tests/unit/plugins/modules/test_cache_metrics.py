# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects for the metrics of a cache: created once, of one cache only, deleted with it."""

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.metrics.manifests import (
    PROMETHEUS_RULE,
    SERVICE_MONITOR,
)

FILES = Path(__file__).parents[4] / "roles" / "deploy" / "files" / "metrics"
DEFINITIONS = {
    "service_monitor": yaml.safe_load((FILES / "service-monitor.yml").read_text())["spec"],
    "prometheus_rule": yaml.safe_load((FILES / "prometheus-rule.yml").read_text())["spec"],
    "dashboard": json.loads((FILES / "dashboard.json").read_text())}
OPTIONS = {"name": "hbase", "namespace": "data", **DEFINITIONS}
NAMES = {SERVICE_MONITOR: "hbase-alluxio-masters", PROMETHEUS_RULE: "hbase-alluxio-rules",
         kinds.CONFIG_MAP: "hbase-alluxio-dashboard"}
PLURALS = ["servicemonitors", "prometheusrules", "configmaps"]


@pytest.fixture
def runtime(cluster):
    return put_runtime(cluster)


def put_runtime(cluster, name="hbase", namespace="data", **spec):
    return cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{namespace}-{name}"},
        "spec": spec})


def stored(cluster):
    return {kind: cluster.stored(kind, name, "data") for kind, name in NAMES.items()}


def test_check_mode_predicts_and_the_second_run_changes_nothing(cluster, run, runtime):
    predicted = run("cache_metrics", check=True, **OPTIONS)
    assert predicted["changed"] and set(stored(cluster).values()) == {None}
    made = run("cache_metrics", **OPTIONS)
    assert made["changed"]
    assert made["objects"] == predicted["objects"] == [
        f"{kind.kind} {name} in namespace data" for kind, name in NAMES.items()]
    cluster.requests.clear()
    assert not run("cache_metrics", **OPTIONS)["changed"]
    assert cluster.requests == [("get", plural) for plural in [*PLURALS, "alluxioruntimes"]]
    assert not run("cache_metrics", check=True, **OPTIONS)["changed"]


def test_the_runtime_owns_the_objects(cluster, run, runtime):
    run("cache_metrics", labels={"release": "prometheus", "scraped": True}, **OPTIONS)
    for kind, existing in stored(cluster).items():
        [owner] = existing["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == (
            "AlluxioRuntime", "hbase", runtime["metadata"]["uid"])
        dashboard = {"grafana_dashboard": "1"} if kind == kinds.CONFIG_MAP else {}
        assert existing["metadata"]["labels"] == {"release": "prometheus", "scraped": "true", **dashboard}


def test_a_recreated_runtime_owns_them_again(cluster, run, runtime):
    run("cache_metrics", **OPTIONS)
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"metadata": {"uid": "another"}})
    assert run("cache_metrics", **OPTIONS)["changed"]
    assert {each["metadata"]["ownerReferences"][0]["uid"] for each in stored(cluster).values()} == {"another"}


def test_a_missing_label_and_a_changed_rule_are_put_back(cluster, run, runtime):
    run("cache_metrics", labels={"team": "a"}, **OPTIONS)
    cluster.change(SERVICE_MONITOR, NAMES[SERVICE_MONITOR], "data", {"metadata": {"labels": {"team": None}}})
    cluster.change(PROMETHEUS_RULE, NAMES[PROMETHEUS_RULE], "data", {"spec": {"groups": []}})
    result = run("cache_metrics", diff=True, labels={"team": "a"}, **OPTIONS)
    assert [each["before_header"] for each in result["diff"]] == [
        f"{kind.kind} {NAMES[kind]} in namespace data" for kind in (SERVICE_MONITOR, PROMETHEUS_RULE)]
    assert not run("cache_metrics", labels={"team": "a"}, **OPTIONS)["changed"]


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("missing", [SERVICE_MONITOR, PROMETHEUS_RULE])
def test_without_the_operator_nothing_is_created(cluster, run, runtime, check, missing):
    cluster.missing_kinds.add(missing)
    result = run("cache_metrics", check=check, **OPTIONS)
    assert result["msg"].startswith(
        "the cluster lacks a resource definition of monitoring.coreos.com, which the metrics of a cache "
        "need: install the Prometheus Operator first, or deploy without metrics (fluid_metrics: false)")
    assert cluster.writes() == []


def test_a_runtime_that_does_not_exist(cluster, run):
    assert "AlluxioRuntime hbase in namespace data does not exist" in run("cache_metrics", **OPTIONS)["msg"]
    predicted = run("cache_metrics", check=True, **OPTIONS)
    assert predicted["changed"] and len(predicted["objects"]) == 3
    cluster.missing_kinds.add(fluid_kinds.ALLUXIO_RUNTIME)
    assert run("cache_metrics", check=True, **OPTIONS)["changed"]
    assert cluster.writes() == []


@pytest.mark.parametrize("check", [False, True])
def test_a_runtime_without_metrics_is_refused(cluster, run, check):
    put_runtime(cluster, disablePrometheus=True)
    assert "has disablePrometheus: true" in run("cache_metrics", check=check, **OPTIONS)["msg"]
    assert cluster.writes() == []


def test_a_terminating_runtime_is_refused(cluster, run, runtime):
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {"metadata": {
        "deletionTimestamp": "2026-11-23T12:00:00Z", "finalizers": ["a/b"]}})
    assert "is terminating: wait" in run("cache_metrics", **OPTIONS)["msg"]


@pytest.mark.parametrize(("wrong", "message"), [
    ({"labels": {"release": "two words"}}, "labels[release] is 'two words'"),
    ({"name": "HBase"}, "'HBase'"),
    ({"dashboard": {"panels": []}}, "dashboard has no templating.list: take the file"),
    ({"service_monitor": {"selector": {}}}, "service_monitor has no selector.matchLabels: take the file"),
    ({"prometheus_rule": {}}, "prometheus_rule has no groups: take the file"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_invalid_options_are_refused(cluster, run, wrong, message):
    assert message in run("cache_metrics", **{**OPTIONS, **wrong})["msg"]
    assert cluster.requests == []


@pytest.mark.parametrize("option", DEFINITIONS)
def test_each_definition_is_required(cluster, run, option):
    given = {key: value for key, value in OPTIONS.items() if key != option}
    assert option in run("cache_metrics", **given)["msg"]


def test_the_objects_are_removed_and_those_of_others_stay(cluster, run, runtime):
    absent = {"name": "hbase", "namespace": "data", "state": "absent"}
    run("cache_metrics", **OPTIONS)
    cluster.vanish(kinds.CONFIG_MAP, NAMES[kinds.CONFIG_MAP], "data")
    cluster.put(kinds.CONFIG_MAP, {"metadata": {"name": NAMES[kinds.CONFIG_MAP], "namespace": "data"}})
    assert run("cache_metrics", check=True, **absent)["changed"]
    assert stored(cluster)[SERVICE_MONITOR]
    assert run("cache_metrics", **absent)["changed"]
    assert [kind for kind, existing in stored(cluster).items() if existing] == [kinds.CONFIG_MAP]
    assert not run("cache_metrics", **absent)["changed"]
    cluster.missing_kinds |= {SERVICE_MONITOR, PROMETHEUS_RULE}
    assert not run("cache_metrics", **absent)["changed"]
