# SPDX-License-Identifier: GPL-3.0-or-later
"""The role verify, run by ansible-playbook against servers that answer like an API server."""

import json
import os
import re
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_cache import FakeCache
from fake_cluster import FakeCluster
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

RECORDED = Path(__file__).parents[1] / "plugins" / "recorded"
PORTS = {"alluxio-master": ("web", 24110, "master"), "alluxio-job-master": ("job-web", 21760, "job_master")}
LOG = "files 7 100.00 100.50\nfirst 83886080 100.50 106.15\nsecond 83886080 106.15 106.42\n"
# The recorded silence of a follower in nanoseconds; each answered a second ago.
_ANSWERED = re.compile(r"^(.*lastHeartbeatElapsedTime\{.*\} ).*$", re.MULTILINE)
REPORT = """\
cache                 data/hbase
masters ready         3 of 3
master quorum         3 of 3 available
job master quorum     3 of 3 available
leader                hbase-master-2:23083
workers ready         2 of 2
dataset               Bound, 7 files, 80.00MiB
cached                80.00MiB of 4.00GiB, 100.0%
volume and claim      Bound
files listed          7
first copy            5.65 s (100.0% cached)
second copy           0.27 s (warm)
failed checks         0
"""
VARIABLES = {
    "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "verify_name": "hbase", "verify_namespace": NAMESPACE, "verify_master_replicas": "3",
    "verify_cached_percentage": "100",
}
HOSTS = {
    # As many masters as the runtime declares.
    "healthy": {"verify_master_replicas": 0},
    "more": {"verify_master_replicas": 5, "verify_worker_replicas": 4, "verify_probes": False},
    "node_lost": {"verify_probes": "false"},
    "node_lost_fails": {"verify_probes": False, "verify_fail_on_lost_nodes": True},
}


class Server(ThreadingHTTPServer):
    """Serves the objects of a cluster in memory by their paths. requests: (method, path) in order."""

    def __init__(self, cluster: FakeCluster) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects = {kind.path(ObjectRef(namespace, name)): existing
                        for (kind, namespace, name), existing in cluster._objects.items()}
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def writes(self) -> list:
        return [(method, path.rpartition("/")[2]) for method, path in self.requests if method != "GET"]

    def items(self, path: str, query: dict) -> list:
        labels = dict(each.split("=") for each in query.get("labelSelector", "").split(",") if each)
        name = query.get("fieldSelector", "").removeprefix("metadata.name=")
        return [existing for each, existing in self.objects.items()
                if each.rpartition("/")[0] == path
                and labels.items() <= (existing["metadata"].get("labels") or {}).items()
                and name in ("", existing["metadata"]["name"])]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        """Keep the output of the tests readable."""

    def answer(self, code, body):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, code, message):
        self.answer(code, {"kind": "Status", "message": message, "details": {"name": "it"}})

    def do_GET(self):
        address = urlsplit(self.path)
        self.server.requests.append(("GET", address.path))
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        if "/proxy/" in address.path:
            return self.proxy(address.path)
        if address.path.endswith("/log"):
            return self.answer(200, LOG)
        if address.path in self.server.objects:
            return self.answer(200, self.server.objects[address.path])
        if re.search(r"/(pods|nodes|events|csinodes)$", address.path):
            return self.answer(200, {"metadata": {"resourceVersion": "1"},
                                     "items": self.server.items(address.path, query)})
        return self.refuse(404, "not found")

    def proxy(self, path):
        """The leader's web ports alone are open."""
        for _name, port, domain in PORTS.values():
            if f"/hbase-master-2:{port}/" in path:
                metrics = (RECORDED / f"leader_metrics_{domain}.txt").read_text()
                return self.answer(200, _ANSWERED.sub(r"\g<1>1.0E9", metrics) if "metrics" in path
                                   else (RECORDED / "leader_info.json").read_text())
        return self.refuse(503, "connection refused")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = urlsplit(self.path).path + "/" + body["metadata"]["name"]
        self.server.requests.append(("POST", path))
        body["metadata"].update(uid="uid-1", resourceVersion="2")
        body["status"] = {"phase": "Succeeded", "containerStatuses": [
            {"name": "probe", "state": {"terminated": {"exitCode": 0}}}]}
        self.server.objects[path] = body
        self.answer(201, body)

    def do_DELETE(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        path = urlsplit(self.path).path
        self.server.requests.append(("DELETE", path))
        self.answer(200, self.server.objects.pop(path))


def cluster_of(monkeypatch, lost: bool) -> FakeCluster:
    cluster = FakeCluster()
    cache = FakeCache(cluster, monkeypatch)
    for index in range(3):
        cluster.change(kinds.POD, f"hbase-master-{index}", NAMESPACE, {
            "spec": {"containers": [
                {"name": container, "ports": [{"name": name, "containerPort": port}]}
                for container, (name, port, _domain) in PORTS.items()]}, "status": {"podIP": "10.0.0.1"}})
    if lost:
        cache.lose_node("node1")
    return cluster


def config_of(url: str) -> str:
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}], "users": [{"name": "u", "user": {}}]})


@pytest.fixture(scope="module")
def servers():
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = {host: Server(cluster_of(monkeypatch, "lost" in host)) for host in HOSTS}
    yield made
    for server in made.values():
        server.shutdown()


