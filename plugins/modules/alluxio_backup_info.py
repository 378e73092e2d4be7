#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_backup_info
short_description: List the metadata backups of an AlluxioRuntime
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns the records of the backups on a claim. It reads them through a pod that mounts the claim
    read-only and is deleted afterwards.
  - The runtime may be absent, but then O(image) is required.
  - A claim that is not Bound counts as empty.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
attributes:
  check_mode:
    details: Changes no backup. Like a run, it creates and deletes the pod that reads the claim.
options:
  verify:
    description:
      - Compares the SHA-256 of each backup of this runtime with its record, and lists the differences in
        RV(damaged).
      - Reads all files completely, so it is off by default.
    type: bool
    default: false
seealso:
  - module: datacache.fluid.alluxio_backup
"""

EXAMPLES = r"""
- name: List the backups
  datacache.fluid.alluxio_backup_info:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
  register: found

- name: Require an intact backup
  datacache.fluid.alluxio_backup_info:
    name: hbase
    namespace: data
    claim: backups
    path: alluxio
    verify: true
  register: verified
  failed_when: verified.backups | length == verified.damaged | length
"""

RETURN = r"""
backups:
  description:
    - Backups of this runtime, newest first, each like RV(datacache.fluid.alluxio_backup#module:backup).
  returned: success
  type: list
  elements: dict
  sample: &sample
    - name: data.hbase.20261124T182233Z
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
other_backups:
  description: Backups of other runtimes in the same folder, newest first.
  returned: success
  type: list
  elements: dict
  sample: *sample
damaged:
  description: Names of the backups of this runtime whose file does not have the SHA-256 of its record.
  returned: with O(verify=true)
  type: list
  elements: str
  sample: []
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 2.6
"""

from ..module_utils.backup import create, subject
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(),
        verify={"type": "bool", "default": False})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), create.read, subject.require_valid)


if __name__ == "__main__":
    main()
