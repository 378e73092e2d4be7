# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin: hosts, variables, groups and requests."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory as rules

COLLECTION = Path(__file__).parents[4]
PLUGINS = "ansible_collections.datacache.fluid.plugins"
plugin_file = import_module(PLUGINS + ".inventory.alluxio")
WEB, METRICS = 24110, "/metrics/prometheus/"
CONTAINERS = [{"name": "alluxio-master", "ports": [{"name": "web", "containerPort": WEB}]}]
DEFAULTS = {"plugin": "datacache.fluid.alluxio", "connections": [], "namespaces": [], "label_selectors": [],
            "field_selectors": [], "masters": True, "quorum": True, "cache": False, "strict": False,
            "compose": {}, "groups": {}, "keyed_groups": [], "use_extra_vars": False,
            "leading_separator": True, "proxy_headers": {}}


def put_cache(cluster, name="hbase", namespace="data", masters=3, labels=None, annotations=None,
              phase="Bound", **spec):
    identity = {"name": name, "namespace": namespace}
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {**identity, "labels": {"fluid.io/dataset-id": f"{namespace}-{name}", **(labels or {})}},
        "spec": {"mounts": [{"mountPoint": "https://me:hunter2@host/x", "name": "x",
                             "options": {"aws.secretKey": "planted-secret"}}]},
        "status": {"phase": phase, "fileNum": "7", "ufsTotal": "80.00MiB",
                   "runtimes": [{"name": name, "type": "alluxio"}] if phase == "Bound" else None,
                   "cacheStates": {"cached": "40.00MiB", "cachedPercentage": "50.0%"}}})
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {**identity, "annotations": annotations or {}},
        "spec": {"replicas": 2, "master": {"replicas": masters}, **spec},
        "status": {"masterPhase": "Ready", "masterNumberReady": masters}})
    for index in range(masters):
        put_master(cluster, name, namespace, index)


def put_master(cluster, name, namespace, index, started=True, **metadata):
    cluster.put(kinds.POD, {
        "metadata": {"name": f"{name}-master-{index}", "namespace": namespace,
                     "labels": {"release": name, "role": "alluxio-master"}, **metadata},
        "spec": {"nodeName": f"node{index}", "containers": CONTAINERS},
        "status": {"phase": "Running", "podIP": f"10.0.0.{index}",
                   "conditions": [{"type": "Ready", "status": "True"}]} if started else {"phase": "Pending"}})


def trusted(options):
    """Options as Ansible reads them from a file: their text may be a template."""
    try:
        from ansible.template import trust_as_template
    except ImportError:  # ansible-core 2.18 and earlier
        return options
    if isinstance(options, dict):
        return {key: trusted(each) for key, each in options.items()}
    if isinstance(options, list):
        return [trusted(each) for each in options]
    return trust_as_template(options) if isinstance(options, str) else options


@pytest.fixture
def inventory(cluster, monkeypatch):
    """Parse options in this process: the inventory, the warnings and the plugin."""
    others, stored = {}, {}

    def connect(params):
        found = others.get(params.get("context"), cluster)
        if isinstance(found, Exception):
            raise found
        return found

    def parse(use_cache=True, **options):
        plugin = plugin_file.InventoryModule()
        values = {**DEFAULTS, **trusted(options)}
        warnings = []
        plugin._load_name = plugin.ansible_name = plugin.NAME
        plugin._defs = {name: {} for name in (*DEFAULTS, *plugin_file._CONNECTION)}
        plugin._cache = stored
        plugin.display = SimpleNamespace(warning=warnings.append)
        plugin.get_option = values.get
        plugin._read_config_data = lambda _path: {"plugin": plugin.NAME, **options}
        monkeypatch.setattr(connection, "connect", connect)
        data = InventoryData()
        plugin.parse(data, DataLoader(), "/x/caches.alluxio.yml", use_cache)
        return SimpleNamespace(
            warnings=warnings,
            groups={name: hosts for name, hosts in data.get_groups_dict().items() if hosts},
            hosts={name: {key: value for key, value in host.get_vars().items()
                          if not key.startswith(("inventory_", "group_names"))}
                   for name, host in data.hosts.items()})
    return SimpleNamespace(parse=parse, others=others, stored=stored)


