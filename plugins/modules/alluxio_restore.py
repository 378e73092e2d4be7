#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_restore
short_description: Restore the metadata of an AlluxioRuntime from a backup
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Replaces the whole namespace of a cache by that of a backup, also when the majority of the masters is lost. All masters are
    restarted, so the cache does not answer meanwhile; workers, mounts and the cached data stay.
  - Unchanged when the file tree of the cache is that of the backup already.
  - "The steps: the backup is read and checked. What is there is backed up, if a leader answers. The masters' StatefulSet gets an init
    container that waits for the backup, and the option C(alluxio.master.journal.init.from.backup). All masters are deleted, and each
    new one is given the file. Once both quorums are complete, the StatefulSet becomes what it was, and the file tree is compared."
  - The StatefulSet's update strategy is C(OnDelete) from then on. A rolling update would restart masters without a look at the quorum.
  - An interrupted restoration is continued by the next run with the same backup.
  - A master that does not vanish because its node is gone has to be deleted by force, or its node to come back, before it can go on.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
attributes:
  check_mode:
    details: >-
      Nothing is restored. To predict, it reads and checks the backup through a pod that mounts the claim read-only.
options:
  backup:
    description:
      - Name of the backup, or V(latest) for the newest of this runtime that was not made before a restoration.
      - One of a runtime with another name or namespace is refused, unless O(force_foreign=true).
    type: str
    required: true
  confirm:
    description: The C(<namespace>/<name>) of the cache, said once more, because what it holds now is replaced.
    type: str
    required: true
  force_foreign:
    description: Whether the backup may be that of another runtime.
    type: bool
    default: false
  skip_safety_backup:
    description:
      - Whether to leave out the backup of what is there.
      - Without a leader there is none in any case, and a warning.
    type: bool
    default: false
  timeout:
    default: 900
seealso:
  - module: datacache.fluid.alluxio_backup
  - module: datacache.fluid.alluxio_backup_info
"""

EXAMPLES = r"""
- name: Bring a cache back whose masters have lost their majority
  datacache.fluid.alluxio_restore:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    backup: latest
    confirm: data/hbase

- name: Go back to a certain backup
  datacache.fluid.alluxio_restore:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    backup: data.hbase.20261124T182233Z
    confirm: data/hbase
"""

RETURN = r"""
backup:
  description: The backup that was chosen, like RV(datacache.fluid.alluxio_backup#module:backup).
  returned: success
  type: dict
  sample: &sample
    name: data.hbase.20261124T182233Z
    namespace: data
    runtime: hbase
    uid: 4e0fd0ae-2bd5-4b9c-b3ad-53f9dfc1a0b5
    created: "2026-11-24T18:22:33Z"
    leader: hbase-master-1
    alluxio_version: 2.9.4
    size_bytes: 4711
    sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    entries: 35
    tree_sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752
    paths: 12
    made_before: null
safety_backup:
  description: The backup of what was there; empty when none was made.
  returned: success
  type: dict
  sample: *sample
trees:
  description: The file tree before and after the restoration, and that of the backup. The last two must be equal.
  returned: success
  type: dict
  contains:
    before:
      description: C(sha256) and C(paths) of what was there; null without a leader, and when an earlier run has begun the restoration.
      returned: success
      type: dict
      sample: {sha256: 1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014, paths: 3}
    after:
      description: C(sha256) and C(paths) of what is there now; null in a check-mode run that predicts a change.
      returned: success
      type: dict
      sample: {sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752, paths: 12}
    backup:
      description: C(sha256) and C(paths) of the backup; null when its tree changed while it was made, and nothing can be compared.
      returned: success
      type: dict
      sample: {sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752, paths: 12}
restarted:
  description: The masters that this run has replaced.
  returned: success
  type: list
  elements: str
  sample: [hbase-master-0, hbase-master-1, hbase-master-2]
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 58.4
"""

from contextlib import closing
from dataclasses import asdict
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.backup import catalog, create as backup_create, restore
from ..module_utils.backup.catalog import Backup, Tree
from ..module_utils.backup.repository import Spool
from ..module_utils.errors import InvalidInput
from ..module_utils.fluid import operations
from ..module_utils.module import arguments, exit as module_exit
from ..module_utils.progress import Progress


def require_valid(params: dict) -> None:
    backup_create.require_valid(params)
    catalog.require_selectable(params["backup"])
    desired = f"{params['namespace']}/{params['name']}"
    if params["confirm"] != desired:
        raise InvalidInput(f"confirm is {params['confirm']!r}: a restoration replaces all that the cache holds; expected {desired}")


def ensure(client: Client, params: dict, check: bool, warn: Callable[[str], None]) -> dict:
    """Restore what is asked for unless it is there, or predict it."""
    timeout = params["timeout"]
    subject = backup_create.subject_of(client, params)
    backup_create.require_runtime(subject)
    restore.require_restorable(subject)
    under_way = operations.under_way(subject.stateful_set)
    waiter = backup_create.waiter_of(client, params)
    safety = None
    with closing(Spool()) as spool:
        with backup_create.opened(client, subject, params, waiter, read_only=check) as store:
            chosen = restore.choose(store.listed() if store else [], params, under_way)
            store.get(chosen, spool)
            restore.require_readable(chosen, spool)
            before = None if under_way else restore.present_tree(client, subject, timeout)
            if chosen.holds(before) and not under_way:
                return result(False, chosen, before, before)
            if check:
                return result(True, chosen, before)
            if before is None and not under_way:
                warn(f"no master of {params['namespace']}/{params['name']} leads a majority, so what it holds cannot be backed up before "
                     "it is replaced")
            elif not under_way and not params["skip_safety_backup"]:
                safety = backup_create.make(client, subject, store, timeout, made_before=chosen.name)
        restorer = restore.Restorer(client, subject, waiter, timeout, Progress.from_environment().report_progress)
        restarted, after = restorer.run(chosen, under_way, spool)
    view = result(True, chosen, before, after, safety, restarted)
    restore.require_same_tree(chosen, after, view)
    if not chosen.tree_sha256:
        warn(f"the tree of {chosen.name} changed while it was made, so nothing proves that the {after.paths} paths are all that it held")
    return view


def result(changed: bool, chosen: Backup, before: Tree | None, after: Tree | None = None, safety: Backup | None = None,
           restarted: list[str] | None = None) -> dict:
    expected = Tree(chosen.tree_sha256, chosen.paths) if chosen.tree_sha256 else None
    trees = {name: tree and asdict(tree) for name, tree in (("before", before), ("after", after), ("backup", expected))}
    return {
        "changed": changed,
        "backup": chosen.as_dict(),
        "safety_backup": safety.as_dict() if safety else {},
        "trees": trees,
        "restarted": restarted or [],
        "diff": {"before": trees["before"] or {}, "after": trees["backup"] or {}} if changed else {"before": {}, "after": {}},
    }


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(),
        backup={"type": "str", "required": True},
        confirm={"type": "str", "required": True},
        force_foreign={"type": "bool", "default": False},
        skip_safety_backup={"type": "bool", "default": False},
        timeout={"type": "int", "default": 900})
    module = AnsibleModule(spec, supports_check_mode=True)
    params = module.params

    def work() -> dict:
        require_valid(params)
        return ensure(connect(params), params, module.check_mode, module.warn)

    module_exit.finish(module, work)


if __name__ == "__main__":
    main()
