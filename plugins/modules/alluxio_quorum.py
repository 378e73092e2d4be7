#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_quorum
short_description: Bring the Raft quorums of an AlluxioRuntime to full strength
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Ensures that every expected master and job master is an AVAILABLE peer of its Raft group, that no other peer is in it, and, if asked,
    which master leads.
  - A follower that runs for 30 seconds, is not AVAILABLE and was not heard of for 15 seconds is healed by stable addresses and a transfer
    of the leadership to an available follower, since a new leader opens new connections; if that does not show within 30 seconds, by a
    restart of its process.
  - The job masters have no transfer of the leadership. There the process of the lost one is restarted first and, if that does not
    show, that of the leader; no jobs start meanwhile.
  - A peer that no master has is removed.
  - No step is taken that could cost a group its majority. When the majority is lost nothing is touched, and the error says who is away.
  - In check mode it returns the next step of each group in RV(plan), and predicts C(changed) from it.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
options:
  leader:
    description:
      - Pod of the master that is to lead, such as V(hbase-master-1). It must be a peer.
      - A master that was added after workers or FUSE pods had started is refused while they run, since they would find no leader.
      - Without it any master may lead.
    type: str
  leader_not_on:
    description:
      - Node on which no master is to lead, because it is to be drained, for example. A leader there hands over to the first available
        master that is elsewhere.
      - Mutually exclusive with O(leader).
    type: str
  stable_peer_addresses:
    description: Whether the masters' Services get a cluster IP, as in M(datacache.fluid.alluxio_runtime).
    type: bool
    default: true
  wait_timeout:
    description: How long all of it may take, in seconds.
    type: int
    default: 300
seealso:
  - module: datacache.fluid.alluxio_quorum_info
  - module: datacache.fluid.alluxio_runtime
"""

EXAMPLES = r"""
- name: Have all masters in the quorum
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data

- name: Let a certain master lead
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
    leader: hbase-master-1

- name: Move the leadership away from a node that is to be drained
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
    leader_not_on: node1

- name: Say what would be done
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
  check_mode: true
  register: quorum

- name: Show it
  ansible.builtin.debug:
    var: quorum.plan
"""

RETURN = r"""
leader:
  description: The pod that leads the masters.
  returned: success outside check mode
  type: str
  sample: hbase-master-1
acts:
  description: What was done, in its order.
  returned: success, and when a wait timed out
  type: list
  elements: dict
  contains: &act
    domain:
      description: V(MASTER) or V(JOB_MASTER); for Services V(MASTER).
      returned: success
      type: str
      sample: MASTER
    act:
      description: V(transfer_leadership), V(restart_peer), V(remove_peer) or V(replace_service).
      returned: success
      type: str
      sample: transfer_leadership
    target:
      description: The peer's address, or the Service's name.
      returned: success
      type: str
      sample: hbase-master-1:19200
    reason:
      description: Why.
      returned: success
      type: str
      sample: "hbase-master-2 has run for 31 s and is UNAVAILABLE: a new leader opens new connections to it"
plan:
  description: What would be done next.
  returned: in check mode
  type: list
  elements: dict
  contains: *act
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 0.4
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.errors import FluidError, InvalidInput
from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.components import MASTER
from ..module_utils.fluid.runtime import declared_masters
from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments, exit as module_exit
from ..module_utils.progress import Progress
from ..module_utils.quorum import stable_addresses
from ..module_utils.quorum.healer import QuorumHealer
from ..module_utils.quorum.peer_services import names
from ..module_utils.rollout.master_objects import MasterObjects


def masters_of(client: Client, params: dict) -> int:
    """The number of masters that the runtime is to have. Raises InvalidInput for options that do not fit it."""
    name, namespace = params["name"], params["namespace"]
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(name, namespace)
    existing = client.get(fluid_kinds.ALLUXIO_RUNTIME, name, namespace)
    if existing is None:
        raise InvalidInput(f"{what} does not exist: check name and namespace")
    masters = declared_masters(existing["spec"])
    if masters == 1:
        raise InvalidInput(f"{what} has a single master, which has no quorum: there is nothing to look after")
    if params["leader"] and params["leader"] not in names(name, masters):
        raise InvalidInput(f"leader {params['leader']} is no master of {what}, which has {', '.join(names(name, masters))}")
    return masters


def ensure_complete(client: Client, params: dict, check: bool) -> dict:
    """Do, or in check mode plan, what the quorums need."""
    require_identity(params)
    masters = masters_of(client, params)
    healer = QuorumHealer(client, params["namespace"], params["name"], masters, params["wait_timeout"],
                    Progress.from_environment().report_progress)
    desired_leader, avoid = params["leader"] or "", params["leader_not_on"] or ""
    if desired_leader:
        MasterObjects(client, params["namespace"], params["name"]).require_known_by_clients(desired_leader)
    find = stable_addresses.unstable if check else stable_addresses.ensure
    replaced = [{"domain": MASTER, "act": "replace_service", "target": name, "reason": "its name does not resolve while its pod is away"}
                for name in find(client, params["namespace"], params["name"], masters)] if params["stable_peer_addresses"] else []
    if check:
        plan = replaced + [done.as_dict()
                           for done in healer.plan(desired_leader) or (healer.plan(healer.candidate_off_node(avoid)) if avoid else [])]
        return {"changed": bool(plan), "plan": plan, "actions": [], "diff": _diff(plan)}
    try:
        raft_group = healer.ensure_complete(desired_leader)[0]
        if avoid and (successor := healer.candidate_off_node(avoid)):
            raft_group = healer.ensure_complete(successor)[0]
    except FluidError as err:
        err.details.update(actions=replaced + [done.as_dict() for done in healer.actions], changed=bool(replaced or healer.actions))
        raise
    actions = replaced + [done.as_dict() for done in healer.actions]
    leading = raft_group.leading()
    return {"changed": bool(actions), "actions": actions, "leader": leading.pod if leading else None, "diff": _diff(actions)}


def _diff(actions: list[dict]) -> dict:
    """For diff mode: what is done, a line each."""
    lines = [f"{action['domain']}: {action['act']} {action['target']} ({action['reason']})\n" for action in actions]
    return {"before": "", "after": "".join(lines)}


def main() -> None:
    module = AnsibleModule(arguments.compose(
        arguments.connection(), arguments.identity(),
        leader={"type": "str"},
        leader_not_on={"type": "str"},
        stable_peer_addresses={"type": "bool", "default": True},
        wait_timeout={"type": "int", "default": 300}), mutually_exclusive=[("leader", "leader_not_on")], supports_check_mode=True)
    module_exit.finish(module, lambda: ensure_complete(connect(module.params), module.params, module.check_mode))


if __name__ == "__main__":
    main()
