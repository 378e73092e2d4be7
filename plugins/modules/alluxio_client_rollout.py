#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_client_rollout
short_description: Restart workers and FUSE pods of an AlluxioRuntime one at a time
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Restarts the workers by falling ordinal. Each is evicted only while the others are ready. The next one
    follows when the new pod is ready and the masters have had a heartbeat of it.
  - A worker keeps its cached data if its tiers have the volume type C(hostPath), Fluid's default, and if it
    returns to its node. A warning names one that does not.
  - Restarts FUSE pods as O(fuse) permits, and returns the applications that have to be restarted for them.
  - Workers and FUSE pods read the masters' addresses when they start. After masters were added with
    M(datacache.fluid.alluxio_rollout), O(scope=stale) restarts those that do not know all of them.
  - Another run of it, or of another module that acts on the masters, waits for this one.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Returns the plan and restarts nothing.
  diff_mode:
    support: none
options:
  scope:
    description:
      - V(stale) restarts the clients that may not know all masters.
      - V(all) restarts all that started before O(restarted_after).
    type: str
    choices: [stale, all]
    default: stale
  restarted_after:
    description:
      - Time in RFC 3339 with its zone. Clients that started later stay, so that a second run continues the
        first one. Until a time in the future each run restarts all again.
      - Required with O(scope=all), and refused otherwise.
    type: str
  fuse:
    description:
      - Which FUSE pods restart. V(unused) restarts those on whose node no pod mounts the claim of the
        Dataset, or of a Dataset that refers to it.
      - V(all) restarts the others too. That ends the mounts of running applications, which have to be
        restarted unless Fluid's FUSE recovery is enabled.
      - V(none) restarts none.
    type: str
    choices: [none, unused, all]
    default: unused
  wait_timeout:
    description: Maximum duration of the run, in seconds. A value below 1 is refused.
    type: int
    default: 1800
seealso:
  - module: datacache.fluid.alluxio_rollout
  - module: datacache.fluid.alluxio_runtime
"""

EXAMPLES = r"""
- name: Restart the clients that do not know added masters
  datacache.fluid.alluxio_client_rollout:
    name: hbase
    namespace: data

- name: Restart all workers and no FUSE pod
  datacache.fluid.alluxio_client_rollout:
    name: hbase
    namespace: data
    scope: all
    restarted_after: "2026-11-27T18:00:00Z"
    fuse: none
"""

RETURN = r"""
plan:
  description: The restarts that were necessary at the beginning, in their order.
  returned: success
  type: list
  elements: dict
  contains: &restart
    pod:
      description: Name of the pod.
      returned: always
      type: str
      sample: hbase-worker-1
    node:
      description: Its node.
      returned: always
      type: str
      sample: worker-2
    component:
      description: V(worker) or V(fuse).
      returned: always
      type: str
      sample: worker
    reason:
      description: Why it restarts.
      returned: always
      type: str
      sample: it started at 2026-11-27T10:00:00Z and may know only 3 masters
done:
  description: The restarts that were completed; empty in check mode.
  returned: success, and if the run fails after a restart
  type: list
  elements: dict
  contains: *restart
applications:
  description: The pods that read through the chosen FUSE pods.
  returned: success, and if the run fails after a restart
  type: list
  elements: dict
  contains:
    pod:
      description: Namespace and name of the pod.
      returned: always
      type: str
      sample: data/training-0
    node:
      description: Its node.
      returned: always
      type: str
      sample: worker-2
    fuse_pod:
      description: Name of the FUSE pod.
      returned: always
      type: str
      sample: hbase-fuse-x7k2p
    restart:
      description:
        - V(before), the pod has to end before the FUSE pod can restart.
        - V(after), the FUSE pod has restarted, and the pod has to be restarted unless FUSE recovery is
          enabled.
      returned: always
      type: str
      sample: before
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 41.5
"""

from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.rollout.clients.ensure import ensure, require_valid
from ..module_utils.rollout.clients.plan import FUSE_MODES, SCOPES, STALE, UNUSED


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        scope={"type": "str", "choices": list(SCOPES), "default": STALE},
        restarted_after={"type": "str"},
        fuse={"type": "str", "choices": list(FUSE_MODES), "default": UNUSED},
        wait_timeout={"type": "int", "default": 1800})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
