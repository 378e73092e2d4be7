#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: data_load
short_description: Load paths of a Dataset into its cache with Fluid's DataLoad
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes a DataLoad of Fluid, C(data.fluid.io/v1alpha1), and waits until it is
    Complete. The progress of the wait shows the share of the Dataset that is cached.
  - Fails at once if the operation fails, with the last lines of its Job.
  - Checks before any change that the Dataset exists, and is Bound unless O(wait=true) covers that.
  - With O(policy=Cron) a wait ends when the CronJob exists. It does not wait for a run.
  - Fluid runs C(alluxio fs distributedLoad) in a pod. The command exists up to Alluxio 2.9.3 and not in
    2.9.4, where each DataLoad fails; the module refuses it there. M(datacache.fluid.alluxio_load) loads with
    all these versions.
  - The command needs a leading job master and a job worker beside each worker. It reports success even if
    files failed, so a DataLoad that is Complete may have loaded less.
  - The script of Fluid's chart first sets the maximum of replicas of all files below each path to
    O(target[].replicas). Alluxio evicts copies above it, also those that reads create later.
  - Without O(load_metadata) the load finds the files that Alluxio knows. It lists a directory of the
    under-store only if that was never listed before.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.metadata
  - datacache.fluid.data_operation
  - datacache.fluid.data_operation.job
  - datacache.fluid.wait
  - datacache.fluid.wait_for
options:
  name:
    description:
      - Name of the DataLoad, of at most 46 characters, because Fluid runs it as the Helm release
        C(<name>-loader).
  namespace:
    description: Namespace of the DataLoad and of its Dataset.
  dataset:
    description: Name of the Dataset. Required with O(state=present).
    type: str
  target:
    description:
      - Paths to load. Without it Fluid's chart loads V(/).
      - A path with a space, a colon or a pattern is refused, because Fluid's script would split or expand it.
    type: list
    elements: dict
    suboptions:
      path:
        description: Absolute path in the Dataset, such as V(/hbase).
        type: str
        required: true
      replicas:
        description:
          - Number of workers that get each block, by default 1.
          - More than the runtime has workers are refused, because Alluxio then loads nothing and reports
            success.
        type: int
  load_metadata:
    description:
      - Lists the under-stores again before the load, so that files are found that were added there.
      - The script does so with C(alluxio fs ls -R) and a metadata sync interval of zero.
    type: bool
  options:
    description: Further options for the engine of the runtime. Fluid's engine for Alluxio ignores them.
  wait_timeout:
    default: 3600
seealso:
  - module: datacache.fluid.alluxio_load
  - module: datacache.fluid.data_operation_info
"""

EXAMPLES = r"""
- name: Load a path and wait until it is loaded
  datacache.fluid.data_load:
    name: hbase-warm
    namespace: data
    dataset: hbase
    target:
      - path: /hbase
    wait: true

- name: Load it again, because the under-store has new files
  datacache.fluid.data_load:
    name: hbase-warm
    namespace: data
    dataset: hbase
    target:
      - path: /hbase
    load_metadata: true
    restarted_after: "2026-11-24T18:00:00Z"
    wait: true

- name: Load new files each night
  datacache.fluid.data_load:
    name: hbase-nightly
    namespace: data
    dataset: hbase
    load_metadata: true
    policy: Cron
    schedule: "0 3 * * *"
"""

RETURN = r"""
result:
  description: The DataLoad without managed fields; an empty dictionary if it is absent.
  returned: success
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: DataLoad
    metadata: {name: hbase-warm, namespace: data}
    status: {phase: Complete, duration: 42s}
phase:
  description: Phase of the DataLoad; empty until Fluid has processed it.
  returned: success, unless it is absent
  type: str
  sample: Complete
diff:
  description: The fields that changed, C(before) and C(after).
  returned: success, in diff mode
  type: dict
  sample: {before: {status: {phase: Complete}}, after: {status: {phase: ""}}}
conflicts:
  description: The fields that would change and that other field managers hold, each with C(field) and
    C(manager).
  returned: on a conflict
  type: list
  elements: dict
  sample: [{field: spec.schedule, manager: kubectl-edit}]
findings:
  description: Causes of a timeout, one line each.
  returned: on a timeout
  type: list
  elements: str
  sample: ["pod hbase-warm-loader-job-x2k4p: not scheduled: 0/3 nodes are available"]
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 42.7
"""

from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.data_operations import manifests, rules
from ..module_utils.module import operation_options, operation_resource, resource
from ..module_utils.module.option_names import FluidModule


class DataLoad(operation_resource.Operation):
    kind = fluid_kinds.DATA_LOAD
    required = ("dataset",)

    def require_valid(self, item: dict) -> None:
        rules.require_valid_load(item)

    def manifest(self, item: dict) -> dict:
        return manifests.load(item)


def argument_spec() -> dict:
    return operation_resource.specification(operation_options.load(), 3600)


def main() -> None:
    required = operation_resource.rules(DataLoad)
    resource.run(FluidModule(argument_spec(), supports_check_mode=True, **required), DataLoad())


if __name__ == "__main__":
    main()
