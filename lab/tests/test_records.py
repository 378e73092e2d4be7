# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab writes down, and what it removes by it."""

import os
import subprocess

from labctl import host, images, leftovers, settings, state
from labctl.state import RUNNING, Shape, State


def test_the_state_is_read_back_as_written(state_dir):
    written = State(RUNNING, Shape(nodes=5, origin_rate="20m"), "hash", "/checkout", {"kube": "/kube"})
    state.save(written)
    assert state.load() == written


def test_a_missing_or_cut_off_state_is_no_lab(state_dir):
    assert state.load() is None
    state_dir.mkdir()
    (state_dir / "state.json").write_text('{"phase": "run')
    assert state.load() is None


def test_removing_the_state_keeps_what_is_not_the_labs(state_dir):
    (state_dir / "log").mkdir(parents=True)
    (state_dir / "thesis.txt").write_text("mine")
    state.save(State(RUNNING, Shape(), "hash", "/checkout"))
    leftovers.remove_state(state_dir)
    assert [file.name for file in state_dir.iterdir()] == ["thesis.txt"]


def test_an_empty_state_folder_goes(state_dir):
    state.save(State(RUNNING, Shape(), "hash", "/checkout"))
    leftovers.remove_state(state_dir)
    assert not state_dir.exists()


def test_kernel_settings_and_folders_come_back(state_dir, tmp_path, monkeypatch):
    (tmp_path / "sys/vm").mkdir(parents=True)
    knob = tmp_path / "sys/vm/overcommit_memory"
    knob.write_text("0\n")
    made, used = tmp_path / "made/deep", tmp_path / "used"
    monkeypatch.setattr(host, "_SYSCTL_ROOT", tmp_path / "sys")
    monkeypatch.setattr(host, "SYSCTLS", ("vm/overcommit_memory",))
    monkeypatch.setattr(host, "MOUNT_POINTS", (str(made), str(used)))
    host.record()
    host.make_mount_points()
    knob.write_text("1\n")
    (used / "by-another").touch()
    host.record()  # a later note must not take 1 for the machine's own value
    assert host.restore() == state_dir
    assert knob.read_text() == "0"
    assert not made.parent.exists() and used.exists()
    assert not settings.HOST_RECORD.exists() and host.restore() is None


def test_nodes_share_image_files_but_not_the_databases(tmp_path, monkeypatch):
    monkeypatch.setattr(images.daemon, "run", lambda name, command, **_: subprocess.run(command, check=True))
    store = tmp_path / "store"
    for name in (*images._DATABASES, "snapshots/1/fs/usr/bin/java"):
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_text(name)
    images.clone(store, tmp_path / "root", "node1/images")
    assert os.path.samefile(
        store / "snapshots/1/fs/usr/bin/java", tmp_path / "root/snapshots/1/fs/usr/bin/java")
    for name in images._DATABASES:
        assert not os.path.samefile(store / name, tmp_path / "root" / name)
        assert (tmp_path / "root" / name).read_text() == name


def test_another_image_archive_is_another_store(tmp_path):
    archive = tmp_path / "images.tar"
    archive.write_text("one")
    first = images.key((archive,))
    assert images.key((archive,)) == first
    archive.write_text("other")
    assert images.key((archive,)) != first
