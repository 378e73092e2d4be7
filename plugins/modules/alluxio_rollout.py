#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_rollout
short_description: Apply the declaration of an AlluxioRuntime to its running masters
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Applies later changes of an AlluxioRuntime to its running masters without losing the Raft quorum. Fluid
    reads the masters' part only once, when it creates them.
  - Applies properties and Raft timeouts, JVM options, image, resources, environment and node selector of
    masters and job masters, the number of masters, and O(spread_masters).
  - Changes only the fields that differ in ConfigMap C(<name>-config) and StatefulSet C(<name>-master).
    Fluid's own values stay, and return when a declaration is dropped.
  - Records what was declared in an annotation of the ConfigMap.
  - Sets the update strategy of the StatefulSet to C(OnDelete), because Kubernetes' rolling update restarts
    masters without regard to the quorum.
  - Restarts one master at a time, followers first and the leader last. Before each restart all other peers
    of both Raft groups must be AVAILABLE and have the whole journal. The restarted master must be AVAILABLE
    again before the next step.
  - Evicts pods instead of deleting them, so a PodDisruptionBudget of the masters is respected.
  - A leader transfers its leadership before its restart. During a transfer it accepts no writes for its
    C(election.timeout.max) or longer, by default 20 seconds.
  - While masters are being added, the leadership goes to a master that clients know.
  - Adds and removes masters one at a time. A removed master leaves both Raft groups. A changed number
    restarts the other masters, because their properties hold the addresses of all.
  - The next run continues an interrupted rollout, with its O(restarted_after).
  - Holds the Lease C(<name>-masters) while it acts. If another run holds it, waits until O(wait_timeout)
    and then fails with the name of the holder.
  - An unavailable API server does not end the rollout before O(wait_timeout).
  - Restarts no workers and FUSE pods. They know only the masters of their own start, so they should restart
    after masters were added. Until then a master that they know should lead.
  - Refuses a single master, which has no quorum, and a change between one and several masters, which need
    journals of different types.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Takes no step. Returns RV(plan) and the diff, which it computes from the present objects.
options:
  spread_masters:
    description:
      - Schedules masters to different nodes.
      - V(required) leaves a master unscheduled if each node runs another one. Too few nodes are refused.
      - V(preferred) schedules two masters to one node if there is no other node.
      - V(ignored) removes what this option has set before.
      - Without it the placement stays as it is. Masters on the network of their node, C(HostNetwork), are
        always on different nodes.
    type: str
    choices: [required, preferred, ignored]
  restarted_after:
    description:
      - Restarts also masters whose pod is older than this time, even if nothing else has changed.
      - The time is in RFC 3339 with its zone, such as V(2026-11-24T18:00:00Z). Any other text is refused.
      - With a fixed time the next run finds all masters younger and changes nothing. Until a time in the
        future each run restarts them again.
    type: str
  read_quorum:
    description: Also reads both Raft groups if nothing changes, and returns RV(settled).
    type: bool
    default: false
  wait_timeout:
    description:
      - Maximum duration of the whole rollout, in seconds. The next run continues after a timeout.
      - The default allows six minutes for each of five masters.
      - A value below 1 is refused.
    type: int
    default: 1800
seealso:
  - module: datacache.fluid.alluxio_runtime
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Declare shorter election timeouts
  datacache.fluid.alluxio_runtime:
    name: hbase
    namespace: data
    master_replicas: 3
    raft:
      election_timeout_min: 1s
      election_timeout_max: 2s

- name: Apply them to the masters, one at a time
  datacache.fluid.alluxio_rollout:
    name: hbase
    namespace: data

- name: Predict the rollout
  datacache.fluid.alluxio_rollout:
    name: hbase
    namespace: data
  check_mode: true
  register: rollout

- name: Restart all masters, for example after the certificates of a node were renewed
  datacache.fluid.alluxio_rollout:
    name: hbase
    namespace: data
    restarted_after: "2026-11-24T18:00:00Z"

- name: Keep masters on different nodes
  datacache.fluid.alluxio_rollout:
    name: training
    namespace: data
    spread_masters: required
"""

RETURN = r"""
plan:
  description:
    - The steps in their order, as planned before the first step. Check mode takes none of them.
    - The order of the restarts may change during the run, because another master may lead.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description:
        - V(configure) writes ConfigMap and StatefulSet. V(add) and V(remove) change the number of masters.
          V(restart) replaces a pod.
        - V(ensure_complete) waits for all peers after an interrupted run. V(reset_priorities) resets what an
          interrupted leadership transfer left behind.
      returned: success
      type: str
      sample: restart
    pod:
      description: Pod of the step; empty if it concerns all.
      returned: success
      type: str
      sample: hbase-master-1
    reason:
      description: Reason of the step.
      returned: success
      type: str
      sample: its configuration changes
settled:
  description:
    - Whether nothing changes, and M(datacache.fluid.alluxio_quorum) without a desired leader would neither
      act nor warn. Both quorums are complete, no Service is headless, and the gate is closed.
    - V(false) too if a group cannot be read.
  returned: success, with O(read_quorum)
  type: bool
  sample: true
done:
  description: The completed steps in their order, each like an element of RV(plan).
  returned: outside check mode, also if the rollout fails after its plan
  type: list
  elements: dict
  sample: [{action: restart, pod: hbase-master-1, reason: its configuration changes}]
diff:
  description: Properties, JVM options and fields of the pod template that change, C(before) and C(after).
  returned: success, in diff mode
  type: dict
  sample: {before: {ALLUXIO_JAVA_OPTS: {properties: {}}},
           after: {ALLUXIO_JAVA_OPTS: {
             properties: {alluxio.master.embedded.journal.election.timeout.min: 1s}}}}
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 96.4
"""

from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.rollout.ensure import ensure, require_valid


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        spread_masters={"type": "str", "choices": ["required", "preferred", "ignored"]},
        restarted_after={"type": "str"},
        read_quorum={"type": "bool", "default": False},
        wait_timeout={"type": "int", "default": 1800})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
