#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_absent
short_description: Remove a cache and everything that Fluid created for it
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Deletes the Dataset, then its runtime, then a claim and a volume that Fluid has left. It waits until their
    pods, Helm release, journals and node labels are absent.
  - Ends with nothing left, or fails with each object that is left and what holds it.
  - Deletes pods and jobs of interrupted runs of C(verify) and C(drill).
  - Never deletes pods of others, claims and volumes that Fluid has not created, or data in the under-store.
    A pod that uses the claim holds the cache, and so does a Dataset that refers to this one. A runtime of
    another kind that binds the Dataset holds it, too.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  diff_mode:
    support: none
    description: Returns no diff.
  check_mode:
    support: full
    description: Can run in check mode and return the changed status without changing the cluster.
    details: Fails with what would be left and what holds it, as the run does.
options:
  force:
    description:
      - Removes what Fluid does not remove by itself. These are finalizers of Fluid whose controller is
        absent, has zero replicas, or stays unready for a minute, and all objects of the Helm release.
      - Also removes pods of the cache on nodes that are not Ready, and the cache's labels on nodes.
      - A mount on a node that is not Ready cannot be removed without access to the node. It is returned.
    type: bool
    default: false
  keep_journals:
    description: Leaves the claims of the masters' journals alone, as with C(keep) of their volume.
    type: bool
    default: false
  wait_timeout:
    description: Time limit for the Dataset, for the runtime, and for the rest, in seconds each.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Remove a cache
  datacache.fluid.cache_absent:
    name: hbase
    namespace: data

- name: Remove a cache whose controller no longer runs
  datacache.fluid.cache_absent:
    name: hbase
    namespace: data
    force: true
"""

RETURN = r"""
actions:
  description: The objects that were deleted or changed.
  returned: always
  type: list
  elements: str
  sample: [Dataset hbase in namespace data]
remains:
  description: The objects that are left, in the order of their removal.
  returned: always
  type: list
  elements: dict
  contains:
    object:
      description: Kind, name and namespace.
      type: str
      sample: Dataset hbase in namespace data
    held_by:
      description: What holds the object, with the next step. Empty for an object that goes by itself.
      type: list
      elements: str
      sample: ["pod reader on node node1 uses the claim hbase: delete it first"]
mounts_left:
  description: Nodes that are not Ready, and the folder below which the cache may be mounted there.
  returned: always
  type: list
  elements: dict
  sample: [{node: node2, path: /runtime-mnt/alluxio/data/hbase}]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 34.2
"""

from ..module_utils.k8s.names import require_identity
from ..module_utils.lifecycle.removal.ensure import ensure
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        force={"type": "bool", "default": False}, keep_journals={"type": "bool", "default": False},
        wait_timeout={"type": "int", "default": 600})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_identity)


if __name__ == "__main__":
    main()