def put_quorum(cluster, recorded, name="hbase"):
    """The recorded leader is hbase-master-2."""
    cluster.web[f"{name}-master-2", WEB, METRICS] = recorded("leader_metrics_master.txt").replace(
        "hbase-master", f"{name}-master")


def test_a_cache_is_a_host_with_what_it_declares(cluster, inventory):
    volume = {"type": "claim", "size": "1Gi", "keep": True}
    put_cache(cluster, labels={"team": "search", "tier": ""}, worker={"networkMode": "ContainerNetwork"},
              annotations={"datacache.fluid/journal-volume": json.dumps(volume)})
    found = inventory.parse(quorum=False)
    assert found.hosts["hbase.data"] == {
        "ansible_connection": "local", "ansible_python_interpreter": sys.executable,
        "fluid_name": "hbase", "fluid_namespace": "data", "fluid_master_replicas": 3,
        "fluid_worker_replicas": 2, "fluid_network_mode": "HostNetwork",
        "fluid_journal_volume": volume,
        "alluxio_phase": "Bound", "alluxio_total_bytes": 80 * 1024 ** 2,
        "alluxio_cached_bytes": 40 * 1024 ** 2, "alluxio_capacity_bytes": None,
        "alluxio_cached_percentage": 50.0, "alluxio_files": 7,
        "alluxio_mounts": [{"name": "x", "path": "/x", "mount_point": "https://me:VALUE_HIDDEN@host/x"}],
        "alluxio_masters": {"ready": 3, "desired": 3}, "alluxio_workers": {"ready": 0, "desired": 2},
        "alluxio_fuses": {"ready": 0, "desired": 0}, "alluxio_master_phase": "Ready",
        "alluxio_worker_phase": "", "alluxio_fuse_phase": "", "alluxio_cluster": "",
        "alluxio_labels": {"team": "search", "tier": ""}, "alluxio_terminating": False,
        "alluxio_master_hosts": [f"hbase-master-{index}.hbase.data" for index in range(3)]}
    assert {name: hosts for name, hosts in found.groups.items() if "hbase.data" in hosts} == {
        name: ["hbase.data"] for name in ("alluxio_caches", "alluxio_phase_bound", "alluxio_namespace_data",
                                          "alluxio_label_team_search", "alluxio_label_tier")}


def test_the_playbooks_accept_the_variables(cluster, inventory):
    """validate_variables refuses those that no playbook reads, and values of another type."""
    put_cache(cluster, annotations={"datacache.fluid/journal-volume": '{"type": "emptyDir"}'})
    values = {name: value for name, value in inventory.parse(
        kubeconfig="/k", context="c").hosts["hbase.data"].items() if name.startswith("fluid_")}
    known = rules.variables(COLLECTION)
    assert rules.unknown(list(values), known) == rules.invalid(values, known) == []
    assert (values["fluid_kubeconfig"], values["fluid_context"]) == ("/k", "c")


def test_masters_are_hosts_of_their_role(cluster, inventory, recorded):
    put_cache(cluster)
    put_quorum(cluster, recorded)
    found = inventory.parse(kubeconfig="~/k", validate_certs=False, api_key="planted-secret",
                            password="planted-secret")
    own = found.hosts["hbase-master-2.hbase.data"]
    of_the_cache = {name: value for name, value in found.hosts["hbase.data"].items()
                    if name.startswith("alluxio_") and name != "alluxio_master_hosts"}
    assert own == of_the_cache | {
        "ansible_connection": "kubernetes.core.kubectl", "ansible_kubectl_pod": "hbase-master-2",
        "ansible_kubectl_namespace": "data", "ansible_kubectl_container": "alluxio-master",
        "ansible_kubectl_kubeconfig": os.path.expanduser("~/k"), "ansible_kubectl_validate_certs": False,
        "alluxio_cache": "hbase.data", "alluxio_cluster": "", "alluxio_role": "leader",
        "alluxio_node": "node2", "alluxio_address": "10.0.0.2", "alluxio_pod_phase": "Running"}
    assert found.groups["alluxio_masters"] == [f"hbase-master-{index}.hbase.data" for index in range(3)]
    assert found.groups["alluxio_leader"] == ["hbase-master-2.hbase.data"]
    assert found.groups["alluxio_follower"] == [f"hbase-master-{index}.hbase.data" for index in range(2)]
    assert "alluxio_unavailable" not in found.groups
    assert found.hosts["hbase.data"]["alluxio_leader"] == "hbase-master-2"
    assert "planted-secret" not in str(found) and "hunter2" not in str(found)


