# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks: what they name exists, and ansible-rulebook runs the playbook once for each lost master."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from role_site import RoleSite

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


@pytest.mark.skipif(PROGRAM is None or shutil.which("java") is None,
                    reason="ansible-rulebook or Java is not installed")
def test_a_lost_master_runs_the_playbook_once(site, tmp_path):
    """Three events of one cache within five minutes, and one of another cache."""
    lost = {"type": "member_lost", "namespace": "data", "lost": ["hbase-master-1"]}
    events = [{**lost, "cache": "hbase.data", "name": "hbase"}] * 3 + [
        {"type": "quorum_at_risk", "cache": "hbase.data", "name": "hbase", "namespace": "data"},
        {**lost, "cache": "other.data", "name": "other"}]
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "datacache.fluid.caches.py").write_text(SOURCE.format(events=json.dumps(events)))
    inventory = site.inventory({"localhost": {"alluxio_quorum": {"leader": "hbase-master-0", "lost": []}}})
    done = subprocess.run(
        [PROGRAM, "-r", EDA / "rulebooks" / "heal.yml", "-i", inventory, "-S", tmp_path / "sources",
         "--shutdown-delay", "120"], capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, **site.environ, "NO_COLOR": "1"}, cwd=tmp_path)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    assert site.started("localhost") == ["alluxio_quorum", "alluxio_quorum"], output
    assert "quorum_at_risk" in output
