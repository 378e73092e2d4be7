# SPDX-License-Identifier: GPL-3.0-or-later
"""Several caches in one run: a fault of one host does not touch the others."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from role_site import CHECKOUT, INSTALLATION, INVENTORY, RoleSite

# deploy-ha imports deploy_ha, and awx runs on no cache.
PLAYBOOKS = sorted(path for path in (CHECKOUT / "playbooks").glob("*.yml")
                   if path.stem not in ("deploy-ha", "awx"))
FAILED = {"failed": True, "msg": "planted fault"}
# The modules that each playbook starts for a cache, in order; a host fails at one of them.
STEPS = {
    "deploy_ha": ["validate_cache", "fluid_installation_info", "namespace", "dataset", "alluxio_runtime",
                  "alluxio_rollout", "dataset_volume", "cache_probe", "cache_info"],
    "cleanup": ["cache_absent", "namespace", "fluid_installation_info"],
}
REMOVED = {"fluid_info": {"definitions": ["datasets.data.fluid.io"], "objects": []}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return RoleSite(tmp_path_factory.mktemp("site"))


def recap(site):
    """The number of failed tasks by host."""
    return {host: int(failed) for host, failed in re.findall(
        r"^([\w-]+)\s+: ok=\d+ .*?failed=(\d+)", site.output, re.MULTILINE)}


@pytest.mark.parametrize("playbook", ["deploy_ha", "cleanup"])
def test_a_fault_at_any_step_fails_its_host_alone(site, playbook):
    """One host fails at each step, and the first and the last do not fail."""
    steps = STEPS[playbook]
    faults = {f"b{number}": {**REMOVED, step: FAILED} for number, step in enumerate(steps)}
    hosts = {"a-first": REMOVED, **faults, "z-last": REMOVED}
    started = site.run(playbook, "--forks", "12", hosts=hosts, passes=False, fluid_cleanup_fluid=True)
    assert recap(site) == {host: int(host[0] == "b") for host in hosts}
    for number, _step in enumerate(steps):
        assert started[f"b{number}"] == steps[:number + 1]
    assert started["a-first"] == started["z-last"]
    assert started["a-first"][:len(steps)] == steps


def test_the_first_host_of_a_cluster_fails(site):
    """The next one removes Fluid, unless the failed one has left its cache."""
    one = {"fluid_installation_info": {**INSTALLATION, "cluster": "one"}}
    other = {"kind": "Dataset", "namespace": "data", "name": "left"}
    hosts = {"a": {**one, "cache_absent": FAILED}, "b": {**one, **REMOVED}, "c": {**one, **REMOVED}}
    started = site.run("cleanup", hosts=hosts, passes=False, fluid_cleanup_fluid=True)
    assert recap(site) == {"a": 1, "b": 0, "c": 0}
    assert "helm" in started["b"] and "helm" not in started["c"] + started["a"]
    hosts["b"]["fluid_info"] = {**REMOVED["fluid_info"], "objects": [other]}
    started = site.run("cleanup", hosts=hosts, passes=False, fluid_cleanup_fluid=True)
    assert recap(site) == {"a": 1, "b": 1, "c": 0}
    assert "expected no objects of its kinds, found Dataset data left" in site.output
    assert "helm" not in started["b"]


def test_namespaces_are_created_and_removed_at_once():
    """20 caches do not wait for each other, also if they share a namespace: the module copes with that."""
    for role in ("deploy", "cleanup"):
        tasks = yaml.safe_load((CHECKOUT / "roles" / role / "tasks" / "namespace.yml").read_text())
        assert [task for task in tasks if "throttle" in task] == []


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_no_setting_gives_the_failure_of_one_host_to_others(path):
    [play] = yaml.safe_load(path.read_text())
    shared = play.keys() & {"any_errors_fatal", "max_fail_percentage", "serial", "strategy"}
    # An upgrade that fails on one cluster must not reach the next batch; within a batch all hosts end.
    assert shared == ({"max_fail_percentage", "serial"} if path.stem == "upgrade" else set())
    tasks = [*play.get("pre_tasks", []), *play.get("tasks", [])]
    assert [task["name"] for task in tasks if "run_once" in task] == []


def test_only_the_choice_of_the_acting_host_runs_once():
    """Its expression reads what each host has found; it cannot fail for one of them."""
    found = [task["name"] for path in sorted((CHECKOUT / "roles").glob("*/tasks/*.yml"))
             for task in yaml.safe_load(path.read_text()) if task.get("run_once")]
    assert found == ["Choose one host of each cluster"] * 3


@pytest.mark.parametrize(("masters", "options", "hosts"), [
    (["hbase-master-0.hbase.data"], [], {"hbase.data", "spark.data"}),
    (["hbase-master-0.hbase.data"], ["-e", "fluid_hosts=spark.data"], {"spark.data"}),
    ([], [], {"hbase.data", "spark.data"}),
    ([], ["-e", "fluid_hosts="], {"hbase.data", "spark.data"}),
], ids=["masters", "fluid_hosts", "no-masters", "empty"])
def test_the_playbooks_run_on_caches(tmp_path, masters, options, hosts):
    """Not on masters that the inventory plugin makes hosts; without these there is no warning."""
    groups = {"alluxio_caches": {"hosts": dict.fromkeys(("hbase.data", "spark.data"), {})}}
    if masters:
        groups["alluxio_masters"] = {"hosts": dict.fromkeys(masters, {})}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "--list-hosts", "-i", tmp_path / "hosts.json",
         CHECKOUT / "playbooks" / "verify.yml", *options], capture_output=True, text=True, timeout=300,
        check=False, env={**os.environ, "HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"})
    assert set(re.findall(r"^      (\S+)$", done.stdout, re.MULTILINE)) == hosts, done.stdout + done.stderr
    assert "Could not match" not in done.stderr


DEPLOYED = ["validate_cache", "namespace", "dataset", "alluxio_runtime", "dataset_volume"]


def one_cluster(**answers):
    """Three hosts of one cluster and one of another, each with a cache of its own name."""
    contexts = {"a": "one", "b": "one", "c": "one", "z": "two"}
    return {host: {"variables": {"fluid_context": context, "fluid_name": f"cache-{host}"},
                   **answers.get(host, {})}
            for host, context in contexts.items()}


@pytest.mark.parametrize("options", [(), ("--check",)], ids=["run", "check"])
def test_one_host_compares_the_caches_of_a_cluster(site, options):
    """Unchanged caches start no module of their own; the host of another cluster is alone there."""
    answer = {"unchanged_names": ["cache-a", "cache-c", "cache-z"]}
    started = site.run("deploy", *options, hosts=one_cluster(a={"cache_comparison": answer}))
    assert started["a"] == ["cache_comparison"]
    assert started["b"] == started["z"] == DEPLOYED
    assert started["c"] == []


def test_a_comparison_that_fails_leaves_each_cache_to_its_host(site):
    started = site.run("deploy", hosts=one_cluster(a={"cache_comparison": FAILED}))
    assert started["a"] == ["cache_comparison", *DEPLOYED]
    assert started["b"] == started["c"] == DEPLOYED
    assert recap(site) == dict.fromkeys("abcz", 0)


@pytest.mark.parametrize(("variables", "module"), [
    ({"fluid_metrics": True}, "cache_metrics"), ({"fluid_warm_up": ["/"]}, "alluxio_load"),
    ({"fluid_leader": "cache-b-master-0", "fluid_master_replicas": 3}, "alluxio_quorum"),
], ids=["metrics", "warm-up", "leader"])
def test_a_cache_with_tasks_of_its_own_is_not_compared(site, variables, module):
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": ["cache-a", "cache-b", "cache-c"]}})
    hosts["b"]["variables"] |= variables
    started = site.run("deploy", "--limit", "a,b,c", hosts=hosts)
    assert (started["a"], started["c"]) == (["cache_comparison"], [])
    assert module in started["b"]


def test_a_remote_host_is_not_compared(site):
    """Its kubeconfig may name another cluster; here it cannot be reached either."""
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": ["cache-a", "cache-b", "cache-c"]}})
    hosts["b"]["variables"] |= {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    started = site.run("deploy", "--limit", "a,b,c", hosts=hosts, passes=False)
    assert (started["a"], started["c"]) == (["cache_comparison"], [])
    assert "UNREACHABLE" in site.output


def test_a_host_of_another_user_is_not_compared(site):
    """The default kubeconfig is in the home of the user that runs the module."""
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": ["cache-a", "cache-b", "cache-c"]}})
    hosts["b"]["variables"] |= {"ansible_become": False, "ansible_become_user": "other"}
    started = site.run("deploy", "--limit", "a,b,c", hosts=hosts)
    assert started == {"a": ["cache_comparison"], "b": DEPLOYED, "c": [], "z": []}


def test_credentials_in_the_options_do_not_show(site):
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": []}})
    site.run("deploy", "-vvvv", hosts=hosts, fluid_mounts=[
        {"name": "hbase", "mount_point": "s3://bucket/", "options": {"aws.secretKey": "geheimnis"}}])
    assert "geheimnis" not in site.output


def test_credentials_of_a_kubeconfig_do_not_show(site):
    """The option kubeconfig takes the content of a file, too."""
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": ["cache-a", "cache-c"]}})
    content = {"users": [{"name": "admin", "user": {"token": "geheimnis"}}]}
    started = site.run("deploy", "-vvvv", hosts=hosts, fluid_kubeconfig=content)
    assert started["a"] == ["cache_comparison"] and started["c"] == []
    assert "geheimnis" not in site.output


def of_a_play(**options):
    """A task that runs the role, for hosts that are said to be of one cluster."""
    return {"ansible.builtin.include_role": {"name": "datacache.fluid.deploy"}, "vars": {
        "deploy_cluster": "one", "deploy_name": "{{ fluid_name }}", "deploy_namespace": "data",
        "deploy_mounts": INVENTORY["fluid_mounts"], **options}}


def test_a_comparison_of_an_earlier_run_does_not_count(site):
    """The first host compared all caches, which another task may have changed since."""
    hosts = one_cluster(**{host: {"cache_comparison": {"unchanged_names": ["cache-a", "cache-b", "cache-c"]}}
                           for host in "ab"})
    tasks = [of_a_play(), {**of_a_play(), "when": "inventory_hostname != 'a'"}]
    started = site.run([{"hosts": "a,b,c", "gather_facts": False, "tasks": tasks}], hosts=hosts)
    assert started == {"a": ["cache_comparison"], "b": ["cache_comparison"], "c": [], "z": []}


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_hosts_that_do_not_wait_for_each_other(site, strategy):
    """Each is compared with what it declares now, or deploys its cache."""
    hosts = one_cluster(**{host: {"cache_comparison": {"unchanged_names": ["cache-a"]}} for host in "abc"})
    task = of_a_play(deploy_cluster="{{ fluid_context }}")
    started = site.run([{"hosts": "all", "gather_facts": False, "strategy": strategy,
                         "tasks": [task, task]}], hosts=hosts)
    for host in "bcz":
        assert [each for each in started[host] if each != "cache_comparison"] == DEPLOYED * 2


def test_a_choice_without_the_cluster_of_a_host(site):
    """With the strategy free, the task that runs once sets the fact of hosts that began later, too."""
    chosen = json.dumps({"__deploy_hosts": {"another": ["z"]}})
    started = site.run("deploy", "-e", chosen, hosts=one_cluster())
    assert set(map(tuple, started.values())) == {tuple(DEPLOYED)}


@pytest.mark.parametrize("options", [
    {"deploy_rollout_timeout": 0}, {"deploy_rollout_timeout": "0"}, {"deploy_wait_timeout": 0}], ids=str)
def test_a_cache_with_a_time_limit_that_its_modules_refuse(site, options):
    hosts = one_cluster(a={"cache_comparison": {"unchanged_names": ["cache-a", "cache-b", "cache-c"]}})
    play = {"hosts": "a,b", "gather_facts": False, "tasks": [of_a_play(deploy_master_replicas=3, **options)]}
    started = site.run([play], hosts=hosts)
    assert "alluxio_rollout" in started["a"] and "alluxio_rollout" in started["b"]


@pytest.mark.parametrize(("phase", "runs"), [("NotBound", 2), ("", 2), ("Bound", 1), ("Failed", 1)])
def test_a_volume_that_exists_is_declared_once(site, phase, runs):
    """The capacity alone would remove the labels and the reclaim policy, which the next task sets again."""
    dataset = {"in_phase": phase == "Bound", "result": {"status": {"phase": phase}}}
    started = site.run("deploy", hosts={"one": {"dataset": dataset}}, fluid_capacity="100Gi",
                       fluid_labels={"team": "search"})["one"]
    assert started.count("dataset_volume") == runs
