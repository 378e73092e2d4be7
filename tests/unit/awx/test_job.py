# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs in the layout of AWX: their answers, and a job by ansible-runner that has no cluster."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import awx_job
import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
NOWHERE = {"K8S_AUTH_HOST": "https://127.0.0.1:1", "K8S_AUTH_API_KEY": "token-of-the-account"}


def test_unanswered_questions():
    assert awx_job.answers(awx_job.survey("backup"), {}) == {
        "fluid_hosts": "", "fluid_backup_claim": "", "fluid_backup_path": ""}
    given = {"fluid_hosts": "hbase.default", "fluid_master_replicas": "3"}
    assert awx_job.answers(awx_job.survey("scale-masters"), given) == {**given, "fluid_recreate": ""}


def test_a_required_question_needs_an_answer():
    with pytest.raises(SystemExit, match="^fluid_master_replicas is required, and has no answer$"):
        awx_job.answers(awx_job.survey("scale-masters"), {"fluid_hosts": "hbase.default"})


def test_answers_have_the_types_of_awx():
    given = {"fluid_worker_replicas": "2", "fluid_master_replicas": "5", "fluid_raft": "profile: fast"}
    found = awx_job.answers(awx_job.survey("deploy-ha"), given)
    assert found["fluid_worker_replicas"] == 2 and found["fluid_master_replicas"] == "5"
    assert found["fluid_raft"] == "profile: fast"


@pytest.mark.parametrize(("environment", "verifies"), [
    ({}, "False"), ({"K8S_AUTH_SSL_CA_CERT": "/ca.crt"}, "True"),
    ({"K8S_AUTH_SSL_CA_CERT": "/ca.crt", "K8S_AUTH_VERIFY_SSL": "False"}, "False")])
def test_a_credential_without_a_certificate_verifies_nothing(environment, verifies):
    assert awx_job.credential(environment)["K8S_AUTH_VERIFY_SSL"] == verifies


def test_the_job_knows_no_other_cluster():
    found = awx_job.job_environment({"KUBECONFIG": "/x", "K8S_AUTH_CONTEXT": "y", "PATH": "z", **NOWHERE})
    assert {name for name in found if name.startswith(("K8S_AUTH_", "KUBECONFIG"))} == {
        *NOWHERE, "K8S_AUTH_VERIFY_SSL"}
    assert (found["PATH"], found["ANSIBLE_INVENTORY_UNPARSED_FAILED"]) == ("z", "True")


def test_the_private_data_directory(tmp_path):
    awx_job.write(tmp_path, "verify", {"fluid_hosts": "{{ 1 }}"}, {"all": {"hosts": ["a"]}})
    assert "!unsafe 'fluid_hosts': !unsafe '{{ 1 }}'\n" in (tmp_path / "env" / "extravars").read_text()
    done = subprocess.run([tmp_path / "inventory" / "hosts"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"all": {"hosts": ["a"]}}
    assert (tmp_path / "project" / "ansible.cfg").exists()


def test_an_unknown_template_gets_a_sentence():
    with pytest.raises(SystemExit, match="there is no template uninstall: expected one of backup, cleanup"):
        awx_job.survey("uninstall")


def job(*arguments, **environment):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("K8S_AUTH_")}
    return subprocess.run(
        [sys.executable, CHECKOUT / "tests" / "tools" / "awx_job.py", *arguments], capture_output=True,
        text=True, timeout=600, check=False, env={**environ, **environment}, stdin=subprocess.DEVNULL)


def test_without_a_credential_nothing_starts():
    done = job("verify")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith("AWX's credential sets them")


@pytest.mark.skipif(find_spec("ansible_runner") is None, reason="ansible-runner is not installed")
@pytest.mark.parametrize(("arguments", "sentence"), [
    (["preflight"], "127.0.0.1:1"),
    (["deploy-ha", "fluid_master_replicas=5", "fluid_raft=profile: quick"], "quick"),
    (["verify", "fluid_cached_percentage=50", "fluid_mastr_replicas=3"],
     "did you mean fluid_master_replicas?"),
], ids=["no-cluster", "wrong-answer", "misspelt"])
def test_a_job_by_ansible_runner_fails_with_one_sentence(arguments, sentence):
    done = job(*arguments, **NOWHERE)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["status"], result["rc"]) == (1, "failed", 2), done.stdout + done.stderr
    [start] = [number for number, line in enumerate(done.stdout.splitlines()) if line.startswith("fatal: ")]
    # ansible.cfg: results are YAML.
    message = yaml.safe_load("\n".join(done.stdout.splitlines()[start + 1:]).partition("\n\n")[0])["msg"]
    assert sentence in message and "Traceback" not in done.stdout
    assert NOWHERE["K8S_AUTH_API_KEY"] not in done.stdout + done.stderr
