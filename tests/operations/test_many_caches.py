# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty caches of one cluster in one inventory: what an unchanged run costs, against that of one of them."""

import json
import os
import time
from pathlib import Path

import pytest
import yaml
from plays import Played, measured, play, played

CACHES = 20
# Small enough for one machine: a master each, no worker, and containers that request little.
_VARIABLES = {
    "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "fluid_name": "{{ inventory_hostname }}", "fluid_master_replicas": 1, "fluid_worker_replicas": 0,
    "fluid_network_mode": "ContainerNetwork", "fluid_placement": "Shared", "fluid_probes": False,
    "fluid_tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "64Mi"}],
    "fluid_jvm_options": ["-Xmx256m", "-XX:TieredStopAtLevel=1"]}
_AGENTS = ("datacache.fluid", "OpenAPI-Generator", "Helm")
_MOST = 3.0


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    path = tmp_path_factory.mktemp("fleet") / "hosts.yml"
    names = [f"cache-{number:02d}" for number in range(1, CACHES + 1)]
    path.write_text(yaml.safe_dump({"all": {"vars": _VARIABLES, "hosts": dict.fromkeys(names)}}))
    played("install")
    played("deploy", inventory=path, options=("--forks", "4"), seconds=3000)
    yield path
    play("cleanup", {"fluid_cleanup_fluid": True}, inventory=path, options=("--forks", "10"))


def test_an_unchanged_run_costs_little_more_than_that_of_one_cache(inventory):
    played("deploy", inventory=inventory, options=("--limit", "cache-01"))  # its status is written by now
    one, requests_of_one = counted(inventory, "--limit", "cache-01")
    every, requests_of_every = counted(inventory, "--forks", str(CACHES))
    measured(seconds=[one.seconds, every.seconds], requests=[requests_of_one, requests_of_every])
    assert requests_of_every <= CACHES * requests_of_one
    assert every.seconds <= _MOST * one.seconds, (one.seconds, every.seconds)


def counted(inventory: Path, *options: str) -> tuple[Played, int]:
    """An unchanged run, and the requests of it by the API server's audit log."""
    before = requests()
    found = played("deploy", inventory=inventory, options=options)
    assert found.counts["changed"] == 0, found.output[-4000:]
    return found, requests() - before


def requests() -> int:
    """The requests of Ansible's modules so far. The log is written in batches."""
    time.sleep(3)
    log = Path(os.environ["KUBECONFIG"]).parent / "log" / "audit.log"
    with log.open() as lines:
        return sum(json.loads(line).get("userAgent", "").startswith(_AGENTS) for line in lines)
