# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules as Ansible runs them: through ansible-playbook, the action plugin and module_defaults."""

import json
import os
import subprocess

import pytest
import yaml
from fluid_stand_in import counts

SECRET = "kept-in-the-cluster"
LATE = 4.5  # seconds; progress is shown from the third on


@pytest.fixture
def playbook(tmp_path, kubeconfig, namespace):
    """Run tasks, connection and namespace set once for all; return what was registered, stdout and stderr."""
    def run(tasks, *options):
        results = tmp_path / "results.json"
        names = [task["register"] for task in tasks if "register" in task]
        registered = "{{ dict(names | zip(query('ansible.builtin.vars', *names))) | to_json }}"
        last = {"ansible.builtin.copy": {"dest": str(results), "content": registered},
                "vars": {"names": names}, "check_mode": False, "diff": False}
        play = {"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, last],
                "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
                "module_defaults": {
                    "group/datacache.fluid.fluid": {"kubeconfig": kubeconfig, "namespace": namespace}}}
        file = tmp_path / "play.yml"
        file.write_text(yaml.safe_dump([play]))
        environ = {name: value for name, value in os.environ.items()
                   if name != "KUBECONFIG"} | {"ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(["ansible-playbook", "--inventory", "localhost,", "--connection", "local",
                               *options, file],
                              env=environ, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(results.read_text()), done.stdout, done.stderr
    return run


def dataset(**options):
    return {"datacache.fluid.dataset": {"name": "hbase", **options}}


def test_the_life_of_a_dataset(playbook, existing):
    mounts = [{"name": "a", "mount_point": "https://host/", "options": {"aws.secretKey": SECRET}}]
    found, stdout, stderr = playbook([
        {**dataset(mounts=mounts), "check_mode": True, "register": "predicted"},
        {**dataset(mounts=mounts), "register": "made"},
        {**dataset(mounts=mounts), "register": "again"},
        {"datacache.fluid.dataset_info": {"name": "hbase"}, "register": "read"},
        {**dataset(placement="Shared"), "register": "moved"},
        {**dataset(state="absent", wait=True), "register": "deleted"},
        {**dataset(state="absent", wait=True), "register": "deleted_again"},
    ], "--diff", "-vvv")
    assert {name: result["changed"] for name, result in found.items()} == {
        "predicted": True, "made": True, "again": False, "read": False, "moved": True, "deleted": True,
        "deleted_again": False}
    assert found["predicted"]["diff"] == found["made"]["diff"]
    assert found["read"]["resources"][0]["spec"]["mounts"][0]["mountPoint"] == "https://host/"
    assert existing("datasets") is None
    assert "https://host/" in stdout
    # With -vvv Ansible prints the task's arguments; they come from the playbook, and the module hides them.
    assert SECRET not in stdout + stderr


def test_a_long_wait_shows_its_progress(playbook, fluid):
    """A person at the terminal sees what is waited for while the task still runs, on standard error.

    The runtime's module has no action file of its own: meta/runtime.yml routes it to the one of dataset.
    """
    def start_late():
        fluid.status("alluxioruntimes", "hbase", **counts(0, 0))
        fluid.later(LATE, lambda: fluid.status("alluxioruntimes", "hbase", **counts(1, 1)))

    def bind_late():
        fluid.status("datasets", "hbase", phase="NotBound", conditions=[])
        fluid.later(3 * LATE, lambda: fluid.status("datasets", "hbase", phase="Bound", conditions=[]))
    fluid.later(0, start_late)
    fluid.later(0, bind_late)
    found, stdout, stderr = playbook([
        dataset(),  # without it the wait for the runtime fails at once
        {"datacache.fluid.alluxio_runtime": {
            "name": "hbase", "stable_peer_addresses": False, "wait": True, "wait_timeout": 60},
         "register": "ready"},
        {**dataset(wait=True, wait_timeout=60), "register": "bound"},
    ])
    assert found["ready"]["result"]["status"]["workerNumberReady"] == 1
    assert found["bound"]["result"]["status"]["phase"] == "Bound"
    for awaited in ("waiting for AlluxioRuntime hbase in namespace",
                    "waiting for Dataset hbase in namespace"):
        assert awaited in stderr
        assert awaited not in stdout


def test_a_list_shows_a_diff_for_each_changed_object_and_a_failure_one_sentence(playbook):
    datasets = [{"name": "a", "placement": "Shared"}, {"name": "b"}]
    found, stdout, _stderr = playbook([
        {"datacache.fluid.dataset": {"datasets": datasets}, "register": "made"},
        {"datacache.fluid.dataset": {"datasets": [{"name": "a", "placement": "Exclusive"}, {"name": "b"}]},
         "register": "changed"},
        {**dataset(name="HBase"), "register": "refused", "ignore_errors": True},
        {"datacache.fluid.alluxio_runtime": {"name": "hbase", "master_replicas": 2}, "register": "even",
         "ignore_errors": True},
    ], "--diff")
    assert [entry["changed"] for entry in found["changed"]["results"]] == [True, False]
    assert [entry["before_header"].rpartition("/")[2] for entry in found["changed"]["diff"]] == ["a"]
    assert "Exclusive" in stdout
    assert found["refused"]["msg"].startswith("Dataset name 'HBase' is not a DNS-1035 label")
    assert found["even"]["msg"].startswith("master_replicas is 2, an even number")