def test_masters_without_pod_terminating_or_without_leader_are_unavailable(cluster, inventory, recorded):
    put_cache(cluster, masters=5)
    put_quorum(cluster, recorded)
    put_master(cluster, "hbase", "data", 1, deletionTimestamp="2026-11-23T12:00:00Z")
    cluster.vanish(kinds.POD, "hbase-master-3", "data")
    put_cache(cluster, "leaderless")
    put_cache(cluster, "unstarted")
    for index in range(3):
        put_master(cluster, "unstarted", "data", index, started=False)
    found = inventory.parse()
    assert found.groups["alluxio_follower"] == ["hbase-master-0.hbase.data"]
    assert found.groups["alluxio_unavailable"] == [
        *(f"hbase-master-{index}.hbase.data" for index in (1, 3, 4)),
        *(f"{name}-master-{index}.{name}.data" for name in ("leaderless", "unstarted") for index in range(3))]
    assert found.hosts["leaderless.data"]["alluxio_leader"] is None
    assert found.warnings == []


def test_a_single_master_leads_without_a_request(cluster, inventory):
    put_cache(cluster, masters=1)
    assert inventory.parse().groups["alluxio_leader"] == ["hbase-master-0.hbase.data"]
    assert ("get", "pods/proxy") not in cluster.requests


@pytest.mark.parametrize(("options", "pods", "proxy"), [
    ({}, 1, 20 * 4), ({"quorum": False}, 1, 0), ({"masters": False}, 0, 0)], ids=str)
def test_twenty_caches_cost_three_lists_and_their_quorums(cluster, inventory, recorded, options, pods, proxy):
    for number in range(20):
        put_cache(cluster, f"cache{number}", f"team{number % 7}")
        put_quorum(cluster, recorded, f"cache{number}")
    found = inventory.parse(**options)
    assert Counter(cluster.requests) == Counter({
        ("list", "datasets"): 1, ("list", "alluxioruntimes"): 1, ("list", "pods"): pods,
        ("get", "pods/proxy"): proxy})
    assert len(found.groups["alluxio_caches"]) == 20
    assert len(found.groups.get("alluxio_masters", [])) == 60 * pods


def test_which_datasets_are_caches(cluster, inventory):
    put_cache(cluster)
    for name, spec, status in (
            ("new", {}, {}), ("jindo", {}, {"phase": "Bound", "runtimes": [{"type": "jindo"}]}),
            ("refers", {"mounts": [{"mountPoint": "dataset://data/hbase"}]}, {"phase": "Bound"})):
        cluster.put(fluid_kinds.DATASET, {
            "metadata": {"name": name, "namespace": "data"}, "spec": spec, "status": status})
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "left", "namespace": "data"}, "spec": {}})
    found = inventory.parse()
    assert found.groups["alluxio_caches"] == ["hbase.data", "left.data", "new.data"]
    assert found.groups["alluxio_phase_none"] == ["left.data", "new.data"]
    assert "fluid_master_replicas" not in found.hosts["new.data"]


def test_selectors_select_datasets_and_their_runtimes(cluster, inventory):
    put_cache(cluster, "a", labels={"team": "x"})
    put_cache(cluster, "b", labels={"team": "y"})
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {"name": "left", "namespace": "data"}, "spec": {}})
    assert inventory.parse(label_selectors=["team=x"]).groups["alluxio_caches"] == ["a.data"]
    assert inventory.parse(field_selectors=["metadata.name=b"]).groups["alluxio_caches"] == ["b.data"]


def test_constructed_groups_and_variables(cluster, inventory):
    put_cache(cluster, masters=1)
    found = inventory.parse(
        strict=True, compose={"mib": "alluxio_cached_bytes / 1024 ** 2"},
        groups={"cold": "alluxio_cached_percentage < 60"},
        keyed_groups=[{"key": "fluid_network_mode | default('')", "prefix": "network",
                       "default_value": "of_the_cache"}])
    # ansible-core before 2.19 composes text.
    assert float(found.hosts["hbase.data"]["mib"]) == 40
    assert found.groups["network_HostNetwork"] == ["hbase.data"]
    assert found.groups["network_of_the_cache"] == ["hbase-master-0.hbase.data"]
    assert found.groups["cold"] == ["hbase.data", "hbase-master-0.hbase.data"]


