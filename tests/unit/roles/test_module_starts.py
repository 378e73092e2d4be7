# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules the playbooks and roles start.

A start costs half a second of CPU and more, whatever the module does: an unchanged deploy_ha starts no module
that has nothing to do.
"""

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from role_site import CHECKOUT, INSTALLATION, INVENTORY, RoleSite
from trusted_templates import trust_as_template

DEPLOY_TASKS = CHECKOUT / "roles" / "deploy" / "tasks"

VALIDATED = ["validate_cache", "fluid_installation_info"]
DECLARED = ["namespace", "dataset", "alluxio_runtime", "alluxio_rollout"]
VOLUME = ["dataset_volume"]
VERIFIED = ["cache_probe", "cache_info"]
DEPLOYED = [*DECLARED, *VOLUME, *VERIFIED]
CHANGED = {"changed": True}
INCOMPLETE = {"alluxio_rollout": {"settled": False}}
OUTDATED = {"up_to_date": False, "ready": False}
DEPLOY = {"deploy_name": "hbase", "deploy_namespace": "data", "deploy_mounts": INVENTORY["fluid_mounts"],
          "deploy_master_replicas": 3}


def installation(cluster="", **found):
    return {"fluid_installation_info": {**INSTALLATION, "cluster": cluster, **found}}


# By host: what its modules answer, and which of them start.
HOSTS = {
    "unchanged": ({}, [*VALIDATED, *DEPLOYED]),
    "idle": (installation("a", ready=False, idle_controllers=["jindoruntime-controller"]),
             [*VALIDATED, "k8s_scale", "fluid_ready", *DEPLOYED]),
    # The first host acts for the other one, which waits too.
    "first": (installation("b", **OUTDATED) | {"helm": CHANGED},
              [*VALIDATED, "helm_info", "k8s_info", "command", "k8s", "helm", "fluid_ready", *DEPLOYED]),
    "second": (installation("b"), [*VALIDATED, "fluid_ready", *DEPLOYED]),
    "healed": (INCOMPLETE | {"alluxio_quorum": CHANGED},
               [*VALIDATED, *DECLARED, "alluxio_quorum", "dataset", *VOLUME, *VERIFIED]),
}
NO_FLUID = installation(installed=False, definitions=False, **OUTDATED) | {
    "helm": CHANGED, "k8s_info": {"resources": []}, "k8s": CHANGED,
    "namespace": {"existed": False, "missing": ["datasets.data.fluid.io"], **CHANGED}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return RoleSite(tmp_path_factory.mktemp("starts"))


@pytest.fixture(scope="module")
def started(site, tmp_path_factory):
    """Run deploy_ha for all hosts; return the modules that started for each."""
    folder = tmp_path_factory.mktemp("reports")
    helm = folder / "helm"
    helm.write_text("#!/bin/sh\n")
    helm.chmod(0o755)
    return site.run("deploy_ha", "-v", hosts={host: answers for host, (answers, _started) in HOSTS.items()},
                    fluid_report_path=f"{folder}/report", fluid_helm_binary=str(helm))


@pytest.mark.parametrize("host", HOSTS)
def test_no_module_starts_without_something_to_do(started, host):
    assert started[host] == HOSTS[host][1]


def test_an_unchanged_cache_costs_nine_starts(started):
    assert len(started["unchanged"]) == 9


def test_no_secret_is_in_a_fact_of_the_checks(site, started):
    facts = [line for line in site.output.splitlines() if "__deploy_validated" in line]
    assert facts and INVENTORY["fluid_mounts"][0]["options"]["aws.secretKey"] not in "".join(facts)


def test_check_mode(site):
    started = site.run("deploy_ha", "--check", hosts={"unchanged": {}, "empty": NO_FLUID})
    assert started == {
        "unchanged": [*VALIDATED, *DEPLOYED],
        "empty": [*VALIDATED, "helm_info", "k8s_info", "k8s", "helm", "namespace", *VERIFIED]}
    assert "Fluid is not installed yet, namespace data does not exist yet." in site.output


def test_a_warm_up_loads_before_the_cache_is_verified(site):
    started = site.run("deploy_ha", hosts={
        "warm": {}, "new": {"dataset": {"in_phase": False, **CHANGED}, "alluxio_runtime": CHANGED | {
            "result": {"metadata": {"name": "hbase"}}}}}, fluid_warm_up="[/hbase]")
    assert started["warm"] == [*VALIDATED, *DECLARED, *VOLUME, "alluxio_load", *VERIFIED]
    assert started["new"] == [*VALIDATED, *DECLARED, "dataset", *VOLUME, "alluxio_load", *VERIFIED]


def test_check_mode_loads_nothing_into_a_cache_that_changes(site):
    started = site.run("deploy_ha", "--check", hosts={"warm": {}, "new": {"dataset": CHANGED}},
                       fluid_warm_up=["/"])
    assert "alluxio_load" in started["warm"] and "alluxio_load" not in started["new"]


@pytest.mark.parametrize("options", [[], ["--check"]], ids=["run", "check"])
def test_the_metrics_are_examined_before_anything_changes(site, options):
    started = site.run("deploy_ha", *options, fluid_metrics="true", fluid_metrics_labels={"release": "a"})
    validated, installation_info = VALIDATED
    assert started["one"] == [validated, "cache_metrics", installation_info, *DECLARED, *VOLUME,
                              "cache_metrics", *VERIFIED]


SLOW = """#!/usr/bin/python
# WANT_JSON
import json, os, time
began = time.time()
time.sleep(0.5)
with open("{log}", "a") as log:
    print(began, time.time(), file=log)
