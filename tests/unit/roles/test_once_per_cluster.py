# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of an inventory that are caches of one cluster: what concerns the cluster happens once in it."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from trusted_templates import trust_as_template

import ansible_collections.datacache.fluid as own

# Stands for the modules of kubernetes.core, on a file for each cluster. Like Helm it does not see what
# another process installs at the same time, and fails at its end.
STAND_IN = '''#!/usr/bin/python
# WANT_JSON
import json, pathlib, sys, time
given = json.load(open(sys.argv[1]))
name = given["kubeconfig"].split("-")[0]
cluster = pathlib.Path("{folder}", name)
with open("{folder}/log", "a") as log:
    print("{module}", name, file=log)
before = cluster.exists()
if "{module}" == "helm":
    time.sleep(0.2)
    if name == "broken":
        print(json.dumps({{"failed": True, "msg": "no such chart"}})); sys.exit(1)
    if cluster.exists() != before:
        print(json.dumps({{"failed": True, "msg": "release: already exists"}})); sys.exit(1)
    if not given["_ansible_check_mode"]:
        cluster.touch()
changed = "{module}" == "helm" and not before
print(json.dumps({{"changed": changed, "resources": [], "status": {{}}}}))
'''
# The kubeconfig of each host; its beginning is the cluster.
KUBECONFIGS = {"a": "one", "b": "one-by-another-name", "c": "two", "d": "differs", "e": "differs",
               "f": "broken", "g": "broken", "h": "unknown", "i": "unknown"}
CLUSTER = "{{ kubeconfig.split('-')[0] | replace('unknown', '') }}"
FACTS = {"__install_fluid": {
    "namespace": "fluid-system", "release": {"name": "fluid", "namespace": "fluid-system"},
    "chart_values": {},
    "adopted": False, "definitions": False, "installed": False, "idle_controllers": [],
    "up_to_date": False, "cluster": CLUSTER,
    "digest": "{{ 'other' if inventory_hostname == 'e' else 'same' }}"}}
VARIABLES = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable,
             "install_chart_ref": "fluid", "install_chart_repo_url": "", "install_chart_version": "",
             "install_helm_binary": ""}
TASKS = [
    {"ansible.builtin.set_fact": FACTS},
    {"ansible.builtin.import_role": {"name": "datacache.fluid.install", "tasks_from": "once"}},
    {"ansible.builtin.debug": {
        "msg": "{{ inventory_hostname }} by {{ __install_host }}: "
               "{{ hostvars[__install_host].__install_chart is changed }}"}}]


def play(folder, *arguments):
    """Run the role's file on all hosts. Return the output, and how often each module ran in a cluster."""
    modules = folder / "collections" / "ansible_collections" / "kubernetes" / "core" / "plugins" / "modules"
    modules.mkdir(parents=True)
    names = ("helm", "helm_info", "k8s", "k8s_info", "k8s_scale", "helm_template")
    for name in names:
        (modules / f"{name}.py").write_text(STAND_IN.format(folder=folder, module=name))
    (folder / "hosts.yml").write_text(json.dumps({"all": {"vars": VARIABLES, "hosts": {
        host: {"kubeconfig": kubeconfig} for host, kubeconfig in KUBECONFIGS.items()}}}))
    connection = {"kubeconfig": "{{ kubeconfig }}"}
    (folder / "play.yml").write_text(json.dumps([{
        "hosts": "all", "gather_facts": False, "tasks": TASKS,
        "module_defaults": {f"kubernetes.core.{name}": connection for name in names}}]))
    program = Path(sys.executable).with_name("ansible-playbook")
    collections = Path(next(iter(own.__path__))).parents[2]
    done = subprocess.run(
        [program, "-i", folder / "hosts.yml", folder / "play.yml", "--forks", "9", *arguments],
        capture_output=True, text=True, timeout=600, check=False,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(folder),
             "ANSIBLE_COLLECTIONS_PATH": f"{folder}/collections:{collections}"})
    return done.stdout, Counter((folder / "log").read_text().splitlines())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return play(tmp_path_factory.mktemp("run"))


def failure_of(output, host):
    found = re.search(rf"fatal: \[{host}\]: FAILED! => (.*?\n)(?=\w*:? ?\[|\n)", output, re.S)
    return found.group(1) if found else ""


@pytest.mark.parametrize(("cluster", "times"), [("one", 1), ("two", 1), ("differs", 1), ("broken", 1)])
def test_fluid_is_installed_once_in_each_cluster(run, cluster, times):
    assert run[1][f"helm {cluster}"] == times


@pytest.mark.parametrize(("host", "by"), [("a", "a"), ("b", "a"), ("c", "c")])
def test_one_host_acts_for_all_of_its_cluster_whatever_they_call_it(run, host, by):
    assert f"{host} by {by}: True" in run[0]


def test_hosts_of_unknown_clusters_act_one_after_the_other(run):
    assert run[1]["helm unknown"] == 2
    assert "h by h: True" in run[0] and "i by i: False" in run[0]
    assert "already exists" not in run[0]


def test_a_cluster_has_one_fluid(run):
    assert "The hosts d and e use the same cluster with different options of install" in failure_of(
        run[0], "e")
    assert "d by d: True" in run[0]


def test_hosts_whose_acting_host_fails_fail_too(run):
    assert "no such chart" in failure_of(run[0], "f")
    assert "Host f, which installs Fluid for all hosts of this cluster, has failed" in failure_of(run[0], "g")


def test_check_mode_predicts_for_all_hosts(tmp_path):
    output, log = play(tmp_path, "--check", "--limit", "a:b")
    assert "a by a: True" in output and "b by a: True" in output
    assert log["helm one"] == 1
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(("host", "acts"), [
    ("keeps", None), ("a", True), ("b", False), ("c", True), ("unknown-1", True), ("unknown-2", True)])
def test_fluid_is_removed_once_from_each_cluster(host, acts):
    """By the first host that removes it; one that keeps it has no result of the search."""
    path = Path(__file__).parents[3] / "roles" / "cleanup" / "tasks" / "fluid.yml"
    [_find, choose, remove] = yaml.safe_load(path.read_text())
    clusters = {"a": "one", "b": "one", "c": "two", "unknown-1": "", "unknown-2": ""}
    hostvars = {"keeps": {}, **{each: {"__cleanup_fluid": {"cluster": cluster}}
                                for each, cluster in clusters.items()}}
    variables = {"hostvars": hostvars, "ansible_play_batch": list(hostvars), "inventory_hostname": host,
                 "__cleanup_clusters": trust_as_template(choose["vars"]["__cleanup_clusters"])}
    expression = choose["ansible.builtin.set_fact"]["__cleanup_hosts"]
    hosts = Templar(loader=DataLoader(), variables=variables).template(trust_as_template(expression))
    assert remove["throttle"] == 1
    if acts is not None:
        variables.update(__cleanup_hosts=hosts, __cleanup_fluid=hostvars[host]["__cleanup_fluid"])
        assert Templar(loader=DataLoader(), variables=variables).template(
            trust_as_template("{{ " + remove["when"] + " }}")) is acts