def test_a_wrong_expression_fails_with_strict(cluster, inventory):
    put_cache(cluster)
    with pytest.raises(Exception, match="missing_variable"):
        inventory.parse(strict=True, compose={"x": "missing_variable"})


def test_a_value_of_the_cluster_is_no_template(cluster, inventory):
    put_cache(cluster)
    cluster.change(fluid_kinds.DATASET, "hbase", "data", {
        "spec": {"mounts": [{"mountPoint": "https://{{ lookup('pipe', 'id') }}/", "name": "x"}]}})
    variables = inventory.parse().hosts["hbase.data"]
    evaluated = Templar(loader=DataLoader(), variables=variables).template(variables["alluxio_mounts"])
    assert evaluated[0]["mount_point"] == "https://{{ lookup('pipe', 'id') }}/"


# -- several clusters and namespaces --------------------------------------------------------------

def test_several_clusters(cluster, inventory):
    other = type(cluster)()
    inventory.others.update({"admin@prod:6443": cluster, "trial": other})
    put_cache(cluster)
    put_cache(other, "spark", masters=1)
    found = inventory.parse(connections=[
        {"context": "admin@prod:6443"}, {"name": "try", "kubeconfig": "/k2", "context": "trial"}],
        kubeconfig="/k1")
    assert found.groups["alluxio_caches"] == ["hbase.data.admin-prod-6443", "spark.data.try"]
    assert found.groups["alluxio_cluster_try"] == ["spark.data.try"]
    assert [[found.hosts[name][f"fluid_{option}"] for option in ("kubeconfig", "context")]
            for name in found.groups["alluxio_caches"]] == [["/k1", "admin@prod:6443"], ["/k2", "trial"]]
    assert found.hosts["spark-master-0.spark.data.try"]["ansible_kubectl_context"] == "trial"


def test_a_cluster_that_does_not_answer_leaves_the_others(cluster, inventory):
    inventory.others.update(a=ServerUnavailable("no API server answers at https://a"), b=cluster)
    put_cache(cluster)
    options = {"connections": [{"context": "a"}, {"context": "b"}], "cache": True}
    found = inventory.parse(**options)
    assert found.groups["alluxio_caches"] == ["hbase.data.b"]
    assert found.warnings == [
        "cluster a: its caches are left out: no API server answers at https://a"] + found.warnings[1:]
    assert inventory.stored == {}


def test_a_single_cluster_that_does_not_answer_is_an_error(cluster, inventory):
    cluster.go_down(60)
    with pytest.raises(AnsibleParserError) as refused:
        inventory.parse()
    assert refused.value.message == "caches.alluxio.yml: no API server answers"


def test_without_fluid_it_is_one_sentence(cluster, inventory):
    cluster.missing_kinds.add(fluid_kinds.DATASET)
    with pytest.raises(AnsibleParserError, match="the cluster does not know the kind Dataset"):
        inventory.parse()


def refuse_namespace(cluster, monkeypatch, namespace):
    real = cluster.list

    def listed(kind, scope=None, *selectors, **more):
        if scope == namespace:
            cluster.forbidden.add(("list", kind.plural))
        try:
            yield from real(kind, scope, *selectors, **more)
        finally:
            cluster.forbidden.discard(("list", kind.plural))
    monkeypatch.setattr(cluster, "list", listed)


def test_a_forbidden_namespace_leaves_the_others(cluster, inventory, monkeypatch):
    put_cache(cluster, masters=1)
    put_cache(cluster, "hidden", "secret")
    refuse_namespace(cluster, monkeypatch, "secret")
    found = inventory.parse(namespaces=["secret", "data"], cache=True)
    assert found.groups["alluxio_caches"] == ["hbase.data"]
    assert found.warnings == ["namespace secret was left out: not allowed to list datasets.data.fluid.io"]
    assert inventory.stored == {}


