#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_load
short_description: Load paths into the cache of an AlluxioRuntime through its masters
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Loads paths into the cache and waits until all files below them are cached. Paths that are completely
    cached are unchanged, so a second run loads nothing, and a run after an eviction loads what is missing.
  - Works with all Alluxio 2.9. Up to 2.9.3 it runs C(alluxio fs distributedLoad) in a master, which needs the
    job master and a job worker beside each worker. Alluxio 2.9.4 does not have that command; there it runs
    C(alluxio fs load --submit), whose progress the wait shows. The leading master then continues the load
    when this run ends.
  - Loads one copy of each block. Reads of applications create further ones.
  - Both commands can succeed although files failed. Therefore the module measures with C(alluxio fs du)
    before and after. What is missing after the load, a client in the master loads block by block, with
    C(alluxio fs load). The module fails if a byte is still missing.
  - C(load --submit) takes a direct buffer in each worker for each of C(alluxio.job.batch.size) blocks, by
    default 20. It leaves out a block for which there is none.
  - With C(load --submit) a block that the under-store does not deliver within 30 s fails, and is tried
    without end. So a load that only fails for 90 s is stopped.
  - Creates no object in the cluster. M(datacache.fluid.data_load) loads with Fluid's DataLoad.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Loads nothing. Returns the paths that would be loaded.
  diff_mode:
    support: none
options:
  paths:
    description:
      - Absolute paths in the Dataset, such as V(/hbase); V(/) is all of it.
      - A path that does not exist, that lies within another one or that has a wildcard is refused.
    type: list
    elements: str
    default: [/]
  load_metadata:
    description:
      - Lists the under-stores again before, so that files are found that were added there. Check mode does so
        too.
      - Without it, a directory is listed only if it never was before.
    type: bool
    default: false
  wait_timeout:
    description: Maximum duration of the load, in seconds. The next run continues after a timeout.
    type: int
    default: 3600
seealso:
  - module: datacache.fluid.data_load
"""

EXAMPLES = r"""
- name: Load all of a cache
  datacache.fluid.alluxio_load:
    name: hbase
    namespace: data

- name: Load a folder with the files that were added since
  datacache.fluid.alluxio_load:
    name: training
    namespace: data
    paths: [/images/2026]
    load_metadata: true
"""

RETURN = r"""
loaded_paths:
  description: The paths of which something was loaded, or would be in check mode.
  returned: success, and if the load ends with missing files
  type: list
  elements: str
  sample: [/hbase]
paths:
  description: The sizes of each path.
  returned: success, and if the load ends with missing files
  type: list
  elements: dict
  contains:
    path:
      description: The path.
      returned: always
      type: str
      sample: /hbase
    total_bytes:
      description: Size of the files below the path.
      returned: always
      type: int
      sample: 119411835
    cached_bytes:
      description: What of it is cached at the end.
      returned: always
      type: int
      sample: 119411835
    cached_bytes_before:
      description: What of it was cached before the run.
      returned: always
      type: int
      sample: 0
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 31.4
"""

from ..module_utils.lifecycle.data_operations.loading import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        paths={"type": "list", "elements": "str", "default": ["/"]},
        load_metadata={"type": "bool", "default": False},
        wait_timeout={"type": "int", "default": 3600})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
