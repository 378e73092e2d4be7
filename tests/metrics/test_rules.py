# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules, run by promtool on the recorded metrics: a healthy cache has no alert, a fault exactly its own.

PROMTOOL: the program; `make metrics-test` gets it from Debian's package prometheus.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from series import Series, kube_state, leader, recorded

from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.metrics.manifests import pinned

FILES = Path(__file__).parents[2] / "roles" / "deploy" / "files" / "metrics"
SPEC = yaml.safe_load((FILES / "prometheus-rule.yml").read_text())["spec"]
ALERTS = {rule["alert"]: rule for group in SPEC["groups"] for rule in group["rules"] if "alert" in rule}
MINUTES = 120
CACHE = {"namespace": "data", "fluid_runtime": "hbase"}
MASTER = {"raft_domain": "MASTER"}
JOB_MASTER = {"raft_domain": "JOB_MASTER"}
SILENCE = "ratis_server_.*_master_{}_.*_lastHeartbeatElapsedTime"
NS = 10**9
# The indexes of the masters that led when the metrics were recorded, and of those that followed.
LEADER, JOB_LEADER = leader("MASTER"), leader("JOB_MASTER")
FIRST, SECOND = (index for index in range(3) if index != LEADER)
JOB_FOLLOWER = next(index for index in range(3) if index != JOB_LEADER)
LEADS = {"pod": f"hbase-master-{LEADER}", **MASTER}
LEADS_JOBS = {"pod": f"hbase-master-{JOB_LEADER}", **JOB_MASTER}
FOLLOWS = {"pod": f"hbase-master-{FIRST}"}


def healthy():
    return [*recorded(MINUTES, "data", "hbase"), *kube_state(MINUTES, "data", "hbase", masters=3, workers=2)]


def with_values(name, values, **labels):
    """Return a change: these values in the series with that name (a pattern) and these labels."""
    def change(series):
        hit = [each for each in series if each.matches(name, **labels)]
        assert hit, name
        return [replace(each, values=values) if each in hit else each for each in series]
    return change


def beside(name, added, values):
    """Return a change: a series with the name added where one with that name is."""
    def change(series):
        [hit] = [each for each in series if each.matches(name)]
        return [*series, replace(hit, name=added, values=values)]
    return change


def without(name, **labels):
    def change(series):
        return [each for each in series if not each.matches(name, **labels)]
    return change


def silent(index, **labels):
    """A follower that stops answering after ten minutes."""
    return with_values(SILENCE.format(index), f"{NS}+0x10 {20 * NS}+{60 * NS}x{MINUTES}", **labels)


def switches(times, every=10):
    """The leadership goes to another master and back."""
    def change(series):
        leaders = " ".join([f"1+0x{every - 1}", f"0+0x{every - 1}"] * times)
        others = " ".join([f"0+0x{every - 1}", f"1+0x{every - 1}"] * times)
        series = with_values("up", leaders, **LEADS)(series)
        return with_values("up", others, **FOLLOWS, **MASTER)(series)
    return change


def five_masters(series):
    """Two more masters, which answer, in both groups."""
    peers = [each for each in series if each.matches(SILENCE.format(FIRST))]
    targets = [each for each in series if each.matches("up", **FOLLOWS)]
    more = [replace(each, name=each.name.replace(f"_master_{FIRST}_", f"_master_{index}_"))
            for each in peers for index in (3, 4)]
    more += [replace(each, labels=each.labels | {"pod": f"hbase-master-{index}"})
             for each in targets for index in (3, 4)]
    return with_values("kube_statefulset_replicas", "5+0x120", statefulset="hbase-master")([*series, *more])


def only_masters(series):
    """What a scrape configuration as in Fluid's documentation stores: the masters' port, no Raft domain."""
    found = [each for each in series if each.labels.get("raft_domain", "MASTER") == "MASTER"]
    return [replace(each, labels={key: value for key, value in each.labels.items() if key != "raft_domain"})
            for each in found]


def scaled_to_one(series):
    return with_values("kube_statefulset_replicas", "3+0x10 1+0x120", statefulset="hbase-master")(series)


