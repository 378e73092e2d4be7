# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of restorations share: options, files and the masters' template."""

from fake_journals import FILES

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

CLAIM = {"name": "hbase", "namespace": "data", "claim": "backups", "path": "alluxio"}
LATEST = {**CLAIM, "backup": "latest", "confirm": "data/hbase"}
OTHER_FILES = [*FILES, "drwxr-xr-x root root 0 PERSISTED 11-24-2026 11:00:00:000 DIR /later"]
MASTERS = ["hbase-master-0", "hbase-master-1", "hbase-master-2"]


def killed(*_words):
    raise ApiError("killed")


def template(cache):
    return cache.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")["spec"]["template"]
