# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks: what they name exists, and ansible-rulebook runs the playbook once for each lost master."""

import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from role_site import RoleSite
from toolbox.site import pages

CHECKOUT = Path(__file__).parents[3]
EDA = CHECKOUT / "extensions" / "eda"
RULEBOOKS = sorted((EDA / "rulebooks").glob("*.yml"))
EVENTS_PY = (CHECKOUT / "plugins" / "plugin_utils" / "cache_events.py").read_text()
TYPES = set(re.findall(r'"(\w+)"', EVENTS_PY.partition("_OF_MASTERS")[0].partition("LEADER_CHANGED")[2]))
PROGRAM = shutil.which("ansible-rulebook")
# A source of planned events. A file with the name of the source is taken instead of the collection's.
SOURCE = '''
import asyncio
async def main(queue, args):
    for event in {events}:
        await queue.put(event)
        await asyncio.sleep(0.2)
    await asyncio.sleep(8)
'''
# What ansible.eda.alertmanager puts into the queue for two alerts. The host that data_host_path names is the
# limit of the playbook.
ALERTMANAGER = '''
import asyncio
async def main(queue, args):
    for domain in ("MASTER", "JOB_MASTER"):
        labels = {"alertname": "AlluxioMasterUnavailable", "namespace": "data", "fluid_runtime": "hbase",
                  "raft_domain": domain, "instance": "10.0.0.1:24110"}
        path = str(args.get("data_host_path", "labels.instance"))
        hosts = [labels[path.partition(".")[2]].partition(":")[0]] if path else []
        await queue.put({"alert": {"labels": labels, "status": "firing"}, "meta": {"hosts": hosts}})
        await asyncio.sleep(0.2)
    await asyncio.sleep(8)
'''


def rules(path):
    [ruleset] = yaml.safe_load(path.read_text())
    return ruleset["rules"]


def in_condition(rule):
    return set(re.findall(r'"(\w+)"', rule["condition"]))


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_the_source_exists_and_the_conditions_name_its_events(path):
    [ruleset] = yaml.safe_load(path.read_text())
    [source] = ruleset["sources"]
    [name] = source.keys() - {"name"}
    assert (EDA / "plugins" / "event_source" / f"{name.rpartition('.')[2]}.py").exists()
    assert ruleset["execution_strategy"] == "sequential"
    named = [type_ for rule in ruleset["rules"] for type_ in in_condition(rule)]
    assert len(named) == len(set(named)) and set(named) <= TYPES
    assert len(TYPES) == 7


def test_the_rulebook_without_awx_handles_every_event():
    assert {type_ for rule in rules(EDA / "rulebooks" / "heal.yml") for type_ in in_condition(rule)} == TYPES


@pytest.mark.parametrize("path", RULEBOOKS, ids=lambda path: path.stem)
def test_the_playbooks_and_templates_exist(path):
    data = yaml.safe_load((CHECKOUT / "playbooks" / "vars" / "awx.yml").read_text())
    templates = {item["name"].rpartition("}} ")[2] for item in data["controller_templates"]}
    for rule in rules(path):
        if playbook := rule["action"].get("run_playbook"):
            assert (CHECKOUT / "playbooks" / f"{playbook['name'].rpartition('.')[2]}.yml").exists()
        if template := rule["action"].get("run_job_template"):
            assert template["name"].rpartition("}} ")[2] in templates


@pytest.fixture
def site(tmp_path):
    return RoleSite(tmp_path)


needs_program = pytest.mark.skipif(PROGRAM is None or shutil.which("java") is None,
                                   reason="ansible-rulebook or Java is not installed")


def ran(site, folder, rulebook, source, code, *options):
    """The output of a rulebook that ends with its source, whose code takes the place of a collection's."""
    (folder / "sources").mkdir()
    (folder / "sources" / f"{source}.py").write_text(code)
    inventory = site.inventory({"localhost": {"alluxio_quorum": {"leader": "hbase-master-0", "lost": []}}})
    done = subprocess.run(
        [PROGRAM, "-r", rulebook, "-i", inventory, "-S", folder / "sources", "--shutdown-delay", "120",
         *options],
        capture_output=True, text=True, timeout=600, check=False, cwd=folder,
        env={**os.environ, **site.environ, "NO_COLOR": "1", "EDA_JOB_TEMPLATE_REFRESH_DELAY": "0.2"})
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


