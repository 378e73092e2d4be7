# SPDX-License-Identifier: GPL-3.0-or-later
"""A master is lost while ansible-rulebook runs datacache.fluid.heal: nobody else does anything."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from cluster_acts import cordoned_nodes, force

INVENTORY = """
all:
  hosts:
    localhost: {ansible_connection: local, ansible_python_interpreter: "{{ ansible_playbook_python }}"}
"""
# The source's option is shorter than the time in which a master that lost its journal joins again.
VARIABLES = "lasts: 2\nnamespaces: default\n"
_RECAP = re.compile(r"^PLAY RECAP", re.MULTILINE)


@pytest.fixture(scope="module")
def cache(job):
    """A cache with three masters."""
    for template in ("install", "deploy-ha"):
        result, output = job("admin", template)
        assert result["status"] == "successful", output[-4000:]
    yield "hbase"
    assert job("admin", "cleanup", "fluid_hosts=hbase.default")[0]["status"] == "successful"


@pytest.fixture
def rulebook(cache, credential, tmp_path):
    """Run the rulebook as a service would; yield the file of its output."""
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    (tmp_path / "vars.yml").write_text(VARIABLES)
    output = tmp_path / "output"
    environ = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    with output.open("w") as log, subprocess.Popen(
            ["ansible-rulebook", "--rulebook", "datacache.fluid.heal", "--inventory", "inventory.yml",
             "--vars", "vars.yml", "--print-events"],
            cwd=tmp_path, env=environ | credential("admin"), stdout=log, stderr=subprocess.STDOUT) as program:
        time.sleep(20)  # its first observation, so that the loss is a change
        assert program.poll() is None, output.read_text()
        yield output
        program.terminate()


def test_a_lost_master_is_complete_again_after_one_run_of_the_playbook(cache, rulebook):
    lost = _follower(cache)
    # Without a node it is lost until the event is sent. Else it may be back before a leader misses it.
    with cordoned_nodes():
        force(lost)
        _until(lambda: f"'lost': ['{lost}']" in rulebook.read_text(), 120, rulebook)
    _until(lambda: _RECAP.search(rulebook.read_text()), 300, rulebook)
    _until(lambda: _is_complete(cache), 120, rulebook)
    time.sleep(60)
    assert len(_RECAP.findall(rulebook.read_text())) == 1, _end(rulebook)
    assert "failed=1" not in rulebook.read_text(), _end(rulebook)


def _follower(cache: str) -> str:
    """Return the pod of a master that does not lead."""
    leader = re.search(r"Quorum leader\s*: ([^:\s]+):", _quorum(cache, "MASTER"))
    assert leader, "no master leads"
    return f"{cache}-master-{1 if leader[1].endswith('-2') else 2}"


def _is_complete(cache: str) -> bool:
    """Whether each peer of both quorums answers its leader."""
    infos = [_quorum(cache, domain) for domain in ("MASTER", "JOB_MASTER")]
    return all(info.count("AVAILABLE") == 3 and "UNAVAILABLE" not in info for info in infos)


def _quorum(cache: str, domain: str) -> str:
    return subprocess.run(
        ["kubectl", "exec", f"{cache}-master-0", "-c", "alluxio-master", "--", "alluxio", "fsadmin",
         "journal", "quorum", "info", "-domain", domain], capture_output=True, text=True, check=False).stdout


def _until(holds, seconds: float, output: Path) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, _end(output)
        time.sleep(2)


def _end(output: Path) -> str:
    return output.read_text()[-4000:]
