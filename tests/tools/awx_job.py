# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a job template of playbooks/vars/awx.yml as AWX runs it: by ansible-runner, without a terminal.

    python tests/tools/awx_job.py [--inventory FILE] [--vars FILE] TEMPLATE [variable=answer ...]

TEMPLATE is the name of a playbook of examples/awx-project, such as deploy-ha. The private data directory is
that of AWX 24.6 (awx/main/tasks/jobs.py): a copy of the project, the inventory as a program that prints it,
and the answers in env/extravars, marked as unsafe. Questions without an answer are answered as AWX does:
text and choices by their default or an empty text, numbers not at all. The cluster is that of K8S_AUTH_HOST,
K8S_AUTH_API_KEY and K8S_AUTH_SSL_CA_CERT, as AWX's credential sets them. It prints the job's output, and at
the end one line of JSON: status, rc, seconds, and what the job passes on to the next one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[2]
PROJECT = CHECKOUT / "examples" / "awx-project"
_CREDENTIAL = ("K8S_AUTH_HOST", "K8S_AUTH_API_KEY", "K8S_AUTH_SSL_CA_CERT")
# What AWX 24.6.1 sets for each job, beside paths and numbers (its answer to a job: job_env).
_ENVIRONMENT = {"ANSIBLE_FORCE_COLOR": "True", "ANSIBLE_HOST_KEY_CHECKING": "False",
                "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True", "ANSIBLE_PARAMIKO_RECORD_HOST_KEYS": "False",
                "MAX_EVENT_RES": "700000"}
# Colors and the ends of lines, which ansible-runner takes from a pseudo-terminal.
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m|\r")
_HOSTS = """#! /usr/bin/env python3
# -*- coding: utf-8 -*-
print({!r})
"""


class _Unsafe(yaml.SafeDumper):
    """Marks text as unsafe, so that Ansible never evaluates an answer as a template."""


_Unsafe.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


def survey(template: str) -> list[dict]:
    """Return the questions of a job template, by the name of its playbook."""
    data = yaml.safe_load((CHECKOUT / "playbooks" / "vars" / "awx.yml").read_text())
    found = [item for item in data["controller_templates"] if item["playbook"] == f"{template}.yml"]
    if not found:
        names = sorted(item["playbook"].removesuffix(".yml") for item in data["controller_templates"])
        raise SystemExit(f"there is no template {template}: expected one of {', '.join(names)}")
    return found[0]["survey_spec"]["spec"]


def answers(questions: list[dict], given: Mapping[str, str]) -> dict:
    """Return the variables of the job. Numbers of numeric questions are numbers, all else is text."""
    found: dict = {}
    for question in questions:
        variable, kind = question["variable"], question["type"]
        if question["required"] and variable not in given:
            raise SystemExit(f"{variable} is required, and has no answer")
        value = given.get(variable, question.get("default", ""))
        if kind in ("integer", "float"):
            if value != "":
                found[variable] = int(value) if kind == "integer" else float(value)
        else:
            found[variable] = str(value)
    # Variables beside the questions, as ask_variables_on_launch or an own inventory gives them.
    return {**{name: value for name, value in given.items() if name not in found}, **found}


def credential(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that AWX's credential sets. Without a certificate it verifies nothing."""
    found = {name: environment[name] for name in _CREDENTIAL if environment.get(name)}
    verifies = str("K8S_AUTH_SSL_CA_CERT" in found)
    return {**found, "K8S_AUTH_VERIFY_SSL": environment.get("K8S_AUTH_VERIFY_SSL", verifies)}


def write(folder: Path, template: str, given: Mapping[str, str], inventory: dict) -> None:
    """Write the private data directory of a job. inventory: as ansible-inventory --list prints it."""
    shutil.copytree(PROJECT, folder / "project")
    for name in ("env", "inventory"):
        (folder / name).mkdir()
    hosts = folder / "inventory" / "hosts"
    hosts.write_text(_HOSTS.format(json.dumps(inventory)))
    hosts.chmod(0o700)
    variables = {**answers(survey(template), given), "awx_job_template_name": f"Fluid {template}"}
    (folder / "env" / "extravars").write_text("".join(
        yaml.dump_all([{name: value}], Dumper=_Unsafe, default_flow_style=False)
        for name, value in variables.items()))
    (folder / "env" / "settings").write_text(json.dumps({"job_timeout": 0, "suppress_ansible_output": True}))
    (folder / "env" / "cmdline").write_text("-u root")


def job_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the job: AWX's, the credential, and nothing else that names a cluster."""
    own = {name: value for name, value in environment.items()
           if not name.startswith(("K8S_AUTH_", "KUBECONFIG"))}
    return {**own, **_ENVIRONMENT, **credential(environment)}


def listed(path: Path, variables: dict, environment: Mapping[str, str]) -> dict:
    """Return the inventory of a file as AWX has it, with variables for all hosts."""
    done = subprocess.run(["ansible-inventory", "-i", path, "--list"], capture_output=True, text=True,
                          check=False, env=dict(environment), cwd=PROJECT)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    for own in found["_meta"]["hostvars"].values():
        own.update(variables)
    return found


def run(template: str, given: Mapping[str, str], inventory: dict, environment: Mapping[str, str]) -> dict:
    """Run a job and return its result. The output goes to this program's."""
    import ansible_runner
    passed_on: dict = {}

    def handle(event: dict) -> bool:
        if event.get("stdout"):
            print(_TERMINAL.sub("", event["stdout"]), flush=True)
        passed_on.update(event.get("event_data", {}).get("artifact_data") or {})
        return True

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="awx_job_") as folder:
        write(Path(folder), template, given, inventory)
        # Ansible finds the project's ansible.cfg in its working directory.
        job = ansible_runner.interface.run(
            private_data_dir=folder, playbook=f"{template}.yml", envvars=dict(environment), quiet=True,
            event_handler=handle)
        return {"template": template, "status": job.status, "rc": job.rc,
                "seconds": round(time.monotonic() - began, 1), "passed_on": passed_on}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inventory", type=Path, default=PROJECT / "inventory" / "caches.yml")
    parser.add_argument("--vars", type=Path, help="YAML file with variables of all hosts")
    parser.add_argument("template")
    parser.add_argument("answers", nargs="*", metavar="variable=answer")
    options = parser.parse_args()
    environment = job_environment(os.environ)
    if not {"K8S_AUTH_HOST", "K8S_AUTH_API_KEY"} <= environment.keys():
        print("K8S_AUTH_HOST and K8S_AUTH_API_KEY are not set: AWX's credential sets them", file=sys.stderr)
        return 2
    variables = yaml.safe_load(options.vars.read_text()) if options.vars else {}
    given = dict(each.split("=", 1) for each in options.answers)
    result = run(options.template, given, listed(options.inventory, variables, environment), environment)
    print(json.dumps(result))
    return 0 if result["status"] == "successful" else 1


if __name__ == "__main__":
    sys.exit(main())
