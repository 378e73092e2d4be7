# SPDX-License-Identifier: GPL-3.0-or-later
"""The example project as AWX takes it: its folder alone, with the collection installed, and no terminal."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
PROJECT = CHECKOUT / "examples" / "awx-project"
PLAYBOOKS = sorted(PROJECT.glob("*.yml"))
# The cluster that a credential without a server names.
NO_CLUSTER = {"K8S_AUTH_HOST": "https://127.0.0.1:1", "K8S_AUTH_API_KEY": "token-of-the-account",
              "K8S_AUTH_VERIFY_SSL": "True"}


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    return folder


def run(project, program, *arguments):
    """Run a program in the project with what a job of AWX has in its environment."""
    environ = {name: value for name, value in os.environ.items()
               if not name.startswith(("K8S_AUTH_", "KUBECONFIG"))}
    return subprocess.run(
        [Path(sys.executable).with_name(program), *arguments], cwd=project, capture_output=True, text=True,
        timeout=300, check=False, stdin=subprocess.DEVNULL,
        env={**environ, **NO_CLUSTER, "HOME": str(project.parent)})


def test_the_syntax_of_all_playbooks(project):
    done = run(project, "ansible-playbook", "--syntax-check", *(path.name for path in PLAYBOOKS))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("playbook: ") == len(PLAYBOOKS) >= 14


def test_the_declared_caches(project):
    done = run(project, "ansible-inventory", "--list")
    assert done.returncode == 0, done.stderr
    hosts = json.loads(done.stdout)["_meta"]["hostvars"]
    assert hosts["hbase.default"]["fluid_name"] == "hbase"
    assert hosts["hbase.default"]["ansible_connection"] == "local"


def test_the_running_caches_need_a_cluster(project):
    done = run(project, "ansible-inventory", "-i", "inventory/running.alluxio.yml", "--list")
    assert "running.alluxio.yml" in done.stderr and "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr and NO_CLUSTER["K8S_AUTH_API_KEY"] not in done.stderr


def test_a_job_without_a_cluster_fails_with_one_sentence(project):
    done = run(project, "ansible-playbook", "verify.yml", "-e", json.dumps(
        {"fluid_hosts": "", "fluid_probes": "false", "fluid_cached_percentage": 50}))
    assert done.returncode == 2
    [fatal] = [line.rstrip() for line in done.stdout.splitlines() if line.startswith("fatal: ")]
    # ansible.cfg: the result follows as YAML.
    assert fatal == "fatal: [hbase.default]: FAILED! =>"
    assert "127.0.0.1:1" in done.stdout and "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("answer", ["hbase.defualt", "hbase.default,logs.default"])
def test_a_cache_that_does_not_exist_fails_the_job(project, answer):
    """Ansible runs on the hosts that it finds, by default, and a job on none of them is successful."""
    done = run(project, "ansible-playbook", "verify.yml", "-e", json.dumps({"fluid_hosts": answer}))
    assert done.returncode != 0
    assert f"Could not match supplied host pattern, ignoring: {answer.rpartition(',')[2]}" in done.stderr
    assert "Traceback" not in done.stderr and "PLAY RECAP" not in done.stdout


@pytest.mark.parametrize("answer", ["", "all", "hbase.default", "*.default", "localhost", "hbase*:&all"])
def test_an_answer_that_names_caches_starts_the_job(project, answer):
    done = run(project, "ansible-playbook", "verify.yml", "-e", json.dumps({"fluid_hosts": answer}))
    assert "TASK [Validate the variables of the inventory]" in done.stdout


def test_the_requirements_name_the_collection_in_its_version():
    [required] = yaml.safe_load((PROJECT / "collections" / "requirements.yml").read_text())["collections"]
    galaxy = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())
    assert required["name"] == f"{galaxy['namespace']}.{galaxy['name']}"
    assert required["version"] == f">={galaxy['version']}"
