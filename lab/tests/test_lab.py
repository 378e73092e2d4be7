# SPDX-License-Identifier: GPL-3.0-or-later
"""The real lab on this machine: what it promises, seen from outside."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from labctl import cli, control_plane, host, settings

pytestmark = pytest.mark.lab

LAB = settings.LAB_DIR / "lab"


def shown(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def firewall():
    """The rules and own chains; a machine on which no full lab was built yet has no iptables and so none of
    them.
    """
    if not shutil.which("iptables-save"):
        return []
    return [re.sub(r"\[\d+:\d+\]", "", line)
            for line in shown("iptables-save").splitlines() if re.match(r"-A|:\S+ - ", line)]


def machine():
    """Everything that a lab changes on a machine while it runs."""
    commands = [" ".join(Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
                for pid in os.listdir("/proc") if pid.isdigit() and readable(pid)]
    return {
        "processes": sorted(command for command in commands if str(settings.state_dir()) in command
                            or command.startswith(("containerd-shim", "sleep infinity"))),
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines()
                   if str(settings.state_dir()) in line or str(settings.cache_dir()) in line],
        "links": sorted(os.listdir("/sys/class/net")),
        "routes": shown("ip", "-4", "route", "show", "table", "all"),
        "firewall": firewall(),
        "cgroups": sorted(map(str, Path("/sys/fs/cgroup").glob("*/fluidlab"))),
        "sysctls": {name: Path("/proc/sys", name).read_text()
                    for name in (*host.SYSCTLS, "net/ipv4/ip_forward")},
        "folders": [folder
                    for folder in (*host.MOUNT_POINTS, str(settings.state_dir()), str(settings.LOCK_FILE),
                                          str(settings.HOST_RECORD)) if os.path.exists(folder)],
    }


def readable(pid):
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_text())
    except (OSError, UnicodeDecodeError):
        return False


@pytest.fixture(scope="module")
def before(lab):
    """The machine without a lab."""
    lab("down")
    return machine()


@pytest.fixture
def clean(lab, before):
    yield before
    lab("down")
    assert machine() == before


def test_the_api_tier_serves_fluids_definitions_and_leaves_nothing(lab, clean):
    lab("up", "--tier", "api")
    environ = {**os.environ, "KUBECONFIG": lab("kubeconfig").stdout.strip()}
    kubectl = lab("env").stdout.split("export PATH=")[1].split(":")[0] + "/kubectl"
    served = subprocess.run([kubectl, "get", "datasets,alluxioruntimes", "-A"], env=environ,
                            capture_output=True, text=True, check=True)
    assert "No resources found" in served.stderr
    assert lab("status").stdout.count(" ok ") == 4


def test_a_second_up_reuses_the_lab(lab, clean):
    lab("up", "--tier", "api")
    pids = Path("/sys/fs/cgroup/freezer/fluidlab/apiserver/cgroup.procs").read_text()
    assert "reuse the running lab" in lab("up", "--tier", "api").stderr
    assert Path("/sys/fs/cgroup/freezer/fluidlab/apiserver/cgroup.procs").read_text() == pids


def test_a_killed_component_makes_a_fresh_start(lab, clean):
    lab("up", "--tier", "api")
    os.kill(int(Path("/sys/fs/cgroup/freezer/fluidlab/etcd/cgroup.procs").read_text()), signal.SIGKILL)
    assert lab("status", check=False).returncode == 3
    assert "parts of the control plane are gone" in lab("up", "--tier", "api").stderr
    lab("status")


@pytest.mark.parametrize("tier, moment", [("api", "control plane ..."), ("full", "nodes ...")])
def test_up_recovers_from_a_start_that_was_cut_off(lab, clean, tier, moment):
    lab("up", "--tier", tier, "--no-fluid", "--nodes", "1")  # whatever is to be built is built now
    lab("down")
    start = subprocess.Popen([LAB, "up", "--tier", tier, "--no-fluid", "--nodes", "1"],
                             stderr=subprocess.PIPE, text=True)
    for line in start.stderr:
        if moment in line:
            break
    time.sleep(1)  # into the middle of the step
    start.kill()
    start.wait()
    assert machine() != clean
    assert "did not end" in lab("up", "--tier", tier, "--no-fluid", "--nodes", "1").stderr
    lab("status")


def test_two_commands_at_once_do_one_thing_after_the_other(lab, clean):
    starts = [subprocess.Popen([LAB, "up", "--tier", "api"], stderr=subprocess.PIPE, text=True)
              for _ in range(2)]
    said = [start.communicate(timeout=1800)[1] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert sum("waiting: the lab is held by `lab up`" in text for text in said) == 1
    assert sum("reuse the running lab" in text for text in said) == 1


def test_a_taken_port_is_refused_before_anything_starts(lab, clean):
    with socket.create_server(("0.0.0.0", settings.API_PORT)):
        refused = lab("up", "--tier", "api", check=False)
        assert refused.returncode == 2
        assert f"port 10.10.0.1:{settings.API_PORT} is taken by" in refused.stderr
        assert not os.path.exists(settings.state_dir())
    assert machine() == clean


def test_a_component_that_dies_at_start_is_named_with_its_log(clean, monkeypatch, capsys):
    command = control_plane.etcd_command
    monkeypatch.setattr(control_plane, "etcd_command",
                        lambda kube: [*command(kube), "--data-dir", "/dev/null/x"])
    assert cli.main(["up", "--tier", "api"]) == 1
    message = capsys.readouterr().err
    assert "lab: etcd died while waiting for the API server to be ready" in message
    assert "etcd.log" in message and "/dev/null/x" in message


@pytest.fixture(scope="module")
def full(lab, before):
    """A full lab with two nodes, grown from the api tier."""
    lab("up", "--tier", "api")
    lab("up", "--tier", "full", "--no-fluid", "--nodes", "2", "--origin-rate", "40m")
    yield lab
    lab("down")
    assert machine() == before


def nodes(lab):
    kubectl = lab("env").stdout.split("export PATH=")[1].split(":")[0] + "/kubectl"
    listed = json.loads(subprocess.run([kubectl, "get", "nodes", "-o", "json"], check=True, text=True,
                                       env={**os.environ, "KUBECONFIG": str(settings.kubeconfig())},
                                       capture_output=True).stdout)
    return {item["metadata"]["name"]: next(
        c["status"] for c in item["status"]["conditions"] if c["type"] == "Ready")
            for item in listed["items"]}


def processes_of(node):
    top = Path("/sys/fs/cgroup/freezer/fluidlab", node)
    return [pid for file in top.rglob("cgroup.procs") for pid in file.read_text().split()]


def test_a_full_lab_has_ready_nodes_and_an_origin(full):
    assert nodes(full) == {"node1": "True", "node2": "True"}
    with urllib.request.urlopen(settings.ORIGIN_URL, timeout=10) as answer:
        assert 'href="hbase-2.5.10-bin.tar.gz"' in answer.read().decode()
    part = urllib.request.Request(settings.ORIGIN_URL + "CHANGES.md", headers={"Range": "bytes=10-19"})
    with urllib.request.urlopen(part, timeout=10) as answer:
        assert answer.status == 206 and len(answer.read()) == 10


def test_a_killed_node_is_gone_at_once_and_comes_back_with_one_call(full):
    full("kill-node", "2")
    assert processes_of("node2") == []
    assert not os.path.exists("/sys/class/net/fluidlab-n2")
    full("kill-node", "2")
    assert "powered off: lab start-node 2" in full("status", check=False).stdout
    assert full("heal", "2", check=False).returncode == 2
    full("start-node", "2")
    full("start-node", "2")
    assert nodes(full)["node2"] == "True"


def test_a_partitioned_node_runs_on_and_heals_with_one_call(full):
    before = processes_of("node1")
    full("partition", "1")
    full("partition", "1")
    with pytest.raises(OSError):
        socket.create_connection(("10.10.0.11", 10250), timeout=5)
    assert set(before) & set(processes_of("node1"))
    assert full("start-node", "1", check=False).returncode == 2
    full("heal", "1")
    full("heal", "1")
    socket.create_connection(("10.10.0.11", 10250), timeout=5).close()


def test_nodes_are_added_and_removed(full):
    full("up", "--nodes", "3", "--no-fluid")
    assert sorted(nodes(full)) == ["node1", "node2", "node3"]
    full("up", "--nodes", "2", "--no-fluid")
    assert sorted(nodes(full)) == ["node1", "node2"]


def test_each_interface_of_a_node_forwards_before_its_first_pod(full):
    """Two calls of the CNI plugin at once may leave all.forwarding on and eth0 without."""
    for node in nodes(full):
        pid = Path(f"/sys/fs/cgroup/freezer/fluidlab/{node}/holder/cgroup.procs").read_text().strip()
        values = subprocess.run(
            ["nsenter", "-t", pid, "-n", "sh", "-c", "cat /proc/sys/net/ipv4/conf/*/forwarding"], check=True,
            capture_output=True, text=True).stdout.split()
        assert len(values) >= 4 and set(values) == {"1"}


def test_the_origins_rate_holds_for_all_connections_together(full):
    pid = Path("/sys/fs/cgroup/freezer/fluidlab/node1/holder/cgroup.procs").read_text().strip()
    url = settings.ORIGIN_URL + "hbase-2.5.10-src.tar.gz"  # 9 MiB
    fetch = ["nsenter", "-t", pid, "-n", "python3", "-c",
             f"import urllib.request; print(len(urllib.request.urlopen({url!r}).read()))"]
    full("origin-rate", "10m")
    full("origin-rate", "6m")
    begin = time.monotonic()
    parallel = [subprocess.Popen(fetch, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [download.communicate(timeout=60)[0].strip() for download in parallel] == [str(9 << 20)] * 2
    assert time.monotonic() - begin > 2 * 9 / 6 * 0.9
    full("origin-rate", "off")


def test_reset_starts_the_same_lab_empty(full):
    kubectl = full("env").stdout.split("export PATH=")[1].split(":")[0] + "/kubectl"
    environ = {**os.environ, "KUBECONFIG": str(settings.kubeconfig())}
    subprocess.run([kubectl, "create", "namespace", "mine"], env=environ, check=True, capture_output=True)
    full("reset")
    assert sorted(nodes(full)) == ["node1", "node2"]
    listed = subprocess.run([kubectl, "get", "namespaces", "-o", "name"], env=environ, check=True,
                            capture_output=True, text=True).stdout
    assert "namespace/mine" not in listed
