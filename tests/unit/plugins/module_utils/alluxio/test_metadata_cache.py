# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that lets a FUSE process drop its metadata, and its output."""

import os
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import metadata_cache

ENABLED = "-Dalluxio.user.metadata.cache.enabled=true"
EXPIRATION = "-Dalluxio.user.metadata.cache.expiration.time="


@pytest.mark.parametrize(("output", "seconds"), [
    ("", 0), ("\n", 0), ("10min\n", 600), ("2day\n", 172800), ("90000", 90), ("0s", 600), ("soon", 600)])
def test_kept_for(output, seconds):
    assert metadata_cache.kept_for(output) == seconds


@pytest.mark.parametrize(("common", "own", "obeys", "output"), [
    (f"{ENABLED} {EXPIRATION}10min", "", True, ""),
    (f"{ENABLED}\n{EXPIRATION}10min", "-Xmx1G", False, "10min\n"),
    (f"{ENABLED} {EXPIRATION}10min", f"{EXPIRATION}90s", False, "90s\n"),
    (f"-Da=* {ENABLED}", "", False, "10min\n"),
    ("-Dalluxio.user.metadata.cache.enabled=True", "", False, "10min\n"),
    ("-Dalluxio.user.metadata.cache.enabled=false", "", False, ""),
    ("", "", False, ""),
], ids=["dropped", "kept", "own-option", "default", "case", "disabled", "alluxio-default"])
def test_the_script(tmp_path, common, own, obeys, output):
    """The file exists in a FUSE process that obeys: it answers for each file of a command."""
    (tmp_path / "date").write_text('#!/bin/sh\n[ "$1" = +%s%N ] && echo 1700\n')
    (tmp_path / "date").chmod(0o755)
    if obeys:
        (tmp_path / ".alluxiocli.metadatacache.dropAll.1700").touch()
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ALLUXIO_JAVA_OPTS": common,
                   "ALLUXIO_FUSE_JAVA_OPTS": own}
    done = subprocess.run(["bash", "-euc", metadata_cache.DROP, "drop", str(tmp_path)], env=environment,
                          capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (output, "")
