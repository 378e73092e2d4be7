# SPDX-License-Identifier: GPL-3.0-or-later
"""What a job passes on to the next job of a workflow: AWX takes it from the statistics of the run."""

import json
import re

import pytest
from role_site import RoleSite

BROKEN = "2 masters are ready, expected 3: start the nodes"
FIGURES = {"name": "hbase", "masters": {"ready": 2, "desired": 3, "leader": "hbase-master-1"},
           "failed_checks": [BROKEN], "degraded_checks": []}
VERIFIED = {"leader": "hbase-master-1", "masters": 3, "report_path": "/tmp/report", "broken_promises": []}
BACKUP = {"name": "data.hbase.20261124T182233Z"}
FAILOVER = {"killed": "hbase-master-1", "leader": "hbase-master-2", "seconds_without_leader": 3.2,
            "seconds_until_complete": 7.2,
            "writes": {"acknowledged": 1, "acknowledged_before": 1, "lost": []},
            "reads": {"good": 1, "longest": 0.1, "errors": [], "different": []}}
RESTORED = {"backup": BACKUP, "safety_backup": {}, "trees": {"after": {"paths": 12}}}
MESSAGE = "the next leader served after 3.2 s, expected 2 s at most"
# By playbook: the answers of its modules, its variables, and what the next job gets.
CASES = {
    "verify": ({}, {"fluid_report_path": "/tmp/report"}, VERIFIED),
    "deploy_ha": ({}, {"fluid_report_path": "/tmp/report"}, VERIFIED),
    "backup": ({"alluxio_backup": {"backup": BACKUP, "backups": [BACKUP]}}, {"fluid_backup_claim": "backups"},
               {"backup": BACKUP["name"]}),
    "restore": ({"alluxio_restore": RESTORED},
                {"fluid_backup_claim": "backups", "fluid_restore_confirm": "data/hbase"},
                {"backup": BACKUP["name"], "safety_backup": ""}),
    "failover_drill": ({"alluxio_failover": FAILOVER}, {"fluid_drill_confirm": "hbase"},
                       {"killed": "hbase-master-1", "leader": "hbase-master-2", "seconds_without_leader": 3.2,
                        "broken_promises": []}),
    "scale_masters": ({}, {"fluid_master_replicas": "5"}, {"masters": 5}),
    "switch_leader": ({"alluxio_quorum": {"leader": "hbase-master-2"}}, {"fluid_leader": "hbase-master-2"},
                      {"leader": "hbase-master-2"}),
    "heal": ({"alluxio_quorum": {"leader": "hbase-master-2", "lost": [{"pod": "hbase-master-0"}]}}, {},
             {"leader": "hbase-master-2", "lost": ["hbase-master-0"]}),
    "rebuild_master": ({"alluxio_quorum": {"leader": "hbase-master-2"}}, {"fluid_rebuild": "hbase-master-1"},
                       {"leader": "hbase-master-2"}),
    "rolling_restart": ({"alluxio_rollout": {"done": [{"action": "configure", "pod": ""},
                                                      {"action": "restart", "pod": "hbase-master-0"}]}}, {},
                        {"restarted": ["hbase-master-0"]}),
    "diagnose": ({"cache_diagnosis": {"report": ["no cause"], "unread": []}}, {},
                 {"causes": ["no cause"], "archive": ""}),
    "preflight": ({"cache_preflight": {"report": ["info: versions: v1"], "passed": True}}, {},
                  {"findings": ["info: versions: v1"]}),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return RoleSite(tmp_path_factory.mktemp("results"))


def passed_on(site):
    """The statistics that a run leaves for the next job."""
    [text] = re.findall(r"^\tRUN: (\{.*\})$", site.output, re.MULTILINE)
    return json.loads(text)["fluid_results"]


@pytest.mark.parametrize("playbook", CASES)
def test_a_job_passes_on_its_results(site, playbook):
    answers, variables, results = CASES[playbook]
    site.run(playbook, hosts={"one": answers}, **variables)
    assert passed_on(site) == {"data/hbase": results}


def test_a_failed_verification_passes_on_what_is_broken(site):
    site.run("verify", hosts={"one": {"cache_info": {"figures": FIGURES, "report": []}}}, passes=False)
    assert passed_on(site)["data/hbase"]["broken_promises"] == [BROKEN]


def test_a_failed_drill_passes_on_its_figures(site):
    answers = {"alluxio_failover": {**FAILOVER, "failed": True, "msg": MESSAGE},
               "alluxio_failover in check mode": {"killed": "hbase-master-1"}}
    site.run("failover_drill", hosts={"one": answers}, passes=False, fluid_drill_confirm="hbase")
    assert passed_on(site)["data/hbase"] == {
        "killed": "hbase-master-1", "leader": "hbase-master-2", "seconds_without_leader": 3.2,
        "broken_promises": [MESSAGE]}


def test_results_of_several_caches_and_of_earlier_jobs_stay(site):
    earlier = {"data/hbase": {"backup": "b", "leader": "hbase-master-0"}, "data/other": {"masters": 1}}
    site.run("verify", "-e", json.dumps({"fluid_results": earlier}), hosts={"one": {}, "two": {}})
    found = passed_on(site)
    assert found["data/other"] == {"masters": 1}
    assert found["data/hbase"] == {"backup": "b", **VERIFIED, "report_path": ""}