KUBE = "kube_.*"
# What is changed, the minute of the look, and the alerts that fire then.
CASES = {
    "healthy": ([], 60, []),
    "healthy-without-kube-state-metrics": ([without(KUBE)], 60, []),
    "healthy-with-the-port-of-masters-only": ([only_masters], 60, []),
    "healthy-five": ([five_masters], 60, []),
    "no-leader": ([with_values("up", "1+0x20 0+0x120", **LEADS)], 30,
                  ["AlluxioNoLeader"]),
    "a-failover": ([with_values("up", "1+0x19 0+0x120", **LEADS),
                    with_values("up", "0+0x20 1+0x120", **FOLLOWS, **MASTER)], 30, []),
    "all-masters-gone": ([with_values("up", "1+0x20 _x120")], 40, ["AlluxioNoLeader"]),
    "no-job-leader": ([with_values("up", "1+0x20 0+0x120", **LEADS_JOBS)], 30,
                      ["AlluxioNoJobLeader"]),
    "three-leader-changes": ([switches(4)], 75, ["AlluxioLeaderChanges"]),
    "one-leader-change": ([switches(1, every=30)], 59, []),
    "a-master-restarts": ([with_values("kube_pod_container_status_restarts_total", "0+0x20 1 2 3 4+0x120",
                                       container="alluxio-master")], 40, ["AlluxioMasterRestarts"]),
    "a-heap-is-full": ([with_values("heap_max", "300000000+0x120", **MASTER)], 60,
                       ["AlluxioMasterHeapFull"]),
    "one-of-three-is-silent-for-a-moment": ([silent(FIRST, **MASTER)], 12, []),
    "one-of-three-is-silent": ([silent(FIRST, **MASTER)], 15, ["AlluxioMasterUnavailable"]),
    "one-of-three-stays-silent": ([silent(FIRST, **MASTER)], 30,
                                  ["AlluxioMasterUnavailable", "AlluxioQuorumAtRisk"]),
    "one-of-three-without-kube-state-metrics": ([silent(FIRST, **MASTER), without(KUBE)], 30,
                                                ["AlluxioMasterUnavailable", "AlluxioQuorumAtRisk"]),
    "a-job-master-is-silent": ([silent(JOB_FOLLOWER, **JOB_MASTER)], 30,
                               ["AlluxioMasterUnavailable", "AlluxioQuorumAtRisk"]),
    "one-of-five-is-silent": ([five_masters, silent(3, **MASTER)], 60, ["AlluxioMasterUnavailable"]),
    "two-of-five-are-silent": ([five_masters, silent(3, **MASTER), silent(FIRST, **MASTER)], 60,
                               ["AlluxioMasterUnavailable", "AlluxioQuorumAtRisk"]),
    "a-pod-is-missing": ([with_values("up", "0+0x10 _x120", **FOLLOWS), silent(FIRST)], 30,
                         ["AlluxioMasterUnavailable", "AlluxioQuorumAtRisk"]),
    # The leader keeps the gauges of removed masters.
    "two-were-removed": ([scaled_to_one, silent(FIRST), silent(SECOND)], 60, []),
    "a-journal-disk-is-full": ([with_values("Master_JournalFreePercentDevice.*", "4+0x120")], 30,
                               ["AlluxioJournalSpaceLow"]),
    "flushes-fail": ([beside("Cluster_Workers", "Master_JournalFlushFailure", "_x20 1+1x120")], 40,
                     ["AlluxioJournalFlushFails"]),
    "the-first-flush-fails": ([beside("Cluster_Workers", "Master_JournalFlushFailure", "_x20 1+0x120")], 25,
                              ["AlluxioJournalFlushFails"]),
    "a-flush-has-failed": ([beside("Cluster_Workers", "Master_JournalFlushFailure", "_x20 1+0x120")], 60, []),
    "no-checkpoint": ([with_values("Master_JournalCheckpointWarn", "1+0x120")], 60,
                      ["AlluxioCheckpointLate"]),
    "no-workers": ([with_values("Cluster_Workers", "2+0x20 0+0x120")], 25, ["AlluxioNoWorkers"]),
    "a-worker-is-missing": ([with_values("Cluster_Workers", "2+0x20 1+0x120")], 40,
                            ["AlluxioWorkersMissing"]),
    "the-cache-is-full-and-misses": ([
        with_values("Cluster_CapacityUsed", "4200000000+0x120"),
        with_values("Cluster_BytesReadRemote", f"0+{10**9}x120"),
        with_values("Cluster_BytesReadUfsAll", f"0+{8 * 10**8}x120")], 60, ["AlluxioCacheTooSmall"]),
    "the-cache-is-full-and-hits": ([
        with_values("Cluster_CapacityUsed", "4200000000+0x120"),
        with_values("Cluster_BytesReadRemote", f"0+{10**9}x120"),
        with_values("Cluster_BytesReadUfsAll", f"0+{10**8}x120")], 60, []),
    "a-fuse-pod-is-unavailable": ([with_values("kube_daemonset_status_number_unavailable", "0+0x20 1+0x120")],
                                  40, ["AlluxioFuseUnavailable"]),
    "a-fuse-pod-restarted": ([with_values("kube_pod_container_status_restarts_total", "0+0x20 1+0x120",
                                          container="alluxio-fuse")], 30, ["AlluxioFuseRestarted"]),
}


@pytest.fixture
def promtool(tmp_path):
    """Return a function that runs promtool on rules and tests."""
    program = os.environ.get("PROMTOOL")
    assert program, "PROMTOOL is not set: run make metrics-test, or set it to the program"

    def run(spec, *tests):
        (tmp_path / "rules.yml").write_text(yaml.safe_dump(spec))
        (tmp_path / "tests.yml").write_text(yaml.safe_dump({
            "rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": list(tests)}))
        done = subprocess.run([program, "test", "rules", "tests.yml"], cwd=tmp_path, capture_output=True,
                              text=True, timeout=60, check=False)
        return done.stdout + done.stderr if done.returncode else ""
    return run


