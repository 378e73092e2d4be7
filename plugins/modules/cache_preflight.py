#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_preflight
short_description: Find what a deployment would fail at, before it changes anything
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Examines options, nodes, namespaces, Secrets, ports, memory, disks, the CSI plugin, journals, versions and
    the permissions of the account. Returns all findings at once, each with its severity and remedy. They do
    not fail the module.
  - Host ports are those that pods declare. Processes outside of Kubernetes are not known to the API server.
  - Free memory is what is allocatable without the requests of other pods.
  - Permissions are read by reviews, which the API server answers for each account and does not store.
  - Needs neither Fluid nor the namespace. What the account may not read becomes a warning.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.declared_cache
attributes:
  check_mode:
    details: In check mode it starts no pod for O(probe).
options:
  fluid_namespace:
    description: Namespace of Fluid's controllers, or where they will be installed. If it has none, they are
      looked for in all namespaces.
    type: str
    default: fluid-system
  chart_values:
    description: Values of Fluid's chart with which it will be installed. Those below C(csi) decide what the
      CSI plugin needs. Without effect where Fluid is installed.
    type: dict
    default: {}
  playbooks:
    description:
      - Playbooks for which the permissions of the account are examined. A permission that is missing is an
        error, unless the playbook succeeds without it.
      - V(data_operations) are the modules of data operations, V(inventory) is the inventory plugin, V(events)
        the event source.
    type: list
    elements: str
    default: [deploy_ha]
    choices: [deploy, deploy_ha, scale_masters, scale_workers, rolling_restart, switch_leader,
              rebuild_master, heal, roll_workers, verify, diagnose, report, backup, restore,
              failover_drill, cleanup, remount, install, upgrade, data_operations,
              inventory, events]
  probe:
    description:
      - Also starts a pod in the namespace that connects to the under-stores, and deletes it. It shows whether
        O(probe_image) can be pulled, and which stores a pod reaches.
    type: bool
    default: false
  probe_image:
    description:
      - Image of the pod of O(probe), which has C(bash) and C(timeout). Give Alluxio's own.
      - By default that which Fluid gives to masters and workers, or without Fluid
        V(alluxio/alluxio-dev:2.9.0).
    type: str
  wait_timeout:
    description: Maximum duration of the pod of O(probe), in seconds.
    type: int
    default: 120
seealso:
  - module: datacache.fluid.validate_cache
  - module: datacache.fluid.cache_diagnosis
"""

EXAMPLES = r"""
- name: Find what a deployment would fail at
  datacache.fluid.cache_preflight:
    dataset:
      name: hbase
      mounts:
        - name: hbase
          mount_point: https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/
    runtime:
      name: hbase
      master_replicas: 3
      tieredstore: [{mediumtype: MEM, path: /dev/shm, quota: 2Gi, high: "0.95", low: "0.7"}]
    playbooks: [deploy_ha, verify]
  register: preflight

- name: Require that no error was found
  ansible.builtin.assert:
    that: preflight.passed
    fail_msg: "{{ preflight.report }}"
"""

RETURN = r"""
passed:
  description: Whether no finding is an error.
  returned: success
  type: bool
  sample: false
findings:
  description: The findings, the most severe first.
  returned: success
  type: list
  elements: dict
  contains:
    severity:
      description: V(error) if the playbook cannot succeed, V(warning) if it may fail or the cache does less
        than it could, or V(info).
      returned: success
      type: str
      sample: error
    check:
      description: What was examined, such as V(options), V(nodes), V(namespaces), V(secrets), V(ports),
        V(memory), V(disks), V(csi), V(journal), V(permissions), V(versions), V(image), V(probe) or V(origin).
      returned: success
      type: str
      sample: ports
    evidence:
      description: What was observed, and what was expected.
      returned: success
      type: str
      sample: "master.ports are taken: 20001 on node1 by other/squatter"
    remedy:
      description: What to do about it; may be empty.
      returned: success
      type: str
      sample: choose other ports, or free them
report:
  description: The findings in lines.
  returned: success
  type: list
  elements: str
  sample: ["info: versions: Kubernetes is v1.34.4"]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.6
"""

from collections.abc import Callable

from ..module_utils import redaction
from ..module_utils.api.client import Client
from ..module_utils.k8s.names import require_namespace
from ..module_utils.module import arguments, runtime_options
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.preflight import ensure
from ..module_utils.preflight.permissions import USERS
from ..module_utils.progress import Reporter


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        arguments.declared_cache(),
        fluid_namespace={"type": "str", "default": "fluid-system"},
        chart_values={"type": "dict", "default": {}},
        playbooks={"type": "list", "elements": "str", "default": ["deploy_ha"], "choices": list(USERS)},
        probe={"type": "bool", "default": False},
        probe_image={"type": "str"},
        wait_timeout={"type": "int", "default": 120})


def require_valid(params: dict, hide: Callable[[list[str]], None]) -> None:
    """Raise InvalidInput for options of another type; what else is invalid becomes a finding.

    hide: receives the values that must never be shown.
    """
    # Before the conversion, whose message may quote a value.
    hide(redaction.secrets_within([params["dataset"], params["runtime"]]))
    runtime_options.cache_parts(params)
    require_namespace(params["fluid_namespace"])


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)

    def examined(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
        return ensure.check(client, {**params, **runtime_options.cache_parts(params)}, check_mode, reporter)

    run(module, examined, lambda params: require_valid(params, module.no_log_values.update))


if __name__ == "__main__":
    main()
