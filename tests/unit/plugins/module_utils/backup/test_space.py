# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are too full, with the real script."""

import shutil
import tempfile
from contextlib import nullcontext

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import PodShell
from ansible_collections.datacache.fluid.plugins.module_utils.backup import space
from ansible_collections.datacache.fluid.plugins.module_utils.errors import PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

PETABYTE = 10 ** 15


@pytest.fixture
def shell(cluster, journals):
    return PodShell(cluster, ObjectRef("data", "hbase-master-1"), "alluxio-master", 60)


def test_the_free_space_of_a_folder_in_a_pod(shell):
    space.require_in_pod(shell, "/tmp", 1, "the backup")
    with pytest.raises(PreconditionFailed, match=r"^/tmp in pod hbase-master-1 has too little space for "
                                                 rf"the backup: needed {PETABYTE} bytes, free \d+ bytes; "):
        space.require_in_pod(shell, "/tmp", PETABYTE, "the backup")
    free = int(shell.run("read the free space", space._FREE, "/tmp"))
    assert abs(free - shutil.disk_usage(tempfile.gettempdir()).free) < 10 ** 9


@pytest.mark.parametrize(("blocks", "refused"), [("0 0 0", False), ("90 89 1", True), ("90 0 90", False)])
def test_a_file_system_without_a_size_is_not_judged(shell, journals, blocks, refused):
    """blocks: total, used and free, of 1024 bytes."""
    journals.set_disk(blocks)
    with pytest.raises(PreconditionFailed) if refused else nullcontext():
        space.require_in_pod(shell, "/tmp", 2048, "the backup")


def test_the_free_space_here():
    space.require_here(1, "the backup")
    with pytest.raises(PreconditionFailed, match="on the machine that runs the module .* or set TMPDIR"):
        space.require_here(PETABYTE, "the backup")
