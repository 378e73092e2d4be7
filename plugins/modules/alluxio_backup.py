#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_backup
short_description: Back up the metadata of an AlluxioRuntime
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Asks the leading master for a backup of its metadata (files, folders, mounts, permissions, not the cached data) and stores it on a
    claim, with its SHA-256 and a digest of the file tree. A lost majority of masters is lost metadata without one.
  - A backup is an act, so without O(max_age) each run makes one and is changed.
  - The leader accepts no changes to metadata while it writes the backup.
  - A file gets its name once its SHA-256 was found to be right on the claim; its record, a JSON file, is written last.
    What has no record is no backup.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
attributes:
  check_mode:
    details: >-
      Nothing is backed up or removed. To predict, it reads the claim through a pod that mounts it read-only; a claim that is not yet
      Bound counts as empty.
  idempotent:
    support: partial
    details: With O(max_age) a second run within that time changes nothing. Without it each run makes a backup.
options:
  max_age:
    description:
      - Make no backup while this runtime has one that is no older than this many seconds, and whose file is intact.
      - Without it a backup is made each time.
    type: int
  keep:
    description:
      - Keep this many of the newest backups of this runtime and remove its others, also when no new one was needed.
      - Without it all are kept. Backups of other runtimes and other files are never touched.
    type: int
seealso:
  - module: datacache.fluid.alluxio_backup_info
  - module: datacache.fluid.alluxio_restore
"""

EXAMPLES = r"""
- name: Back up now, and keep the newest seven backups
  datacache.fluid.alluxio_backup:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    keep: 7

- name: See to it that there is a backup of the last day
  datacache.fluid.alluxio_backup:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    max_age: 86400
"""

RETURN = r"""
backup:
  description: The backup that was made, or with O(max_age) the one that made it needless. Empty when a check-mode run predicts one.
  returned: success
  type: dict
  contains: &backup
    name:
      description: Its name, C(<namespace>.<runtime>.<UTC time>). The claim holds it as C(<name>.gz) and C(<name>.json).
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
      description: When it was made, in UTC.
      returned: success
      type: str
      sample: "2026-11-24T18:22:33Z"
    leader:
      description: The pod that made it.
      returned: success
      type: str
      sample: hbase-master-1
    alluxio_version:
      description: Alluxio's version.
      returned: success
      type: str
      sample: 2.9.4
    size_bytes:
      description: Size of the file.
      returned: success
      type: int
      sample: 4711
    sha256:
      description: SHA-256 of the file.
      returned: success
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    entries:
      description: Number of journal entries in it; null when Alluxio did not tell.
      returned: success
      type: int
      sample: 35
    tree_sha256:
      description: Digest of its file tree; null when the tree changed each time while a backup was made.
      returned: success
      type: str
      sample: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
    paths:
      description: Number of files and folders; null as RV(backup.tree_sha256) is.
      returned: success
      type: int
      sample: 12
    made_before:
      description: The backup whose restoration it was made before; null for any other.
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
  description: This runtime's backups on the claim, each like RV(backup), the newest first.
  returned: success
  type: list
  elements: dict
  contains: *backup
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 14.2
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.backup import catalog, create as backup_create
from ..module_utils.backup.repository import Store
from ..module_utils.errors import InvalidInput
from ..module_utils.module import arguments, exit as module_exit


def require_valid(params: dict) -> None:
    backup_create.require_valid(params)
    if params["keep"] is not None and params["keep"] < 1:
        raise InvalidInput(f"keep is {params['keep']}: expected at least 1, since a run that removes every backup is no backup")
    if params["max_age"] is not None and params["max_age"] < 0:
        raise InvalidInput(f"max_age is {params['max_age']}: expected a number of seconds")


def ensure(client: Client, params: dict, check: bool) -> dict:
    """Make what is asked for, or predict it."""
    subject = backup_create.subject_of(client, params)
    backup_create.require_runtime(subject)
    with backup_create.opened(client, subject, params, backup_create.waiter_of(client, params), read_only=check) as store:
        found = catalog.of_runtime(store.listed() if store else [], subject.namespace, subject.name)
        young = newest_intact(store, found, params["max_age"])
        names = [each.name for each in found]
        made = young if young or check else backup_create.make(client, subject, store, params["timeout"])
        own = found if young else [made, *found]
        removed = [each.name for each in catalog.surplus(own, params["keep"])]
        if not check:
            store.remove(removed)
    left = [each.name if each else backup_create.expected(subject) for each in own]
    return {
        "changed": not young or bool(removed),
        "backup": made.as_dict() if made else {},
        "removed": removed,
        "backups": [each.as_dict() for each in own if each and each.name not in removed],
        "diff": {"before": {"backups": names}, "after": {"backups": [name for name in left if name not in removed]}},
    }


def newest_intact(store: Store | None, own: list[catalog.Backup], max_age: int | None) -> catalog.Backup | None:
    """The newest backup that is young enough and whose file is what its record tells; None when there is none."""
    if max_age is None:
        return None
    moment = backup_create.now()
    return next((each for each in own if each.age(moment) <= max_age and store.is_intact(each)), None)


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(), max_age={"type": "int"}, keep={"type": "int"})
    module = AnsibleModule(spec, supports_check_mode=True)
    params = module.params

    def work() -> dict:
        require_valid(params)
        return ensure(connect(params), params, module.check_mode)

    module_exit.finish(module, work)


if __name__ == "__main__":
    main()
