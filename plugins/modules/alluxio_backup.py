#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_backup
short_description: Back up the metadata of an AlluxioRuntime
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Stores a backup of a cache's metadata on a claim. The metadata comprises files, folders, mounts and
    permissions, but not the cached data.
  - The leading master writes the backup. It accepts no changes of the metadata meanwhile.
  - Without a backup the metadata is lost if the majority of the masters is lost.
  - The record of a backup holds its SHA-256 and a digest of the file tree.
  - Refused while a disk is too full for the backup, the leader's or that of the temporary folder of the
    machine that runs the module. Expected are 100 bytes for each path, and at least 64 MiB.
  - A backup is as secret as the credentials of the mounts, which the journal contains. Its files have mode
    0600, and a folder that the module creates has 0700.
  - A file gets its final name after its SHA-256 is verified on the claim. Its record, a JSON file, is
    written last. A file without a record, or with another name than in its record, is not a backup.
  - Holds the Lease C(<name>-masters) while it makes a backup. A run that waits for it names its holder.
  - Each run creates a backup and is changed, unless O(max_age) accepts an existing one.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
attributes:
  check_mode:
    details: >-
      Creates and removes no backup. To predict the result, it reads the claim through a pod that mounts it
      read-only. A claim that is not Bound counts as empty.
  idempotent:
    support: partial
    details: With O(max_age) a second run within that time changes nothing. Without it each run creates a
      backup.
options:
  verify_tree:
    description:
      - Records a digest of the file tree, with which M(datacache.fluid.alluxio_restore) proves a restoration.
      - The leader lists all files twice. The sort needs 64 MiB of memory and, on the leader's disk, up to 64
        bytes for each path. It is refused while less is free in C(/tmp).
      - With V(false) the backup has no digest and is not repeated if the tree changes meanwhile.
    type: bool
    default: true
  max_age:
    description:
      - Skips the backup if this runtime has an intact one that is not older than this, in seconds.
      - A backup is intact if its file has the SHA-256 of its record.
      - A backup that M(datacache.fluid.alluxio_restore) made before a restoration does not count, because its
        metadata was replaced. Neither does one whose time is in the future.
      - Without it each run creates a backup.
      - A negative value is refused.
    type: int
  keep:
    description:
      - Keeps this many of the newest backups of this runtime and removes its older ones, also if no backup
        was created.
      - Only intact backups that were not made before a restoration count. The others go when they are older
        than those that count.
      - Reads the files that count if there is anything to remove.
      - Never removes the backup that the run returns.
      - Without it all backups are kept.
      - Never removes backups of other runtimes, or other files.
      - A value below 1 is refused.
    type: int
seealso:
  - module: datacache.fluid.alluxio_backup_info
  - module: datacache.fluid.alluxio_restore
"""

EXAMPLES = r"""
- name: Create a backup, and keep the newest seven
  datacache.fluid.alluxio_backup:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    keep: 7

- name: Ensure that a backup of the last 24 hours exists
  datacache.fluid.alluxio_backup:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    max_age: 86400
"""

RETURN = r"""
backup:
  description:
    - The backup that was created, or the existing one that O(max_age) accepts.
    - Empty if check mode predicts a new backup.
  returned: success
  type: dict
  contains: &backup
    name:
      description: Name of the backup, C(<namespace>.<runtime>.<UTC time>), by the API server's clock. If it
        is taken, the next free second is used. Its files are C(<name>.gz) and C(<name>.json).
      returned: success
      type: str
      sample: data.hbase.20261124T182233Z
    namespace:
      description: Namespace of the runtime.
      returned: success
      type: str
      sample: data
    runtime:
      description: Name of the runtime.
      returned: success
      type: str
      sample: hbase
    uid:
      description: UID of the AlluxioRuntime.
      returned: success
      type: str
      sample: 4e0fd0ae-2bd5-4b9c-b3ad-53f9dfc1a0b5
    created:
      description: Time of the backup by the API server's clock, in UTC.
      returned: success
      type: str
      sample: "2026-11-24T18:22:33Z"
    leader:
      description: Pod of the master that wrote the backup.
      returned: success
      type: str
      sample: hbase-master-1
    alluxio_version:
      description: Version of Alluxio that wrote the backup.
      returned: success
      type: str
      sample: 2.9.4
    size_bytes:
      description: Size of the file, in bytes.
      returned: success
      type: int
      sample: 4711
    sha256:
      description: SHA-256 of the file.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    entries:
      description: Number of journal entries in the backup; null if Alluxio did not report it.
      returned: success
      type: int
      sample: 35
    tree_sha256:
      description: SHA-256 of the sorted file tree; null with O(verify_tree=false), and if the tree changed
        during each of three attempts.
      returned: success
      type: str
      sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
    paths:
      description: Number of files and folders; null if RV(backup.tree_sha256) is null.
      returned: success
      type: int
      sample: 12
    made_before:
      description:
        - Name of the backup that was restored next, for a backup that M(datacache.fluid.alluxio_restore)
          created; null for any other.
      returned: success
      type: str
      sample: data.hbase.20261123T010000Z
removed:
  description: Names of the backups that O(keep) removed, or in check mode would remove.
  returned: success
  type: list
  elements: str
  sample: [data.hbase.20261117T010000Z]
backups:
  description:
    - Backups of this runtime that remain on the claim, newest first, each like RV(backup).
    - In check mode without the predicted backup.
  returned: success
  type: list
  elements: dict
  contains: *backup
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 14.2
"""

from ..module_utils.backup import create
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(),
        verify_tree={"type": "bool", "default": True}, max_age={"type": "int"}, keep={"type": "int"})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), create.ensure, create.require_valid)


if __name__ == "__main__":
    main()