print(json.dumps({{"changed": False}}))
"""


@pytest.mark.parametrize(("at_once", "most"), [("1", 1), (2, 2)])
def test_a_fleet_loads_no_more_caches_at_once_than_asked(site, tmp_path, at_once, most):
    module = site.modules / "alluxio_load.py"
    answers = module.read_text()
    module.write_text(SLOW.format(log=tmp_path / "log"))
    site.run("deploy_ha", "--tags", "deploy", hosts={name: {} for name in "abcd"}, fluid_warm_up=["/"],
             fluid_warm_up_at_once=at_once)
    module.write_text(answers)
    times = [tuple(map(float, line.split())) for line in (tmp_path / "log").read_text().splitlines()]
    assert len(times) == 4
    assert max(sum(began <= moment < ended for began, ended in times) for moment, _ended in times) <= most


QUIET = {"changed": False}
RESULTS = {"__deploy_dataset": {**QUIET, "in_phase": True}, "__deploy_runtime": QUIET,
           "__deploy_rollout": {**QUIET, "settled": True}, "__deploy_quorum": QUIET,
           "deploy_leader": "", "ansible_check_mode": False}


def condition(file, name):
    """The condition of a task of the role deploy."""
    [task] = [each for each in yaml.safe_load((DEPLOY_TASKS / file).read_text()) if each["name"] == name]
    when = task["when"]
    return [when] if isinstance(when, str) else when


def holds(conditions, **results):
    variables = {**RESULTS, **results}
    templar = Templar(loader=DataLoader(), variables=variables)
    return all(templar.template(trust_as_template("{{ " + each + " }}")) for each in conditions)


@pytest.mark.parametrize(("results", "waits"), [
    ({}, False),
    ({"__deploy_dataset": {**QUIET, "in_phase": False}}, True),
    ({"__deploy_dataset": {"changed": True, "in_phase": True}}, True),
    ({"__deploy_runtime": CHANGED}, True),
    ({"__deploy_rollout": CHANGED}, True),
    ({"__deploy_quorum": CHANGED}, True),
    ({"__deploy_quorum": CHANGED, "ansible_check_mode": True}, False),
    ({"__deploy_rollout": {**QUIET, "skipped": True}, "__deploy_quorum": {**QUIET, "skipped": True}}, False),
], ids=["bound", "not-bound", "dataset", "runtime", "rolled-out", "healed", "check", "single-master"])
def test_the_dataset_is_waited_for_after_a_change(results, waits):
    assert holds(condition("cache.yml", "Wait until the Dataset is Bound"), **results) is waits


@pytest.mark.parametrize(("results", "runs"), [
    ({}, False), ({"__deploy_rollout": {"settled": False}}, True),
    ({"deploy_leader": "hbase-master-1"}, True),
], ids=["settled", "incomplete", "leader"])
def test_the_quorums_are_completed_unless_they_are(results, runs):
    name = "Complete both quorums and transfer the leadership to the desired leader"
    assert holds(condition("masters.yml", name), **results) is runs


@pytest.mark.parametrize(("options", "started"), [
    (["--tags", "verify"], ["validate_cache", *VERIFIED]),
    (["--skip-tags", "always,install,verify"], [*DECLARED, *VOLUME]),
    (["--tags", "deploy"], ["validate_cache", *DECLARED, *VOLUME]),
], ids=["verify", "without-always", "deploy"])
def test_tags(site, options, started):
    assert site.run("deploy_ha", *options)["one"] == started


def include(role, tasks_from="main", **variables):
    return {"ansible.builtin.include_role": {"name": f"datacache.fluid.{role}", "tasks_from": tasks_from},
            "vars": variables}


def test_roles_that_run_again_in_a_play(site):
    """A check counts for the next run of the role with the same options; a second run may be on another
    cluster, or after a cleanup.
    """
    started = site.run([{"hosts": "all", "gather_facts": False, "tasks": [
        include("deploy", "check", **DEPLOY), include("install", "check"),
        include("deploy", **DEPLOY), include("install"), include("deploy", **DEPLOY), include("install"),
        include("deploy", "check", **DEPLOY | {"deploy_worker_replicas": 3}),
        include("install", "check", install_namespace="other"),
        include("deploy", **DEPLOY), include("install")]}])["one"]
    cache = [*DECLARED, *VOLUME]
    again = ["validate_cache", *cache, "fluid_installation_info"]
    assert started == [*VALIDATED, *cache, *again, *VALIDATED, *again]
