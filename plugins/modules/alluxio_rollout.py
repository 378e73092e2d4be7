#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_rollout
short_description: Bring the masters of a running AlluxioRuntime to what it declares
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Fluid reads the masters' part of an AlluxioRuntime once, when it creates them. This module applies what was changed since with
    M(datacache.fluid.alluxio_runtime) or otherwise, without losing the Raft quorum.
  - It applies properties and Raft timeouts, JVM options, image, resources, environment and node selector of masters and job masters,
    the number of masters, and O(spread_masters).
  - It changes what Fluid rendered, ConfigMap C(<name>-config) and StatefulSet C(<name>-master), by no more than what differs. What
    Fluid filled in by itself stays, and comes back when a declaration ends. A record of what was declared is kept in an annotation
    of the ConfigMap. The StatefulSet's update strategy becomes C(OnDelete), because Kubernetes' own rolling update does not look at
    the quorum.
  - Then it restarts one master at a time, followers first and the leader last. Each restart waits until all other peers of both Raft
    groups are AVAILABLE and have the whole journal, and ends when the restarted one is AVAILABLE again.
  - A leader that hands over takes no writes until it has, which lasts for its own C(election.timeout.max) or longer, by default 20 s.
    It hands over before it goes when that is sooner than the followers' C(election.timeout.min), after which they notice its loss;
    otherwise it goes as it is, and they elect another one. While masters were added it always hands over, to one that clients know.
  - Masters are added and removed one at a time, before the restarts. A removed master leaves both Raft groups. The others
    restart afterwards, because the addresses of the journal are among their properties.
  - A run that was cut off is finished by the next one.
  - Workers and FUSE pods are not restarted. They know the addresses of the masters of their own start, so after masters were added
    the leader should stay on one that they know until they have started anew; hand-overs of this module prefer the masters with the
    lowest numbers, which are the oldest.
  - A single master has no quorum, and is refused. A change between one master and several is refused too, since it would change
    the format of the journal.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
options:
  spread_masters:
    description:
      - Whether masters are kept on different nodes.
      - V(required) leaves a master unscheduled rather than put it beside another one; there must be a node for each. V(preferred)
        puts them beside each other when there is no other way. V(ignored) takes away what this option has set before.
      - Without it the placement stays as it is. Masters on the network of their node (C(HostNetwork)) are on different nodes anyway.
    type: str
    choices: [required, preferred, ignored]
  restarted_after:
    description:
      - Restarts masters whose pod is older than this time as well, also when nothing has changed.
      - It is a time with its zone as RFC 3339 writes it, such as V(2026-11-24T18:00:00Z). Give a fixed one, so that the next run
        finds all masters younger.
    type: str
  wait_timeout:
    description: How many seconds the whole rollout may take. What is left then is done by the next run.
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

- name: Bring the masters to it, one at a time
  datacache.fluid.alluxio_rollout:
    name: hbase
    namespace: data

- name: Say what there is to do
  datacache.fluid.alluxio_rollout:
    name: hbase
    namespace: data
  check_mode: true
  register: rollout

- name: Restart all masters, for example after a node's certificates were renewed
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
    - What there was to do, in order, as it was known before the first step. In check mode nothing of it was done.
    - The order of restarts is looked at anew before each, since the leader may have changed.
  returned: success
  type: list
  elements: dict
  contains:
    act:
      description:
        - V(configure) writes ConfigMap and StatefulSet, V(add) and V(remove) change the number of masters, V(restart) replaces a pod.
        - V(settle) waits for all peers after a run that was cut off.
      returned: success
      type: str
      sample: restart
    pod:
      description: The pod that it concerns; empty for all.
      returned: success
      type: str
      sample: hbase-master-1
    reason:
      description: Why.
      returned: success
      type: str
      sample: its configuration changes
done:
  description: What was done, in the same form and in the order in which it was done.
  returned: always, outside of check mode
  type: list
  elements: dict
  sample: [{act: restart, pod: hbase-master-1, reason: its configuration changes}]
diff:
  description: The properties, JVM options and fields of the pod template that change, C(before) and C(after).
  returned: success, in diff mode
  type: dict
  sample: {before: {ALLUXIO_JAVA_OPTS: {properties: {}}},
           after: {ALLUXIO_JAVA_OPTS: {properties: {alluxio.master.embedded.journal.election.timeout.min: 1s}}}}
duration:
  description: How long the module worked and waited, in seconds.
  returned: success
  type: float
  sample: 96.4
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.module import arguments, exit as module_exit
from ..module_utils.rollout import ensure as rollout_ensure


def main() -> None:
    module = AnsibleModule(arguments.compose(
        arguments.connection(), arguments.identity(),
        spread_masters={"type": "str", "choices": ["required", "preferred", "ignored"]},
        restarted_after={"type": "str"},
        wait_timeout={"type": "int", "default": 1800}), supports_check_mode=True)
    module_exit.finish(module, lambda: rollout_ensure.run(module.params, module.check_mode, module.warn))


if __name__ == "__main__":
    main()
