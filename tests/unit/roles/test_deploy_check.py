# SPDX-License-Identifier: GPL-3.0-or-later
"""The role deploy validates its options by the module that has the rules, with the arguments that it applies
later.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.module import cache_options, runtime_options

DEPLOY = Path(__file__).parents[3] / "roles" / "deploy"
# No request reaches a server: these options need no look at the nodes.
VARIABLES = {
    "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "deploy_name": "hbase", "deploy_mounts": [{"mount_point": "https://host/"}],
    "deploy_network_mode": "ContainerNetwork",
}
HOSTS = {
    "accepted": ({"deploy_tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "500m"}],
                  "deploy_master_replicas": "3"}, ""),
    "quota": ({"deploy_tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "1.2.3K"}]},
              "AlluxioRuntime hbase in namespace default: tieredstore[0].quota: '1.2.3K' is not a Kubernetes "
              "quantity"),
    "timeout": ({"deploy_wait_timeout": 0}, "wait_timeout is 0"),
    "warm-up-timeout": ({"deploy_warm_up": ["/"], "deploy_warm_up_timeout": 0}, "warm_up_timeout is 0"),
    "rollout-timeout": ({"deploy_rollout_timeout": 0}, "rollout_timeout is 0"),
    # The module has accepted the definitions and asks the server, which does not exist.
    "metrics": ({"deploy_metrics": True, "deploy_metrics_labels": {"release": "prometheus"}},
                "Connection refused; check the kubeconfig or host option"),
    "metrics-label": ({"deploy_metrics": True, "deploy_metrics_labels": {"release": "two words"}},
                      "labels[release] is 'two words'"),
    "metrics-disabled": ({"deploy_metrics": True, "deploy_disable_prometheus": True},
                         "deploy_metrics (fluid_metrics) and deploy_disable_prometheus"),
}
CONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "c",
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {}}],
}


def load(path):
    return yaml.safe_load(path.read_text())


@pytest.mark.parametrize(("name", "accepted"), [
    # Fluid never reads the field of the Dataset's option runtimes.
    ("__deploy_dataset_options",
     {key: value for key, value in cache_options.dataset().items() if key != "runtimes"}),
    ("__deploy_runtime_options",
     {key: value for key, value in runtime_options.runtime().items() if key != "stable_peer_addresses"}),
])
def test_the_role_sets_each_option_of_the_module(name, accepted):
    assert load(DEPLOY / "vars" / "main.yml")[name].keys() == {"name", "namespace", *accepted}


def test_preflight_and_validation_get_the_same_arguments():
    [play] = load(DEPLOY.parents[1] / "playbooks" / "preflight.yml")
    [preflight] = [task["datacache.fluid.cache_preflight"] for task in play["tasks"]
                   if "datacache.fluid.cache_preflight" in task]
    [validation] = [task["datacache.fluid.validate_cache"] for task in load(DEPLOY / "tasks" / "check.yml")
                    if "datacache.fluid.validate_cache" in task]
    parts = ("dataset", "runtime", "volume")
    assert [preflight[part] for part in parts] == [validation[part] for part in parts]
    assert "../roles/deploy/vars/main.yml" in play["vars_files"]


def test_validation_and_deployment_get_the_same_arguments():
    [validation] = [task for task in load(DEPLOY / "tasks" / "check.yml")
                    if "datacache.fluid.validate_cache" in task]
    [metrics] = [task for task in load(DEPLOY / "tasks" / "check.yml")
                 if "datacache.fluid.cache_metrics" in task]
    [deployment] = [task for task in load(DEPLOY / "tasks" / "declare.yml") if "module_defaults" in task]
    assert deployment["module_defaults"] == {
        "datacache.fluid.dataset": validation["datacache.fluid.validate_cache"]["dataset"],
        "datacache.fluid.alluxio_runtime": validation["datacache.fluid.validate_cache"]["runtime"],
        **metrics["module_defaults"]}
    assert metrics["check_mode"] is True


CALLBACKS = DEPLOY.parents[1] / "tests" / "tools" / "callbacks"
# What AWX may store for one host; a tenth of 1.3 MB is the limit of the whole deploy_ha.
MOST_BYTES = 25_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("check")


@pytest.fixture(scope="module")
def messages(folder):
    """Run the entry point for hosts with different options, and return the message of each; empty where it
    passed.
    """
    (folder / "config").write_text(json.dumps(CONFIG))
    hosts = {name: own for name, (own, _message) in HOSTS.items()}
    inventory = {"all": {"vars": VARIABLES, "hosts": hosts}}
    (folder / "hosts.yml").write_text(json.dumps(inventory))
    (folder / "play.yml").write_text(json.dumps([{
        "hosts": "all", "gather_facts": False,
        "module_defaults": {"group/datacache.fluid.fluid": {"kubeconfig": str(folder / "config")}},
        "tasks": [{
            "block": [
                {"ansible.builtin.import_role": {"name": "datacache.fluid.deploy", "tasks_from": "check"}}],
            "rescue": [{"ansible.builtin.copy": {
                "content": "{{ ansible_failed_result.msg }}",
                "dest": f"{folder}/{{{{ inventory_hostname }}}}"}}]}]}]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", folder / "hosts.yml", folder / "play.yml"],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "EVENT_BYTES": str(folder / "bytes"), "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
             "ANSIBLE_CALLBACKS_ENABLED": "event_bytes"})
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: (folder / name).read_text() if (folder / name).exists() else "" for name in HOSTS}


@pytest.mark.parametrize("host", HOSTS)
def test_the_check_of_the_role(messages, host):
    expected = HOSTS[host][1]
    assert expected in messages[host] if expected else messages[host] == ""


def test_the_events_are_small(messages, folder):
    counted = {each["task"].rpartition(" : ")[2]: each["results"] + each["arguments"]
               for each in json.loads((folder / "bytes").read_text())}
    assert counted["Validate the cache options"] < MOST_BYTES * len(HOSTS)
    assert counted["Validate the cache options"] > 1000