@pytest.fixture(scope="module")
def played(servers, tmp_path_factory):
    """Run the role for all hosts; return the output, and a reader of the files that it left."""
    folder = tmp_path_factory.mktemp("verify")
    for host, server in servers.items():
        (folder / f"{host}.config").write_text(config_of(server.url))
    own = {"kubeconfig": f"{folder}/{{{{ inventory_hostname }}}}.config"}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"hosts": HOSTS, "vars": {
        **VARIABLES, "verify_report_path": f"{folder}/{{{{ inventory_hostname }}}}.report",
        "verify_report_page": f"{folder}/{{{{ 'lost' if 'lost' in inventory_hostname else 'other' }}}}.html",
    }}}))
    (folder / "play.yml").write_text(json.dumps([{
        "hosts": "all", "gather_facts": False,
        "module_defaults": {"group/datacache.fluid.fluid": own},
        "tasks": [{
            "block": [{"ansible.builtin.import_role": {"name": "datacache.fluid.verify"}}],
            "rescue": [{"ansible.builtin.copy": {
                "content": "{{ ansible_failed_result.msg }}",
                "dest": f"{folder}/{{{{ inventory_hostname }}}}.failure"}}]}]}]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", folder / "hosts.yml", folder / "play.yml"],
        capture_output=True, text=True, timeout=900, check=False,
        env=os.environ | {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json"})
    assert done.returncode == 0, done.stdout + done.stderr

    def read(name):
        return (folder / name).read_text() if (folder / name).exists() else ""
    return done.stdout + done.stderr, read


def test_a_healthy_cache_passes_with_its_table(played):
    _output, read = played
    assert (read("healthy.report"), read("healthy.failure")) == (REPORT, "")


def test_the_pod_is_removed(servers, played):
    assert servers["healthy"].writes() == [("POST", "hbase-verify-probe"), ("DELETE", "hbase-verify-probe")]
    assert all(servers[host].writes() == [] for host in HOSTS if host != "healthy")


def test_each_subject_costs_one_request(servers, played):
    asked = Counter(path for method, path in servers["more"].requests if "/proxy/" not in path)
    assert set(asked.values()) == {1} and len(asked) == 11


def test_the_report_is_printed_as_lines(played):
    output, _read = played
    assert re.search(r'^ +"masters ready +3 of 3",$', output, re.MULTILINE)
    assert "\\n" not in output and "RETRYING" not in output


def test_each_failed_check_is_in_the_error(played):
    """What molecule/default/verify.yml requires."""
    message = played[1]("more.failure")
    assert message.startswith("4 checks of data/hbase failed: 3 masters are ready, expected 5: ")
    for part in ("2 workers are ready, expected 4", "The MASTER quorum", "The JOB_MASTER quorum"):
        assert part in message
    assert "\n" not in message


def test_what_a_lost_node_lacks_is_reported(played):
    _output, read = played
    report = read("node_lost.report")
    assert read("node_lost.failure") == ""
    assert "degraded: 2 masters are ready, expected 3: hbase-master-0, hbase-master-2; hbase-m" in report
    assert "failed checks         0\n" in report


def test_what_a_lost_node_lacks_fails_on_request(played):
    assert "2 masters are ready, expected 3" in played[1]("node_lost_fails.failure")


def test_hosts_with_the_same_path_share_a_page(played):
    found = {name: json.loads(played[1](f"{name}.json")) for name in ("lost", "other")}
    assert [(cache["host"], cache["state"]) for cache in found["lost"]["caches"]] == [
        ("node_lost", "degraded"), ("node_lost_fails", "degraded")]
    assert [(cache["host"], cache["state"]) for cache in found["other"]["caches"]] == [
        ("more", "broken"), ("healthy", "kept")]
    assert "5.65 s" in played[1]("other.html")


def test_the_playbook_report_has_all_hosts_on_one_page(servers, tmp_path):
    """Those that cannot be read too, with the reason."""
    addresses = {host: servers[host].url for host in ("healthy", "more")} | {"gone": "http://127.0.0.1:1"}
    for host, url in addresses.items():
        (tmp_path / f"{host}.config").write_text(config_of(url))
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {
        "hosts": {host: {"fluid_master_replicas": 5 if host == "more" else 3} for host in addresses},
        "vars": {
            "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
            "fluid_name": "hbase", "fluid_namespace": NAMESPACE, "fluid_probes": False,
            "fluid_kubeconfig": f"{tmp_path}/{{{{ inventory_hostname }}}}.config",
            "fluid_report_page": f"{tmp_path}/page.html", "fluid_report_title": "Caches of a test"}}}))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", tmp_path / "hosts.yml",
         Path(__file__).parents[3] / "playbooks" / "report.yml"],
        capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "page.json").read_text())
    assert [(cache["name"], cache["host"], cache["state"]) for cache in found["caches"]] == [
        ("gone", "gone", "unreadable"), ("data/hbase", "more", "broken"), ("data/hbase", "healthy", "kept")]
    assert "127.0.0.1" in found["caches"][0]["error"]
    assert "Caches of a test" in (tmp_path / "page.html").read_text()
