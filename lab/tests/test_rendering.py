# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations and command lines, as far as a promise of the lab hangs on them."""

import json
from pathlib import Path

from labctl import control_plane, dns, network, node_config, origin, pki, s3, settings


def flags(command):
    """`--name value` and `--name=value` as a dictionary."""
    words = [str(word) for word in command]
    found = {}
    for word, following in zip(words, [*words[1:], "--"], strict=True):
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            found[name] = value if equals else ("" if following.startswith("--") else following)
    return found


def test_the_api_server_serves_the_bridge_only(state_dir):
    command = flags(control_plane.apiserver_command(Path("/kube"), audit=False))
    assert command["--bind-address"] == "10.10.0.1"
    assert command["--kubelet-preferred-address-types"] == "InternalIP"
    assert "--audit-log-path" not in command


def test_audit_writes_its_policy_and_log_below_the_state(state_dir):
    state_dir.mkdir()
    command = flags(control_plane.apiserver_command(Path("/kube"), audit=True))
    assert command["--audit-log-path"] == str(state_dir / "log" / "audit.log")
    assert "level: Metadata" in Path(command["--audit-policy-file"]).read_text()


def test_dns_knows_the_cluster_and_denies_the_rest():
    text = dns.render(Path("/admin"))
    assert "bind 10.10.0.1" in text
    assert "kubernetes cluster.local in-addr.arpa . {" in text
    assert "forward" not in text


def test_every_path_of_nginx_lies_in_the_state(state_dir):
    text = origin.render(state_dir / "origin")
    paths = [word.strip(";") for word in text.split() if word.startswith("/")]
    assert paths and all(path.startswith(str(state_dir)) for path in paths)
    assert "autoindex on" in text and "listen 10.10.0.1:8090" in text


def test_the_s3_server_keeps_its_accounts_in_the_state(state_dir):
    command = list(map(str, s3.command(Path("/gw"), state_dir / "accounts", state_dir / "buckets")))
    assert command[command.index("--port") + 1] == "10.10.0.1:8091"
    assert command[command.index("--iam-dir") + 1] == str(state_dir / "accounts")
    assert command[-2:] == ["posix", str(state_dir / "buckets")]


def test_kubelet_keeps_to_the_labs_cgroup_and_never_drops_an_image(state_dir):
    config = json.loads(node_config.kubelet_config(2, Path("/resolv")))
    assert config["cgroupRoot"] == "/fluidlab/node2"
    assert config["imageGCHighThresholdPercent"] == 100
    assert config["clusterDNS"] == ["10.10.0.1"]
    assert config["tlsCertFile"] == str(pki.certificate("node2"))


def test_pods_of_a_node_get_addresses_that_all_others_route_to_it():
    bridge, _portmap = json.loads(node_config.cni(4))["plugins"]
    assert bridge["ipam"]["subnet"] == "10.244.4.0/24"
    assert "route add 10.244.4.0/24 via 10.10.0.14" in network.node_setup(1)
    assert "10.244.4.0/24" not in network.node_setup(4)


def test_addresses_outside_the_lab_fail_at_once():
    assert "route add unreachable default" in network.node_setup(1).splitlines()


def test_every_node_knows_all_node_names():
    assert [line.split() for line in node_config.hosts().splitlines()[1:]] == [
        [f"10.10.0.{10 + n}", f"node{n}"] for n in range(1, settings.MAX_NODES + 1)]


def test_a_nodes_mounts_cover_every_standard_path():
    script = node_config.mount_script(3, Path("/disk"), Path("/hosts")).splitlines()
    assert "hostname node3" in script
    assert "mount --bind '/disk/var-lib-kubelet' /var/lib/kubelet" in script
    assert script[-1] == "mount --make-rshared /"
