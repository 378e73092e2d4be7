# SPDX-License-Identifier: GPL-3.0-or-later
import socket
from pathlib import Path

import pytest
from labctl import preflight
from labctl.errors import Refused

V1 = "".join(f"cgroup /sys/fs/cgroup/{name} cgroup rw,{name} 0 0\n" for name in
             ("freezer", "cpu,cpuacct", "cpuset", "memory", "pids", "devices", "blkio"))


@pytest.mark.parametrize("check, arguments, sentence", [
    (preflight.check_platform, ("darwin",), "needs Linux, this is darwin"),
    (preflight.check_root, (1000,), "needs root"),
    (preflight.check_capabilities, ("Name:\tx\nCapEff:\t0000000000001000\n",), "lacks CAP_SYS_ADMIN"),
    (preflight.check_cgroups, ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",), "cgroup v1 controllers freezer, "
                                                                            "cpu,"),
    (preflight.check_cgroups, (V1.replace("memory", "name=x"),), "controllers memory are not mounted"),
    (preflight.check_filesystems, ("nodev\ttmpfs\n\text4\n", True), "no overlay file system"),
    (preflight.check_filesystems, ("nodev\toverlay\n", False), "/dev/fuse is missing"),
    (preflight.check_disk, (Path("/var/lib"), 3 << 30, 10), "/var/lib has 3.0 GiB free, the lab needs 10"),
    (preflight.check_addresses, ({"10.10.0.0/16": "eth1"},), "10.10.0.0/24 overlaps 10.10.0.0/16 on eth1"),
    (preflight.check_addresses, ({"10.244.7.0/24": "flannel.1"},), "10.244.0.0/16 overlaps"),
])
def test_a_machine_that_does_not_fit_is_refused_in_one_sentence(check, arguments, sentence):
    with pytest.raises(Refused, match=sentence.replace(".", r"\.")) as refusal:
        check(*arguments)
    assert "\n" not in str(refusal.value)
    assert refusal.value.exit_code == 2


def test_a_fitting_machine_passes():
    preflight.check_platform("linux")
    preflight.check_root(0)
    preflight.check_capabilities("CapEff:\t000001fffeffffff\n")
    preflight.check_cgroups(V1)
    preflight.check_filesystems("nodev\toverlay\n", True)
    preflight.check_disk(Path("/var/lib"), 10 << 30, 10)
    preflight.check_addresses({"192.168.1.0/24": "eth0", "172.17.0.0/16": "docker0"})


def test_a_taken_port_is_refused_with_its_number(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(preflight, "ports", lambda tier: [(port, socket.SOCK_STREAM, "127.0.0.1")])
        monkeypatch.setattr(preflight, "_networks_in_use", dict)
        with pytest.raises(Refused, match=f"port 127.0.0.1:{port} is taken"):
            preflight.room("api")


def test_the_full_tier_listens_wherever_the_api_tier_does():
    assert set(preflight.ports("api")) < set(preflight.ports("full"))
