# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shell leaves as it is, and which under-stores Alluxio mounts beside each other."""

import shutil
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import mounts
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput

PRINTABLE = [chr(code) for code in range(32, 127)]


def passes(text):
    try:
        mounts.require_plain("it", text)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("character", [*PRINTABLE, "\t", "\n", "\x7f", "é"], ids=ascii)
def test_bash_leaves_what_passes_as_it_is(character):
    """As Fluid's script does it: in a word of a line that `bash -c` runs."""
    word = f"s3://b/a{character}b"
    if passes(word):
        printed = subprocess.run([shutil.which("bash"), "-c", f"printf %s {word}"], capture_output=True,
                                 text=True, check=True)
        assert printed.stdout == word


@pytest.mark.parametrize("character", [*" \t\n\"'`$&;|<>(){}*?\\"], ids=ascii)
def test_what_bash_interprets_is_refused(character):
    with pytest.raises(InvalidInput) as refused:
        mounts.require_plain("it", f"s3://secret{character}part")
    assert str(refused.value).startswith(f"it has the character {character!r}: ")
    assert "secret" not in str(refused.value).partition(":")[2]


@pytest.mark.parametrize(("one", "other", "overlap"), [
    ("s3://b/", "s3://b/", True), ("s3://b", "s3://b/x", True), ("s3://b/x", "s3://b", True),
    ("s3://b/x", "s3://b/xy", False), ("s3://b/x", "s3://c/x", False), ("http://h/x", "https://h/x", False),
    ("hdfs:///x", "hdfs:///x/y", True), ("no-url", "s3://b/", False),
])
def test_overlapping(one, other, overlap):
    assert mounts.overlapping(one, other) is overlap


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a.b"])
def test_paths_that_alluxio_lists_like_this(path):
    mounts.require_path("it", path)


# -- the script in the masters -----------------------------------------------------------------

ALLUXIO = """#!/usr/bin/env bash
echo "$*" >>"$DONE"
case "$*" in "fs mount") cat "$MOUNTED" ;; esac
"""


@pytest.fixture
def remount(tmp_path):
    """Run the script beside a command line of Alluxio that lists its mounts and records its arguments."""
    (tmp_path / "alluxio").write_text(ALLUXIO)
    (tmp_path / "alluxio").chmod(0o755)
    (tmp_path / "secret").write_text("a b&c\n")
    done, mounted = tmp_path / "done", tmp_path / "mounted"

    def run(listing, *arguments):
        mounted.write_text(listing)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "DONE": str(done), "MOUNTED": str(mounted)}
        subprocess.run(["bash", "-c", mounts.REMOUNT, "remount", *arguments], env=environment, check=True)
        return done.read_text().splitlines()[1:]
    return run


LISTED = """s3://b/x         on  /data  (s3, capacity=-1B, used=-1B, not read-only, not shared, properties={})
/underFSStorage  on  /      (local, capacity=1B, used=1B, not read-only, not shared, properties={})
"""


def test_other_options_update_the_mount(remount, tmp_path):
    arguments = ("--readonly", "--option", "a=1", "--secret", "k", str(tmp_path / "secret"))
    assert remount(LISTED, "/data", "s3://b/x/", *arguments) == [
        "fs updateMount --readonly --option a=1 --option k=a b&c /data"]


def test_another_url_replaces_the_mount(remount):
    assert remount(LISTED, "/data", "s3://c/") == ["fs unmount /data", "fs mount /data s3://c/"]


def test_a_missing_mount_is_mounted(remount):
    assert remount(LISTED, "/other", "s3://c/", "--option", "a=1") == [
        "fs mount --option a=1 /other s3://c/"]


def test_arguments():
    mount = {"readOnly": True, "shared": True}
    assert mounts.arguments(mount, {"a": "1", "k": "2"}, {"k": "/file"}, "--secret") == [
        "--readonly", "--shared", "--option", "a=1", "--secret", "k", "/file"]


def test_only_the_line_of_the_path_changes():
    """mount.info as Fluid renders it, with a Secret's file in place of its contents."""
    line = mounts.info_line("/data", {"mountPoint": "s3://c/", "readOnly": True}, {"a": "1"},
                            {"k": "/etc/fluid/secrets/s/k"})
    assert line == "/data s3://c/ --readonly --option a=1 --option k=/etc/fluid/secrets/s/k"
    info = "/web https://host/\n/data s3://b/x --shared\n/database s3://d/\n"
    assert mounts.with_lines(info, {"/data": line}) == f"/web https://host/\n{line}\n/database s3://d/\n"
