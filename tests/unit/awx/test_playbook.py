# SPDX-License-Identifier: GPL-3.0-or-later
"""playbooks/awx.yml with the modules of awx.awx, against a server that answers as AWX's API."""

import base64
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from awx_variables import CA, GIVEN, TOKEN, WEBHOOK
from fake_awx import FakeAwx

CHECKOUT = Path(__file__).parents[3]


def _is_installed(collection):
    try:
        return find_spec(f"ansible_collections.{collection}") is not None
    except ModuleNotFoundError:
        return False


pytestmark = pytest.mark.skipif(
    not _is_installed("awx.awx"), reason="the collection awx.awx is not installed")


def play(awx, variables, *options):
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), CHECKOUT / "playbooks" / "awx.yml", *options,
         "-e", json.dumps(variables)], capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": "of-awx",
             "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"})
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def awx():
    server = FakeAwx()
    yield server
    server.close()


@pytest.fixture(scope="module")
def first(awx):
    code, output = play(awx, GIVEN, "-vvv", "--diff")
    assert code == 0, output
    return output


@pytest.mark.parametrize("options", [(), ("--check",)], ids=["run", "check mode"])
def test_a_second_run_changes_nothing(awx, first, options):
    awx.writes.clear()
    before = json.dumps(awx.objects)
    code, output = play(awx, GIVEN, *options)
    assert code == 0 and "changed=0 " in output, output
    assert awx.writes == [] and json.dumps(awx.objects) == before


def test_no_secret_is_in_the_output(first):
    assert TOKEN not in first and WEBHOOK not in first


def test_the_credential_verifies_the_cluster(awx, first):
    [credential] = awx.objects["credentials"]
    assert credential["inputs"] == {
        "host": "https://cluster:6443", "bearer_token": TOKEN, "verify_ssl": True,
        "ssl_ca_cert": CA}


def test_each_template_has_what_a_job_needs(awx, first):
    [project], [environment] = awx.objects["projects"], awx.objects["execution_environments"]
    inventories = {item["id"] for item in awx.objects["inventories"]}
    for template in awx.objects["job_templates"]:
        assert (template["project"], template["execution_environment"]) == (project["id"], environment["id"])
        assert template["inventory"] in inventories
        assert template["allow_simultaneous"] is False and template["survey_enabled"] is True
        assert [item["name"] for item in awx.linked(template, "credentials")] == ["Fluid cluster"]
        assert [item["name"] for item in awx.linked(template, "instance_groups")] == ["caches"]
        assert [item["name"] for item in awx.linked(template, "notification_templates_error")] == [
            "Fluid failures"]
        assert awx.surveys[template["id"]]["spec"][0]["variable"] == "fluid_hosts"
    assert awx.named("instance_groups")["caches"]["max_concurrent_jobs"] == 1


def test_the_inventories_have_their_sources(awx, first):
    sources, inventories = awx.named("inventory_sources"), awx.named("inventories")
    assert {name: (item["source_path"], item.get("credential") is not None)
            for name, item in sources.items()} == {
        "Fluid declared caches": ("inventory/caches.yml", False),
        "Fluid running caches": ("inventory/running.alluxio.yml", True)}
    assert {item["inventory"] for item in sources.values()} == {item["id"] for item in inventories.values()}


def test_the_workflow_goes_from_preflight_to_verify_and_diagnoses_failures(awx, first):
    nodes = awx.named("workflow_job_template_nodes")
    edges = {name: tuple([other["identifier"] for other in awx.linked(node, f"{kind}_nodes")]
                         for kind in ("success", "failure")) for name, node in nodes.items()}
    assert edges == {
        "preflight": (["install"], ["diagnose"]), "install": (["deploy"], ["diagnose"]),
        "deploy": (["verify"], ["diagnose"]), "verify": ([], ["diagnose"]), "diagnose": ([], [])}
    templates = {item["id"]: item["name"] for item in awx.objects["job_templates"]}
    assert [templates[node["unified_job_template"]] for node in nodes.values()] == [
        "Fluid preflight", "Fluid install", "Fluid deploy HA", "Fluid verify", "Fluid diagnose"]


def test_the_schedules(awx, first):
    schedules = awx.named("schedules")
    assert {name: item["enabled"] for name, item in schedules.items()} == {
        "Fluid verify": True, "Fluid backup": False}
    assert schedules["Fluid backup"]["extra_data"] == {"fluid_backup_keep": 14}
    declared = awx.named("inventories")["Fluid declared caches"]["id"]
    assert {name: item.get("inventory") for name, item in schedules.items()} == {
        "Fluid verify": declared, "Fluid backup": None}