@needs_program
def test_a_lost_master_runs_the_playbook_once(site, tmp_path):
    """Three events of one cache within five minutes, and one of another cache."""
    lost = {"type": "member_lost", "namespace": "data", "lost": ["hbase-master-1"]}
    events = [{**lost, "cache": "hbase.data", "name": "hbase"}] * 3 + [
        {"type": "quorum_at_risk", "cache": "hbase.data", "name": "hbase", "namespace": "data"},
        {**lost, "cache": "other.data", "name": "other"}]
    output = ran(site, tmp_path, EDA / "rulebooks" / "heal.yml", "datacache.fluid.caches",
                 SOURCE.format(events=json.dumps(events)))
    assert site.started("localhost") == ["alluxio_quorum", "alluxio_quorum"], output
    assert "quorum_at_risk" in output


@needs_program
def test_the_alerts_of_a_lost_master_run_the_playbook_once(site, tmp_path):
    """The rulebook of the page. Both quorums of the masters have an alert."""
    text = (CHECKOUT / "docs" / "events.md").read_text()
    [rulebook] = [block.text for block in pages.blocks(text) if "ansible.eda.alertmanager:" in block.text]
    (tmp_path / "alerts.yml").write_text(rulebook)
    output = ran(site, tmp_path, tmp_path / "alerts.yml", "ansible.eda.alertmanager", ALERTMANAGER)
    assert site.started("localhost") == ["alluxio_quorum"], output


@pytest.fixture
def awx():
    """A server that answers as AWX where ansible-rulebook launches a job, and notes the launches in jobs."""
    jobs = []

    class Handler(BaseHTTPRequestHandler):
        def _send(self, answer):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def do_GET(self):
            split = urlsplit(self.path)
            query = {key: value for key, [value] in parse_qs(split.query).items()}
            name = query.get("name", "")
            asks = {f"ask_{what}_on_launch": False for what in ("limit", "labels", "inventory", "variables")}
            self._send({
                "/api/v2/config/": {"version": "24.6.1"},
                "/api/v2/unified_job_templates/": {"results": [{
                    "id": 5, "type": "job_template", "name": name, **asks,
                    "related": {"launch": f"/launch/{name.replace(' ', '-')}/"},
                    "summary_fields": {"organization": {"name": "Default"}}}]},
                "/api/v2/jobs/": {"results": [
                    {"id": int(each), "status": "successful", "created": "2026-01-01T00:00:00Z"}
                    for each in query.get("id__in", "").split(",") if each]},
            }.get(split.path, {}))

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            jobs.append((self.path, body["extra_vars"]["fluid_hosts"]))
            self._send({"id": len(jobs), "url": f"/api/v2/jobs/{len(jobs)}/"})

        def log_message(self, *_arguments):
            """Print no request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.jobs = jobs
    yield server
    server.shutdown()


@needs_program
def test_awx_runs_one_job_for_each_cache(site, tmp_path, awx):
    events = [{"type": type_, "cache": f"{name}.data", "name": name, "namespace": "data"}
              for type_, name in (("member_lost", "hbase"), ("member_lost", "hbase"),
                                  ("member_lost", "logs"), ("fuse_dead", "logs"), ("restored", "logs"))]
    output = ran(site, tmp_path, EDA / "rulebooks" / "heal_by_awx.yml", "datacache.fluid.caches",
                 SOURCE.format(events=json.dumps(events)),
                 "--controller-url", f"http://127.0.0.1:{awx.server_port}", "--controller-token", "of-awx")
    assert awx.jobs == [("/launch/Fluid-heal/", "hbase.data"), ("/launch/Fluid-heal/", "logs.data"),
                        ("/launch/Fluid-diagnose/", "logs.data")], output
