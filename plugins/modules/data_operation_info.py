#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: data_operation_info
short_description: Read Fluid's data operations
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns DataLoads, DataMigrates, DataProcesses and DataBackups of one, several or all namespaces. It reads
    them in pages.
  - A kind that is not installed has none.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.selection
options:
  kinds:
    description: Kinds to read. An empty list selects none.
    type: list
    elements: str
    choices: [DataLoad, DataMigrate, DataProcess, DataBackup]
    default: [DataLoad, DataMigrate, DataProcess, DataBackup]
"""

EXAMPLES = r"""
- name: Read all data operations of a namespace
  datacache.fluid.data_operation_info:
    namespace: data
  register: operations

- name: Read the phases of all loads
  datacache.fluid.data_operation_info:
    kinds: [DataLoad]
    summary: true
"""

RETURN = r"""
resources:
  description: The operations without managed fields, by kind; an empty list if none matches.
  returned: without O(summary=true)
  type: list
  elements: dict
  sample:
    - apiVersion: data.fluid.io/v1alpha1
      kind: DataLoad
      metadata: {name: hbase-warm, namespace: data}
      status: {phase: Complete, duration: 42s}
summaries:
  description: Phase and times of each operation; what Fluid has not set is null.
  returned: with O(summary=true)
  type: list
  elements: dict
  contains:
    kind:
      description: Kind of the operation.
      returned: always
      type: str
      sample: DataLoad
    name:
      description: Name of the operation.
      returned: always
      type: str
      sample: hbase-warm
    namespace:
      description: Namespace of the operation.
      returned: always
      type: str
      sample: data
    dataset:
      description: Name of the Dataset that the operation is for.
      returned: always
      type: str
      sample: hbase
    policy:
      description: Policy of the operation.
      returned: always
      type: str
      sample: Once
    phase:
      description: Phase of the operation; empty until a controller has set it.
      returned: always
      type: str
      sample: Complete
    duration_text:
      description: Duration of the last run, as Fluid writes it.
      returned: always
      type: str
      sample: 42s
    reason:
      description: Message or reason of the last condition.
      returned: always
      type: str
      sample: BackoffLimitExceeded
    last_schedule_time:
      description: Time at which the CronJob last started a run.
      returned: always
      type: str
      sample: "2026-11-24T03:00:00Z"
    last_successful_time:
      description: Time at which a run of the CronJob last succeeded.
      returned: always
      type: str
      sample: "2026-11-24T03:02:10Z"
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.03
"""

from ..module_utils.api.client import Client
from ..module_utils.errors import KindNotFound
from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.data_operations import state
from ..module_utils.k8s.output import visible
from ..module_utils.module import arguments, info
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter

_NAMES = [kind.kind for kind in fluid_kinds.OPERATIONS]


def select(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
    """Return the selected operations, complete or summarized."""
    key, convert = ("summaries", state.summary) if params["summary"] else ("resources", visible)
    found: list[dict] = []
    for kind in fluid_kinds.OPERATIONS:
        if kind.kind in params["kinds"]:
            try:
                # The items of a list have no kind of their own (k8s.io/apimachinery, runtime encoding).
                found += [convert({"kind": kind.kind, "apiVersion": kind.api_version, **existing})
                          for existing in info.read(client, kind, params)]
            except KindNotFound:
                continue
    return {"changed": False, key: found}


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.selection(),
        kinds={"type": "list", "elements": "str", "choices": _NAMES, "default": _NAMES})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True, **arguments.SELECTION_RULES), select)


if __name__ == "__main__":
    main()
