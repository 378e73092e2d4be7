# SPDX-License-Identifier: GPL-3.0-or-later
"""Cgroups, daemons, the lock and the firewall, as far as they work without root."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest
from labctl import cgroups, daemon, firewall, settings
from labctl.errors import LabError
from labctl.lock import machine_lock


def test_controllers_that_share_a_mount_are_all_found():
    found = cgroups.hierarchies("cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0\n"
                                "cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n"
                                "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
                                "tmpfs /run tmpfs rw 0 0\n")
    assert {name: path.name for name, path in found.items()} == {
        "cpu": "cpu,cpuacct", "cpuacct": "cpu,cpuacct", "name=systemd": "systemd", "unified": "unified"}


def test_a_daemon_that_dies_is_named_with_the_end_of_its_log(state_dir, monkeypatch):
    monkeypatch.setattr(daemon, "alive", lambda name: name != "node1/kubelet")
    daemon.log_file("node1/kubelet").parent.mkdir(parents=True)
    daemon.log_file("node1/kubelet").write_text("first\n" * 50 + "cannot bind: address in use\n")
    with pytest.raises(LabError) as failure:
        daemon.wait(lambda: False, what="node1 to be Ready", daemons=["node1/containerd", "node1/kubelet"])
    message = str(failure.value)
    assert message.startswith("node1/kubelet died while waiting for node1 to be Ready")
    assert "node1-kubelet.log" in message and message.endswith("cannot bind: address in use")
    assert message.count("first") < 50


def test_a_condition_that_never_comes_says_what_was_awaited(state_dir, monkeypatch):
    monkeypatch.setattr(daemon, "alive", lambda name: True)
    with pytest.raises(LabError, match="node1 to be Ready: not so after 0 s; see .*node1-kubelet.log"):
        daemon.wait(lambda: False, what="node1 to be Ready", daemons=["node1/kubelet"], timeout=0)


def test_a_second_command_says_who_holds_the_lab_and_waits(tmp_path):
    lock, said, entered = tmp_path / "lock", [], threading.Event()

    def second():
        with machine_lock(lock, "lab down", said.append):
            entered.set()

    with machine_lock(lock, "lab up", said.append):
        waiting = threading.Thread(target=second)
        waiting.start()
        while not said:
            pass
        assert not entered.is_set()
    waiting.join(10)
    assert entered.is_set()
    assert said == [f"waiting: the lab is held by lab up (pid {os.getpid()})"]
    assert not lock.exists()


def test_the_lock_of_a_killed_command_is_free(tmp_path):
    holder = textwrap.dedent(f"""
        import os, pathlib, signal, sys
        sys.path.insert(0, {str(settings.LAB_DIR)!r})
        from labctl.lock import machine_lock
        with machine_lock(pathlib.Path({str(tmp_path / "lock")!r}), "lab up", print):
            os.kill(os.getpid(), signal.SIGKILL)
        """)
    assert subprocess.run([sys.executable, "-c", holder], check=False).returncode == -9
    said = []
    with machine_lock(tmp_path / "lock", "lab down", said.append):
        assert said == []


@pytest.mark.parametrize("saved, expected", [
    ("", False),
    ("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n", False),
    ("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\nCOMMIT\n", True),
    ("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ufw-before-input\nCOMMIT\n", True),
])
def test_only_a_machine_with_a_firewall_gets_rules(saved, expected):
    assert firewall.guarded(saved) is expected
