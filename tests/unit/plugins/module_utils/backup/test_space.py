# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are too full, with the real script."""

import shutil
import tempfile

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


def test_the_free_space_here():
    space.require_here(1, "the backup")
    with pytest.raises(PreconditionFailed, match="on the machine that runs the module .* or set TMPDIR"):
        space.require_here(PETABYTE, "the backup")
