# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of one cache, made from definitions of all caches."""

import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import CONFIG_MAP, ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.metrics import manifests

HBASE = ObjectRef("data", "hbase")
RUNTIME = {"metadata": {"name": "hbase", "namespace": "data", "uid": "u"}, "spec": {}}
DASHBOARD = {"uid": "all", "title": "All", "panels": [], "templating": {"enable": True, "list": [
    {"name": "datasource"}, {"name": "namespace", "query": "q"}, {"name": "fluid_runtime", "query": "q"}]}}
MONITOR = {"namespaceSelector": {"any": True}, "endpoints": [{"port": "web"}],
           "selector": {"matchLabels": {"role": "alluxio-master"}}}
PARAMS = {"labels": None, "service_monitor": MONITOR, "dashboard": DASHBOARD,
          "prometheus_rule": {"groups": [{"rules": [
              {"expr": 'up{fluid_runtime!=""} + a{fluid_runtime!=""}'}]}]}}


@pytest.mark.parametrize(("spec", "expected"), [
    ('up{fluid_runtime!=""}', 'up{namespace="data",fluid_runtime="hbase"}'),
    ('up{fluid_runtime!="",raft_domain!="JOB_MASTER"}',
     'up{namespace="data",fluid_runtime="hbase",raft_domain!="JOB_MASTER"}'),
    ([{"for": "5m", "limit": 3}, None], [{"for": "5m", "limit": 3}, None]),
], ids=["only", "first", "other"])
def test_pinned(spec, expected):
    assert manifests.pinned(spec, HBASE) == expected


def test_the_objects_select_one_cache():
    made = manifests.manifests(RUNTIME, PARAMS)
    assert made[manifests.SERVICE_MONITOR]["spec"] == {
        "endpoints": [{"port": "web"}],
        "selector": {"matchLabels": {"role": "alluxio-master", "release": "hbase"}}}
    assert "fluid_runtime!=" not in json.dumps(made[manifests.PROMETHEUS_RULE])
    assert list(made[CONFIG_MAP]["data"]) == ["alluxio-data-hbase.json"]
    assert MONITOR["namespaceSelector"] and DASHBOARD["uid"] == "all"  # the definitions stay as they are


def test_the_dashboard_has_constants():
    made = manifests.dashboard_of(DASHBOARD, HBASE)
    assert made["title"] == "Alluxio cache data/hbase"
    assert [(each["name"], each.get("type"), each.get("query")) for each in made["templating"]["list"]] == [
        ("datasource", None, None), ("namespace", "constant", "data"), ("fluid_runtime", "constant", "hbase")]


def test_dashboards_do_not_replace_each_other():
    caches = [HBASE, ObjectRef("data", "spark"), ObjectRef("team", "hbase"), ObjectRef("data-h", "base")]
    made = [manifests.dashboard_of(DASHBOARD, each) for each in caches]
    assert len({each["uid"] for each in made}) == len({each["title"] for each in made}) == len(caches)
    assert {len(each["uid"]) for each in made} == {40}
