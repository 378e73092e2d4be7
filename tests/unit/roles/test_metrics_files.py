# SPDX-License-Identifier: GPL-3.0-or-later
"""The files for the metrics of caches: every series exists, every alert has severity, text and a page."""

import json
import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
FILES = CHECKOUT / "roles" / "deploy" / "files" / "metrics"
METRICS = CHECKOUT / "tests" / "metrics"
RULES = [rule for group in yaml.safe_load((FILES / "prometheus-rule.yml").read_text())["spec"]["groups"]
         for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
DASHBOARD = json.loads((FILES / "dashboard.json").read_text())
MONITOR = yaml.safe_load((FILES / "service-monitor.yml").read_text())["spec"]
PAGE = (CHECKOUT / "docs" / "metrics.md").read_text()
ENDPOINTS = {"MASTER": "web", "JOB_MASTER": "job-web"}
# kube-state-metrics, docs/metrics/workload/{statefulset,daemonset,pod}-metrics.md; not recorded on the lab.
KUBE_STATE = {
    "kube_statefulset_replicas", "kube_daemonset_status_desired_number_scheduled",
    "kube_daemonset_status_number_unavailable", "kube_pod_container_status_restarts_total"}
# Of Prometheus itself.
PROMETHEUS = {"up", "ALERTS"}
# Series whose names MetricKey does not have, with the class that registers them (Alluxio 2.9.4, Ratis 2.4.1).
OTHERS = {
    "heap_used": "MetricsSystem, by Dropwizard's MemoryUsageGaugeSet",
    "heap_max": "MetricsSystem, by Dropwizard's MemoryUsageGaugeSet",
    "Master_JournalFreePercentDevice.*": "JournalSpaceMonitor: the key with the name of the device",
    "ratis_server_.+_lastHeartbeatElapsedTime": "RaftServerMetricsImpl, for each follower",
}
# Alluxio creates a counter when it is first increased.
CREATED_LATER = {"Master_JournalFlushFailure"}
_NAME = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_BY_LABEL = re.compile(r'\{__name__=~"([^"]+)"([^}]*)\}')


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions():
    yield from ((rule.get("alert") or rule["record"], rule["expr"]) for rule in RULES)
    yield from ((panel["title"], target["expr"]) for panel in panels() for target in panel["targets"])
    yield from ((each["name"], each["definition"]) for each in DASHBOARD["templating"]["list"]
                if "definition" in each)
    yield from ((each["name"], each["expr"]) for each in DASHBOARD["annotations"]["list"])


def selectors(expression):
    """Return the name, or its pattern, and the matchers of each selector."""
    return [*_BY_LABEL.findall(expression), *_NAME.findall(expression)]


def recorded_names():
    lines = "".join(path.read_text() for path in (METRICS / "recorded").glob("*.prom")).splitlines()
    return {re.match(r"[\w:]+", line)[0] for line in lines if not line.startswith("#")}


def known_keys():
    """Prometheus has an underscore for each dot (DropwizardExports.sanitizeMetricName)."""
    lines = (METRICS / "metric_keys.txt").read_text().splitlines()
    return {line.replace(".", "_") for line in lines if not line.startswith("#")}


def used():
    return sorted({name for _where, expression in expressions() for name, _matchers in selectors(expression)})


RECORDED = {rule["record"] for rule in RULES if "record" in rule}


@pytest.mark.parametrize("name", used())
def test_every_series_exists(name):
    if name in KUBE_STATE | PROMETHEUS | RECORDED:
        return
    assert name in known_keys() or name in OTHERS
    recorded = [each for each in recorded_names() if re.fullmatch(name, each)]
    assert (not recorded) == (name in CREATED_LATER), "not in tests/metrics/recorded"


def test_there_is_no_name_that_nothing_uses():
    assert KUBE_STATE | OTHERS.keys() | RECORDED <= set(used())


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=lambda value: value[:30])
def test_every_selector_selects_caches(where, expression):
    """A selector of Alluxio's series without it would read the masters of every Alluxio."""
    own = [(name, matchers) for name, matchers in selectors(expression) if name not in KUBE_STATE]
    assert own or "kube_" in expression
    assert [name for name, matchers in own if "fluid_runtime" not in matchers] == []
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\{[^}]*\}", "{}", expression))
    assert re.findall(r"\b(?:Cluster|Master|heap|kube|alluxio|up)[_:]?\w*(?![\w{]|:)\b(?!\s*\{)", bare) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_of_one_cache_would_see_no_other(rule):
    """The module replaces this matcher; a rule without it would be the same for all caches."""
    assert 'fluid_runtime!=""' in rule["expr"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_has_severity_text_and_a_page(rule):
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert {"summary", "description", "runbook_url"} == rule["annotations"].keys()
    anchor = rule["annotations"]["runbook_url"].rpartition("docs/metrics.md#")[2]
    assert anchor == rule["alert"].lower() and f"\n### {rule['alert']}\n" in PAGE


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_names_playbooks_that_exist(rule):
    named = re.findall(r"datacache\.fluid\.(\w+)", rule["annotations"]["description"])
    assert [name for name in named if not (CHECKOUT / "playbooks" / f"{name}.yml").exists()] == []


def test_the_page_has_no_alert_that_does_not_exist():
    assert set(re.findall(r"^### (Alluxio\w+)$", PAGE, re.MULTILINE)) == {rule["alert"] for rule in ALERTS}


def test_the_panels_fit_the_screen_and_do_not_overlap():
    cells = [(x, y) for panel in DASHBOARD["panels"] for place in [panel["gridPos"]]
             for x in range(place["x"], place["x"] + place["w"])
             for y in range(place["y"], place["y"] + place["h"])]
    assert len(cells) == len(set(cells)) and max(x for x, _y in cells) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_has_text_unit_and_the_chosen_data_source(panel):
    assert panel["description"] and panel["fieldConfig"]["defaults"]["unit"]
    assert {each["datasource"]["uid"] for each in [panel, *panel["targets"]]} == {"$datasource"}


def test_the_targets_are_the_web_ports_of_both_groups():
    found = {relabeling["replacement"]: endpoint["port"] for endpoint in MONITOR["endpoints"]
             for relabeling in endpoint["relabelings"] if relabeling["targetLabel"] == "raft_domain"}
    assert found == ENDPOINTS and {endpoint["path"] for endpoint in MONITOR["endpoints"]} == {
        "/metrics/prometheus/"}