@pytest.mark.parametrize(("namespaces", "message"), [
    ([], "set namespaces to those that may be read"), (["data"], "none of the namespaces may be read")])
def test_nothing_that_may_be_read_is_an_error(cluster, inventory, namespaces, message):
    cluster.forbidden.add(("list", "datasets"))
    with pytest.raises(AnsibleParserError, match=message):
        inventory.parse(namespaces=namespaces)


def test_without_permission_for_pods_the_caches_remain(cluster, inventory):
    put_cache(cluster)
    cluster.forbidden.add(("list", "pods"))
    found = inventory.parse()
    assert list(found.hosts) == ["hbase.data"]
    assert found.warnings == ["the masters were left out: not allowed to list pods"]


def test_without_permission_for_the_quorum_the_masters_remain(cluster, inventory):
    put_cache(cluster)
    put_cache(cluster, "spark")
    cluster.forbidden.add(("get", "pods/proxy"))
    found = inventory.parse()
    assert len(found.groups["alluxio_masters"]) == 6
    assert not {"alluxio_leader", "alluxio_follower", "alluxio_unavailable"} & found.groups.keys()
    assert found.warnings == ["the leader and the followers of data/hbase, data/spark are unknown: not "
                              "allowed to get pods/proxy"]


# -- the cache ------------------------------------------------------------------------------------

def test_a_cached_inventory_costs_no_request(cluster, inventory, recorded):
    put_cache(cluster)
    put_quorum(cluster, recorded)
    first = inventory.parse(cache=True)
    cluster.requests.clear()
    stored = json.loads(json.dumps(inventory.stored))
    inventory.stored.clear()
    inventory.stored.update(stored)
    assert inventory.parse(cache=True) == first
    assert cluster.requests == []
    inventory.parse(cache=True, use_cache=False)
    assert ("list", "datasets") in cluster.requests


@pytest.mark.parametrize("other", [
    {"context": "other"}, {"kubeconfig": "/other"}, {"host": "https://other"}, {"namespaces": ["data"]},
    {"label_selectors": ["a=b"]}, {"masters": False}, {"quorum": False}], ids=str)
def test_another_selection_is_not_answered_from_the_cache(cluster, inventory, other):
    inventory.parse(cache=True)
    cluster.requests.clear()
    inventory.parse(cache=True, **other)
    assert cluster.requests != []


# -- as Ansible runs it ---------------------------------------------------------------------------

class ApiServer(BaseHTTPRequestHandler):
    """Lists the caches of a FakeCluster in pages of one object."""

    def do_GET(self):
        url = urlsplit(self.path)
        self.server.seen.append(url.path)
        kind = next((kind for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME, kinds.POD)
                     if url.path.endswith("/" + kind.plural)), None)
        if kind is None or self.headers["Authorization"] != "Bearer planted-secret":
            self.send_response(401)
            self.end_headers()
            return
        items = list(self.server.cluster.list(kind))
        start = int(parse_qs(url.query).get("continue", ["0"])[0])
        more = str(start + 1) if start + 1 < len(items) else ""
        body = json.dumps({"metadata": {"continue": more}, "items": items[start:start + 1]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        """Print nothing."""


@pytest.fixture
def server(cluster):
    made = ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
    made.cluster, made.seen = cluster, []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def ansible(program, folder, *arguments, **environment):
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *map(str, arguments)], capture_output=True, text=True,
        timeout=300, check=False, cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder),
             "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "ANSIBLE_NOCOLOR": "1",
             "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"], **environment})
    return done.stdout, done.stderr


