#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_backup_info
short_description: List the metadata backups of an AlluxioRuntime
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Reads the records of the backups on a claim, through a pod that mounts it read-only and that is gone afterwards.
  - The runtime need not exist any more, but then O(image) is required.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.backups
options:
  verify:
    description:
      - Whether to compute the SHA-256 of each file of this runtime anew and compare it with the record, which reads all of them.
      - Those that differ are in RV(damaged).
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

- name: Require an intact one
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
  description: The backups of this runtime, the newest first, each like RV(datacache.fluid.alluxio_backup#module:backup).
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
others:
  description: The backups of other runtimes in the same folder, the newest first.
  returned: success
  type: list
  elements: dict
  sample: *sample
damaged:
  description: Names of the backups whose file is not what its record tells.
  returned: with O(verify=true)
  type: list
  elements: str
  sample: []
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 2.6
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.backup import catalog, create as backup_create
from ..module_utils.module import arguments, exit as module_exit


def read(client: Client, params: dict) -> dict:
    """Return what the claim holds."""
    subject = backup_create.subject_of(client, params)
    with backup_create.opened(client, subject, params, backup_create.waiter_of(client, params), read_only=True) as store:
        found = store.listed() if store else []
        own = catalog.of_runtime(found, subject.namespace, subject.name)
        result = {"damaged": [each.name for each in own if not store.is_intact(each)]} if params["verify"] else {}
    return {
        "changed": False,
        "backups": [each.as_dict() for each in own],
        "others": [each.as_dict() for each in found if each not in own],
        **result,
    }


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.identity(), arguments.backups(), verify={"type": "bool", "default": False})
    module = AnsibleModule(spec, supports_check_mode=True)
    params = module.params

    def work() -> dict:
        backup_create.require_valid(params)
        return read(connect(params), params)

    module_exit.finish(module, work)


if __name__ == "__main__":
    main()
