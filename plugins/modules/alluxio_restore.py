#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_restore
short_description: Restore the metadata of an AlluxioRuntime from a backup
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Replaces the metadata of a cache by that of a backup, also after the majority of the masters is lost.
  - Restarts all masters, so the cache serves no requests meanwhile. Workers, FUSE mounts and cached data
    stay.
  - Changes nothing if the cache already has the file tree of the backup.
  - Reads and checks the backup first, then backs up the present metadata.
  - Without a leader it waits for one while a majority of the masters has journals, up to O(wait_timeout). It
    then fails, unless O(discard_journals_of) permits to delete these journals without a backup.
  - A majority without journals is lost after three election timeouts. The module then warns and continues.
    A journal on a Bound claim exists although its pod does not run, unless the gate finds it empty.
  - Refused while fewer nodes accept masters than the host network requires.
  - Then it adds an init container and the option C(alluxio.master.journal.init.from.backup) to the masters'
    StatefulSet, and deletes one master. When its pod waits for the file, it deletes the others. Each new
    master receives the file.
  - If the first master does not start before the timeout, the pod template is restored and the others keep
    running.
  - When both quorums are complete, it restores the pod template of the StatefulSet and compares the file
    trees.
  - Fails if the restored file tree differs from that of the backup.
  - The update strategy of the StatefulSet stays C(OnDelete), because a rolling update restarts masters
    without regard to the quorum.
  - The next run with the same backup continues an interrupted restoration. If all masters have started from
    it, the run only ends it. A run with another backup backs up first what the masters hold now.
  - Holds the Lease C(<name>-masters). A run that waits for it until O(wait_timeout) names its holder.
  - A run ends with an error when it finds the restoration of another run in the StatefulSet.
  - A master's pod on a lost node blocks the restoration. Force its deletion, or return the node.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
attributes:
  check_mode:
    details: >-
      Restores nothing. To predict the result, it reads and checks the backup through a pod that mounts the
      claim read-only.
options:
  backup:
    description:
      - Name of the backup. V(latest) selects the newest backup of this runtime that was not created before
        a restoration, so that a second run does not undo the first. Such a backup is restored by its name.
      - A backup of a runtime with another name or namespace is refused without O(force_foreign=true).
    type: str
    required: true
  confirm:
    description: Must equal C(<namespace>/<name>) of the cache. Confirms that its metadata may be replaced.
    type: str
    required: true
  verify_tree:
    description:
      - Lists the file trees before and after the restoration. Changes nothing if the cache already has that
        of the backup, and fails if the restored one differs.
      - With V(false) each run restores, nothing is compared, and the module warns.
    type: bool
    default: true
  force_foreign:
    description:
      - Accepts a backup of another runtime.
      - By default it is refused, because its files are those of another Dataset.
    type: bool
    default: false
  skip_safety_backup:
    description:
      - Skips the backup of the present metadata that the leader could write.
      - Does not permit to delete journals while no master leads, see O(discard_journals_of).
    type: bool
    default: false
  discard_journals_of:
    description:
      - Permits to delete the journals of masters that elect no leader, so that their metadata cannot be
        backed up. Must equal C(<namespace>/<name>) of the cache.
      - With it the module waits three election timeouts for a leader instead of O(wait_timeout).
      - It has no effect while a master leads.
      - Without it the restoration is refused, because a leader may only be late, for example while it loads a
        large journal.
    type: str
  wait_timeout:
    description:
      - Maximum duration of the waits of the run together, and of each command in a pod, in seconds. A command
        that takes longer is ended in the pod.
      - The default covers the restart of all masters. A measured restoration of three masters took 94
        seconds.
      - A value below 1 is refused. The next run continues after a timeout.
    default: 900
seealso:
  - module: datacache.fluid.alluxio_backup
  - module: datacache.fluid.alluxio_backup_info
"""

EXAMPLES = r"""
- name: Restore the newest backup into a cache whose masters have lost their majority
  datacache.fluid.alluxio_restore:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    backup: latest
    confirm: data/hbase

- name: Restore one backup by its name
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
  description: The selected backup, like RV(datacache.fluid.alluxio_backup#module:backup).
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
  description: The backup of the previous metadata; empty if none was created.
  returned: success
  type: dict
  sample: *sample
trees:
  description:
    - The file trees before and after the restoration, and that of the backup. The last two must be equal.
  returned: success
  type: dict
  contains:
    before:
      description:
        - C(sha256) and C(paths) of the previous tree.
        - Null without a leader, and if the run replaces no master because it continues a restoration.
      returned: success
      type: dict
      sample: {sha256: 1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014, paths: 3}
    after:
      description: C(sha256) and C(paths) of the present tree; null if check mode predicts a change, and with
        O(verify_tree=false).
      returned: success
      type: dict
      sample: {sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752, paths: 12}
    backup:
      description:
        - C(sha256) and C(paths) of the backup.
        - Null if its tree changed during the backup, so that nothing can be compared.
      returned: success
      type: dict
      sample: {sha256: 60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752, paths: 12}
restarted:
  description: Pods of the masters that this run replaced.
  returned: success
  type: list
  elements: str
  sample: [hbase-master-0, hbase-master-1, hbase-master-2]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 58.4
"""

from ..module_utils.backup.restore.ensure import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(),
        backup={"type": "str", "required": True},
        confirm={"type": "str", "required": True},
        verify_tree={"type": "bool", "default": True},
        force_foreign={"type": "bool", "default": False},
        skip_safety_backup={"type": "bool", "default": False},
        discard_journals_of={"type": "str"},
        wait_timeout={"type": "int", "default": 900})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
