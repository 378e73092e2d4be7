# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks and roles of this collection, run by ansible-playbook on modules that only answer.

Every start of a module is noted, Ansible's own included: a start costs more than the work of most modules.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[4]
_LINKED = ("roles", "playbooks", "meta", "galaxy.yml", "README.md", "plugins/action", "plugins/filter",
           "plugins/plugin_utils", "plugins/module_utils", "plugins/doc_fragments")
_CORE = ("helm", "helm_info", "k8s", "k8s_info", "k8s_scale")
_STAND_IN = '''#!/usr/bin/python
# WANT_JSON
import json, os, pathlib, sys
answers = json.loads(pathlib.Path("{folder}", os.environ["ROLE_SITE_HOST"] + ".json").read_text())
given = json.loads(pathlib.Path(sys.argv[1]).read_text())
answer = answers.get("{module}", {{}})
if given["_ansible_check_mode"]:
    answer = answers.get("{module} in check mode", answer)
if "unchanged_names" in answer:
    answer["unchanged"] = [each["id"] for each in given["caches"]
                           if each["dataset"]["name"] in answer["unchanged_names"]]
print(json.dumps({{"changed": False, **answer}}))
'''
_INTERPRETER = '''#!/bin/sh
name="${{1##*/}}"
echo "${{name#AnsiballZ_}}" >> {folder}/{host}.starts
ROLE_SITE_HOST={host} exec {python} "$@"
'''
INSTALLATION = {
    "installed": True, "namespace": "fluid-system", "release": {"name": "fluid", "namespace": "fluid-system"},
    "adopted": False, "chart_values": {}, "definitions": True, "csi": True, "idle_controllers": [],
    "up_to_date": True, "ready": True, "digest": "9f86d081"}
# The answers of all modules for a cache that is as it is declared.
UNCHANGED = {
    "namespace": {"existed": True, "missing": []},
    "dataset": {"in_phase": True},
    "alluxio_runtime": {"result": {"metadata": {"name": "hbase"}}},
    "alluxio_rollout": {"settled": True},
    "cache_probe": {"probe": {}},
    "pod": {"name": "hbase-drill-reader-3f9a1c"},
    "cache_info": {"figures": {"name": "hbase", "failed_checks": [], "degraded_checks": [],
                               "masters": {"ready": 3, "desired": 3, "leader": "hbase-master-1"}},
                   "report": ["cache  hbase"]},
    "helm_info": {"status": {}},
    "k8s_info": {"resources": [{"kind": "Namespace"}]},
}
INVENTORY = {
    "ansible_connection": "local", "fluid_name": "hbase", "fluid_namespace": "data",
    "fluid_mounts": [{"name": "hbase", "mount_point": "https://host/", "options": {"aws.secretKey": "kept"}}]}


class RoleSite:
    """A collection whose modules answer what a test arranges. folder: an empty one.

    modules: the folder of its modules.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.output = ""
        self._own = folder / "collections" / "ansible_collections" / "datacache" / "fluid"
        for name in _LINKED:
            link = self._own / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(CHECKOUT / name)
        self.modules = self._own / "plugins" / "modules"
        self._put(self._own, [path.stem for path in (CHECKOUT / "plugins" / "modules").glob("*.py")])
        core = self._own.parents[1] / "kubernetes" / "core"
        self._put(core, _CORE)
        (core / "meta").mkdir()
        (core / "meta" / "runtime.yml").write_text(json.dumps({"action_groups": {
            group: [name for name in _CORE if name.startswith(group)] for group in ("helm", "k8s")}}))

    def _put(self, collection: Path, modules) -> None:
        folder = collection / "plugins" / "modules"
        folder.mkdir(parents=True)
        for name in modules:
            (folder / f"{name}.py").write_text(_STAND_IN.format(folder=self._folder, module=name))

    def run(self, playbook, *options, hosts=None, passes=True, **variables) -> dict[str, list[str]]:
        """Run a playbook and return the modules by host, in the order of their starts.

        playbook: the name of one of the collection, or a list of plays. hosts: the answers of modules by
        host, above UNCHANGED; `<module> in check mode` is what it answers then, and `variables` are the
        host's. Each host is a cache of a cluster of its own, unless these say otherwise. passes: whether no
        host may fail. variables: of all hosts.
        """
        hosts = hosts or {"one": {}}
        inventory = self.inventory(hosts, **variables)
        file = self._own / "playbooks" / f"{playbook}.yml"
        if not isinstance(playbook, str):
            file = self._folder / "play.yml"
            file.write_text(json.dumps(playbook))
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory, file,
             *options], capture_output=True, text=True, timeout=900, check=False,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
                 **self.environ})
        self.output = done.stdout + done.stderr
        assert (done.returncode == 0) is passes, self.output
        return {host: self.started(host) for host in hosts}

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which Ansible finds this collection, and prints what a job passes on."""
        return {"HOME": str(self._folder), "ANSIBLE_COLLECTIONS_PATH": str(self._folder / "collections"),
                "ANSIBLE_SHOW_CUSTOM_STATS": "true"}

    def inventory(self, hosts: dict, **variables) -> Path:
        """Store the answers of modules by host; return the file of the inventory with these hosts."""
        path = self._folder / "hosts.yml"
        path.write_text(json.dumps({"all": {"vars": {**INVENTORY, **variables}, "hosts": {
            host: {"ansible_python_interpreter": self._prepared(host, answers),
                   "fluid_context": host, **answers.get("variables", {})}
            for host, answers in hosts.items()}}}))
        return path

    def started(self, host: str) -> list[str]:
        """Return the modules that have started for a host, in their order."""
        return [name.removesuffix(".py") for name in self._starts(host).read_text().split()]

    def _prepared(self, host: str, answers: dict) -> str:
        """Store the answers of a host, and return the interpreter that notes its starts."""
        own = {**UNCHANGED, "fluid_installation_info": {**INSTALLATION, "cluster": host}, **answers}
        (self._folder / f"{host}.json").write_text(json.dumps(own))
        self._starts(host).write_text("")
        interpreter = self._folder / f"{host}.python"
        interpreter.write_text(
            _INTERPRETER.format(folder=self._folder, host=host, python=sys.executable))
        interpreter.chmod(0o755)
        return str(interpreter)

    def _starts(self, host: str) -> Path:
        return self._folder / f"{host}.starts"