def test_of(series, minute, firing, expressions=()):
    """Return a test of promtool: exactly these alerts fire at that minute."""
    return {
        "interval": "1m",
        "input_series": [{"series": str(each), "values": each.values} for each in series],
        "promql_expr_test": [
            {"expr": 'count by (alertname, fluid_runtime) (ALERTS{alertstate="firing"}) > bool 0',
             "eval_time": f"{minute}m",
             "exp_samples": [{"labels": f'{{alertname="{alert}", fluid_runtime="{runtime}"}}', "value": 1}
                             for alert, runtime in sorted(firing)]},
            *({"expr": expr, "eval_time": f"{minute}m",
               "exp_samples": [] if value is None else [{"labels": "{}", "value": value}]}
              for expr, value in expressions)]}


test_of.__test__ = False


def changed(series, changes):
    for change in changes:
        series = change(series)
    return series


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("of_one_cache", [False, True], ids=["all", "pinned"])
def test_exactly_its_alerts_fire(promtool, case, of_one_cache):
    changes, minute, alerts = CASES[case]
    spec = pinned(SPEC, ObjectRef("data", "hbase")) if of_one_cache else SPEC
    firing = [(alert, "hbase") for alert in alerts]
    assert promtool(spec, test_of(changed(healthy(), changes), minute, firing)) == ""


def test_each_alert_has_a_case():
    assert {alert for _changes, _minute, alerts in CASES.values() for alert in alerts} == ALERTS.keys()


def test_caches_of_one_name_in_two_namespaces(promtool):
    """The rules of each cache see that cache alone, and those of both together see each once."""
    faulty = with_values("up", "1+0x20 0+0x120", **LEADS)(healthy())
    other = [*recorded(MINUTES, "team-b", "hbase"), *kube_state(MINUTES, "team-b", "hbase", 3, 2)]
    both = [*faulty, *other]
    own = pinned(SPEC, ObjectRef("team-b", "hbase"))
    assert promtool(own, test_of(both, 30, [], [("count(alluxio:hit_ratio:rate5m)", None),
                                                ("count(alluxio:masters_available:count)", 2)])) == ""
    together = {"groups": [*({**group, "name": f"{ref.namespace}.{group['name']}"}
                             for ref in (ObjectRef("data", "hbase"), ObjectRef("team-b", "hbase"))
                             for group in pinned(SPEC, ref)["groups"])]}
    assert promtool(together, test_of(both, 30, [("AlluxioNoLeader", "hbase")],
                                      [("count(alluxio:masters_expected:count)", 4)])) == ""


def test_what_is_recorded(promtool):
    rates = [with_values(f"Cluster_BytesRead{way}", f"0+{each}x120")
             for way, each in (("Local", 60), ("Remote", 120), ("UfsAll", 45))]
    expressions = [("sum(alluxio:read_bytes:rate5m)", 3),
                   ("sum(alluxio:under_store_read_bytes:rate5m)", 0.75),
                   ("sum(alluxio:hit_ratio:rate5m)", 0.75),
                   ('sum(alluxio:masters_available:count{raft_domain="MASTER"})', 3),
                   ('sum(alluxio:masters_expected:count{raft_domain="JOB_MASTER"})', 3)]
    assert promtool(SPEC, test_of(changed(healthy(), rates), 30, [], expressions)) == ""


def test_the_text_of_an_alert(promtool):
    rule = ALERTS["AlluxioMasterUnavailable"]
    summary = "Only 2 masters of the group MASTER of the cache data/hbase answer the leader."
    test = test_of(silent(FIRST, **MASTER)(healthy()), 15, [("AlluxioMasterUnavailable", "hbase")])
    test["alert_rule_test"] = [{"eval_time": "15m", "alertname": "AlluxioMasterUnavailable", "exp_alerts": [{
        "exp_labels": {**CACHE, **MASTER, **rule["labels"]},
        "exp_annotations": {**rule["annotations"], "summary": summary}}]}]
    assert promtool(SPEC, test) == ""


def test_a_wrong_expectation_is_found(promtool):
    """promtool compares: without this, tests of nothing would pass."""
    assert "AlluxioNoLeader" in promtool(SPEC, test_of(healthy(), 60, [("AlluxioNoLeader", "hbase")]))


def test_the_rules_pass_the_check(tmp_path):
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(SPEC))
    done = subprocess.run([os.environ["PROMTOOL"], "check", "rules", tmp_path / "rules.yml"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_series_with_labels_is_written_as_promtool_reads_it():
    assert str(Series("a", {"y": "2", "x": "1"}, "")) == 'a{x="1",y="2"}'