def test_ansible_inventory_reads_pages_with_the_environment(cluster, server, tmp_path):
    for number in range(3):
        put_cache(cluster, f"cache{number}", masters=1)
    (tmp_path / "x.alluxio.yml").write_text(json.dumps({
        "plugin": "datacache.fluid.alluxio", "cache": True, "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "stored")}))
    environment = {"K8S_AUTH_HOST": f"http://127.0.0.1:{server.server_port}",
                   "K8S_AUTH_API_KEY": "planted-secret"}
    for _run in range(2):
        output, errors = ansible(
            "ansible-inventory", tmp_path, "-i", "x.alluxio.yml", "--list", **environment)
        found = json.loads(output)
        assert found["alluxio_caches"]["hosts"] == [f"cache{number}.data" for number in range(3)], errors
        assert found["_meta"]["hostvars"]["cache0-master-0.cache0.data"]["alluxio_role"] == "leader"
    assert Counter(path.rpartition("/")[2] for path in server.seen) == {
        "datasets": 3, "alluxioruntimes": 3, "pods": 3}
    stored = "".join(path.read_text() for path in (tmp_path / "stored").iterdir())
    assert "cache0" in stored and "planted-secret" not in stored + output + errors and "hunter2" not in stored


def test_an_empty_variable_is_not_given(tmp_path):
    """Ansible takes an empty variable for false, which turned the verification of certificates off."""
    (tmp_path / "x.alluxio.yml").write_text("plugin: datacache.fluid.alluxio\ncert_file: /from-the-file\n")
    (tmp_path / "show.py").write_text("""
import json
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, inventory_loader
init_plugin_loader()
plugin = inventory_loader.get("datacache.fluid.alluxio")
plugin.loader = DataLoader()
print(json.dumps(plugin._connection_params(plugin._read_config_data("x.alluxio.yml"))))
""")
    empty = dict.fromkeys(["K8S_AUTH_VALIDATE_CERTS", "K8S_AUTH_VERIFY_SSL", "K8S_AUTH_IMPERSONATE_GROUPS",
                           "K8S_AUTH_HOST", "K8S_AUTH_PERSIST_CONFIG", "K8S_AUTH_CERT_FILE"], "")
    output, errors = ansible("python", tmp_path, "show.py", K8S_AUTH_PROXY="http://proxy:3128", **empty)
    given = {option: value for option, value in json.loads(output).items() if value is not None}
    headers = {"proxy_basic_auth": None, "basic_auth": None, "user_agent": None}
    assert given == {"client_cert": "/from-the-file", "proxy": "http://proxy:3128",
                     "proxy_headers": headers}, errors


@pytest.mark.parametrize(("config", "sentence"), [
    ({"namespace": "data"}, "namespace is no option: did you mean namespaces?"),
    ({"connections": [{"context": "a"}], "host": "https://a"}, "host is given beside connections"),
    ({"kubeconfig": "/absent"}, "no cluster to connect to: /absent cannot be used"),
], ids=str)
def test_a_mistake_is_one_sentence(tmp_path, config, sentence):
    (tmp_path / "x.alluxio.yml").write_text(json.dumps({"plugin": "datacache.fluid.alluxio", **config}))
    output, errors = ansible("ansible-inventory", tmp_path, "-i", "x.alluxio.yml", "--list")
    assert f"x.alluxio.yml: {sentence}" in errors.replace("\n", " "), errors
    assert "Traceback" not in output + errors


def test_ansible_doc_shows_the_connection_options(tmp_path):
    output, errors = ansible("ansible-doc", tmp_path, "-t", "inventory", "--json", "datacache.fluid.alluxio")
    options = json.loads(output)["datacache.fluid.alluxio"]["doc"]["options"]
    assert options["api_key"]["env"] == [{"name": "K8S_AUTH_API_KEY"}], errors
    assert {"cache_plugin", "keyed_groups", "strict", "impersonate_groups"} <= options.keys()


def test_the_environment_is_that_of_the_modules():
    """The doc fragment of plugins names what arguments.connection() names for modules."""
    arguments = import_module(PLUGINS + ".module_utils.module.arguments")
    fragment = import_module(PLUGINS + ".doc_fragments.connection").ModuleDocFragment.ENVIRONMENT
    documented = {option: [each["name"] for each in spec["env"]]
                  for option, spec in yaml.safe_load(fragment)["options"].items()}
    assert documented == {option: spec["fallback"][1] for option, spec in arguments.connection().items()
                          if "fallback" in spec}
    assert set(plugin_file._CONNECTION) == arguments.connection().keys()


@pytest.mark.parametrize(("name", "valid"), [
    ("a.alluxio.yml", True), ("a.alluxio.yaml", True), ("a.yml", False), ("alluxio.yml", False)])
def test_the_ending_of_the_file(tmp_path, name, valid):
    (tmp_path / name).touch()
    assert plugin_file.InventoryModule().verify_file(str(tmp_path / name)) is valid
