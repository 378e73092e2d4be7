#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dataset_remount
short_description: Mount the under-stores of a Dataset again
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Mounts under-stores of a bound Dataset again in the masters of its AlluxioRuntime, with the present
    contents of its Secrets. Use it after a rotation of credentials, which changes no field of the Dataset.
  - Waits until the masters see the present contents of the Secrets, for at most O(wait_timeout). Without
    the permission to read Secrets it uses the contents that the masters see.
  - FUSE pods cache metadata that names the earlier mount, and read what is not cached with its credentials.
    They drop it if the runtime has the property C(alluxio.fuse.special.command.enabled=true). Otherwise the
    module waits until it has expired, which takes C(alluxio.user.metadata.cache.expiration.time), 10 minutes
    by default. When the module has ended, the earlier credentials are no longer used, except for files that
    a pod has held open since before.
  - Keeps cached data and the metadata of the masters, unless the URL of the under-store has changed as
    well. Alluxio first looks for the folder with the new credentials, except at the root of a bucket; if
    that fails, the old mount stays.
  - Mounts of C(local://) and C(pvc://) and a mount at V(/) need a new runtime and are left out.
  - M(datacache.fluid.dataset) does the same for a changed O(datacache.fluid.dataset#module:mounts).
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Returns the paths and mounts none.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Each run mounts the paths again.
options:
  paths:
    description: Paths of the mounts. By default all that masters can mount again.
    type: list
    elements: str
  wait_timeout:
    description: Seconds to wait for the Lease of the masters, and again for the contents of the Secrets.
    type: int
    default: 300
  wait_for_clients:
    description: Waits until the metadata of FUSE pods that cannot drop it has expired, also beyond
      O(wait_timeout). With V(false) the module warns of these pods.
    type: bool
    default: true
seealso:
  - module: datacache.fluid.dataset
"""

EXAMPLES = r"""
- name: Use the rotated credentials
  datacache.fluid.dataset_remount:
    name: training
    namespace: data

- name: Mount one path again
  datacache.fluid.dataset_remount:
    name: training
    namespace: data
    paths: [/images]
"""

RETURN = r"""
paths:
  description: The paths that were mounted again, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [/images]
metadata_kept_by:
  description: Names of the FUSE pods that could not drop their metadata.
  returned: success, except in check mode
  type: list
  elements: str
  sample: []
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 9.5
"""

from ..module_utils.k8s.names import require_identity
from ..module_utils.lifecycle import remount
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        paths={"type": "list", "elements": "str"},
        wait_timeout={"type": "int", "default": 300},
        wait_for_clients={"type": "bool", "default": True})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), remount.ensure, require_identity)


if __name__ == "__main__":
    main()
