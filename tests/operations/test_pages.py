# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the pages, as typed, one after the other in the life of one cache.

They name the inventory my-inventory, the cache hbase of the namespace data and the claim backups. What they
name beside these is as on the lab: VALUES.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from cluster_accounts import CHECKOUT, kubectl
from cluster_acts import apply, get
from plays import LOG, logged
from toolbox.site import journey, pages

OWN = """\
fluid_namespace: data
# FUSE pods forget cached metadata when they are asked to, instead of after ten minutes.
fluid_properties: {alluxio.fuse.special.command.enabled: "true"}
# Five masters on three nodes.
fluid_network_mode: ContainerNetwork
fluid_journal_volume: {type: emptyDir}
fluid_tieredstore: [{mediumtype: MEM, path: /dev/shm, quota: 512Mi, high: "0.95", low: "0.7"}]
"""
# Files, folders and numbers of the pages, as they are on the lab. Files are in the folder of the test.
VALUES = {"/hbase/images": "/hbase", "fluid_worker_replicas=4": "fluid_worker_replicas=3",
          "/var/lib/reports": "{folder}/reports", "/tmp/hbase.tar.gz": "{folder}/hbase.tar.gz"}
_BACKUP = re.compile(r"\bdata\.hbase\.\d{8}T\d{6}Z\b")
_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "data"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the person who types: an inventory with the lab's variables, and the pages' files."""
    path = tmp_path_factory.mktemp("journey")
    (path / "reports").mkdir()
    inventory = path / "my-inventory"
    shutil.copytree(CHECKOUT / "playbooks" / "inventory" / "hbase", inventory)
    variables = inventory / "group_vars" / "all"
    variables.mkdir()
    (inventory / "group_vars" / "all.yml").rename(variables / "cache.yml")
    # Files of group_vars are read by name, and the last value counts.
    shutil.copy(CHECKOUT / "tests" / "tools" / "lab.yml", variables / "lab.yml")
    (variables / "own.yml").write_text(OWN)
    # Beside it, for the caches that the plugin finds.
    (path / "group_vars").mkdir()
    shutil.copy(variables / "lab.yml", path / "group_vars" / "all.yml")
    (path / "caches.alluxio.yml").write_text("plugin: datacache.fluid.alluxio\n")
    apply(_NAMESPACE)
    apply(claim_of_backups())
    yield path
    kubectl("delete", "namespace", "data", "--wait=false")


def claim_of_backups() -> dict:
    text = (CHECKOUT / "docs" / "tasks" / "back-up.md").read_text()
    return next(found for block in pages.blocks(text) if block.language == "yaml"
                and (found := yaml.safe_load(block.text)).get("kind") == "PersistentVolumeClaim")


@pytest.mark.parametrize("page", journey.PAGES)
def test_the_commands_of_a_page(folder, page):
    text = (CHECKOUT / "docs" / f"{page}.md").read_text()
    typed = [command for command in journey.commands(text) if not journey.left_out(command)]
    assert typed
    try:
        for command in typed:
            run(folder, command)
    finally:
        kubectl("uncordon", *(node["metadata"]["name"] for node in get("nodes")["items"]))


def run(folder: Path, command: str) -> None:
    """Run a command of a page in the shell, and require that it succeeds."""
    for name, value in VALUES.items():
        command = command.replace(name, value.replace("{folder}", str(folder)))
    command = _BACKUP.sub(last_backup(), command)
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=1500)
    logged(f"$ {command}\n{done.stdout}{done.stderr}")
    assert done.returncode == 0, f"$ {command}\n{(done.stdout + done.stderr)[-6000:]}"


def last_backup() -> str:
    """Return the name of the newest backup in the output so far; empty before the first one."""
    found = _BACKUP.findall(LOG.read_text()) if LOG.exists() else []
    return found[-1] if found else ""
