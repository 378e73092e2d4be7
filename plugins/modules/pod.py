#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pod
short_description: Start a pod that reads a cache, and wait until it is ready
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates the pod, and first deletes a pod of the same name that an interrupted run has left.
  - With C(metadata.generateName) two runs at once do not end each other's pods. Then it deletes pods with the
    same labels that are older than their C(spec.activeDeadlineSeconds), those of interrupted runs.
  - A pod without tolerations gets those of the Dataset whose claim it mounts, so that it runs on the nodes of
    the cache.
  - A timeout names the reason, such as an image that cannot be pulled, and the newest warning events of the
    pod.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
attributes:
  diff_mode:
    support: none
    description: Returns no diff.
  idempotent:
    support: none
    description: Each run starts a new pod.
options:
  definition:
    description: Manifest of the pod, with a namespace, and a name or C(generateName).
    type: dict
    required: true
  wait_timeout:
    description: Time limit of the whole run, in seconds.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: Start a pod that mounts the claim of a cache
  datacache.fluid.pod:
    definition: "{{ lookup('ansible.builtin.template', 'reader_pod.yml.j2') | from_yaml }}"
"""

RETURN = r"""
name:
  description: Name of the pod; empty in check mode with C(generateName).
  returned: always
  type: str
  sample: hbase-drill-reader-3f9a1c
node:
  description: Node that runs the pod; empty in check mode.
  returned: success
  type: str
  sample: node-1
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 4.2
"""

from ..module_utils.lifecycle.surroundings.pod_start import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), definition={"type": "dict", "required": True},
        wait_timeout={"type": "int", "default": 300})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