def test_a_private_repository_and_a_private_image_have_their_credentials():
    """The project is updated when it is created, so its credential cannot follow."""
    server = FakeAwx()
    made = {name: server._put("credentials", {"name": name})["id"] for name in ("git", "registry")}
    code, output = play(server, {**GIVEN, "fluid_awx_project_credential": "git",
                                 "fluid_awx_image_credential": "registry"})
    server.close()
    assert code == 0, output
    assert server.objects["projects"][0]["credential"] == made["git"]
    assert server.objects["execution_environments"][0]["credential"] == made["registry"]


def test_a_public_repository_has_no_credential(awx, first):
    assert "credential" not in awx.objects["projects"][0]
    assert "credential" not in awx.objects["execution_environments"][0]


def test_a_token_in_the_url_of_the_project_is_refused():
    """A token alone is the user of the URL."""
    server = FakeAwx()
    code, output = play(server, {**GIVEN, "fluid_awx_project_url": f"https://{TOKEN}@git.example.com/c.git"},
                        "-vvv")
    server.close()
    assert code == 2 and "fluid_awx_project_url has a user, a password or a token" in " ".join(output.split())
    assert server.writes == [] and TOKEN not in output


@pytest.mark.parametrize(("url", "refused"), [
    (f"https://x:{TOKEN}@git.example.com/c.git", True), (f"https://{TOKEN}:@git.example.com/c.git", True),
    (f"HTTPS://{TOKEN}@git.example.com/c.git", True), (f" https://{TOKEN}@git.example.com/c.git", True),
    (f"ssh://git:{TOKEN}@git.example.com/c.git", True), (f"https://x@y:{TOKEN}@git.example.com/c.git", True),
    (f"git+https://{TOKEN}@git.example.com/c.git", True),
    ("git@github.com:team/caches.git", False), ("ssh://git@git.example.com:7999/team/c.git", False),
    ("https://git.example.com:8443/team/@c.git", False)])
def test_which_urls_of_the_project_are_refused(url, refused):
    """Hosts of repositories take a token as the user, and nothing distinguishes it from a name."""
    [play_] = yaml.safe_load((CHECKOUT / "playbooks" / "awx.yml").read_text())
    [task] = [each for each in play_["tasks"] if each["name"].startswith("Require a URL of the project")]
    [pattern] = re.findall(r"is not search\('(.+)'\)", task["ansible.builtin.assert"]["that"])
    assert bool(re.search(pattern, url)) is refused


def test_infra_aap_configuration_passes_no_empty_credential_on(tmp_path):
    """Its role controller_projects takes the name in this way, without a second argument of default."""
    (tmp_path / "play.yml").write_text(json.dumps([{
        "hosts": "localhost", "gather_facts": False,
        "vars_files": [str(CHECKOUT / "playbooks" / "vars" / "awx.yml")], "tasks": [
            {"ansible.builtin.debug": {
                "msg": "{{ each.credential.name | default(each.credential | default(omit)) }}"},
             "loop": "{{ controller_projects + controller_execution_environments }}",
             "loop_control": {"loop_var": "each", "label": "{{ each.name }}"}}]}]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), tmp_path / "play.yml", "-e", json.dumps(GIVEN)],
        capture_output=True, text=True, timeout=300, check=False)
    # The default message of debug.
    assert done.stdout.count("Hello world!") == 2, done.stdout + done.stderr


@pytest.mark.parametrize(("without", "sentence"), [
    ("fluid_awx_image", "fluid_awx_image is not given: Set fluid_awx_image to an image with this collection"),
    ("fluid_awx_cluster_ca", "With 'Verify SSL' but without a certificate AWX turns the verification off."),
])
def test_nothing_is_written_without_what_is_required(without, sentence):
    server = FakeAwx()
    code, output = play(server, {name: value for name, value in GIVEN.items() if name != without})
    server.close()
    assert code == 2 and sentence in output
    assert server.writes == []


@pytest.mark.parametrize(("given", "sentence"), [
    ({"fluid_awx_cluster_ca": base64.b64encode(CA.encode()).decode()},
     "fluid_awx_cluster_ca is no certificate: expected text that begins with"),
    ({"fluid_awx_cluster_host": "cluster:6443"},
     "fluid_awx_cluster_host is cluster:6443: expected an address that begins with https://"),
    ({"fluid_awx_schedule_backups": "dayly"}, "fluid_awx_schedule_backups is 'dayly'"),
], ids=["base64", "no-scheme", "no-boolean"])
def test_what_each_job_would_fail_at_is_refused_before_anything_is_written(given, sentence):
    server = FakeAwx()
    code, output = play(server, {**GIVEN, **given})
    server.close()
    assert code == 2 and sentence in " ".join(output.split())
    assert server.writes == []
