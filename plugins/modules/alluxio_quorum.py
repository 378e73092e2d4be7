#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_quorum
short_description: Complete the Raft quorums of an AlluxioRuntime
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Ensures that every expected master and job master is an AVAILABLE peer of its Raft group, and that the
    groups have no other peers. Optionally it also ensures which master leads.
  - Heals a follower that is not AVAILABLE, whose Raft port is open for 30 seconds, and that has not answered
    for 15 seconds. A follower that still loads its journal is left alone.
  - Restarts each container once at most. An annotation of the pod records what a run has tried, until the
    master is AVAILABLE.
  - To heal a master it transfers the leadership to another AVAILABLE follower, because a new leader opens
    new connections. If this has no effect within 30 seconds, it restarts the process of the unresponsive
    follower.
  - Job masters have no leadership transfer. There it restarts the process of the unresponsive follower and,
    after another 30 seconds, that of the leader. No jobs start meanwhile.
  - Restarts the process of a master that has closed its Raft server at once, because that master has no
    vote.
  - Removes stale peers from the groups. A peer whose pod exists is never stale, whatever number is declared.
  - Holds the Lease C(<name>-masters) while it acts. If another run holds it, waits until O(wait_timeout)
    and then fails with the name of the holder. Complete quorums cost no Lease.
  - With O(rebuild) it first rebuilds a master whose node is lost for good with its journal.
  - No step can cost a group its majority. After the loss of a majority it fails without a restart, and the
    error lists the unavailable masters.
  - Fails for a single master, which has no quorum.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Returns the next step of each group in RV(plan), and predicts C(changed) from it.
options:
  leader:
    description:
      - Transfers the leadership to the master in this pod, such as V(hbase-master-1).
      - Without it any master may lead.
      - A pod that is not one of the runtime's masters is refused.
      - A master that was added after running workers or FUSE pods had started is refused, because those
        clients would find no leader.
      - Mutually exclusive with O(exclude_node).
    type: str
  exclude_node:
    description:
      - Keeps the leader off this node, for example before the node is drained.
      - A leader on the node transfers the leadership to the first available master on another node.
      - Fails if no master on another node is AVAILABLE.
      - Mutually exclusive with O(leader).
    type: str
  rebuild:
    description:
      - Rebuilds the master in this pod, such as V(hbase-master-1), from the leader's journal on another node.
      - For a master whose node is lost for good with its claim, as with local volumes, or with its emptyDir.
        Also for one whose journal has an entry that the leader's has not, which Ratis never replaces.
      - A leader with a connection to the master that its node has not closed first transfers the leadership.
        Ratis would keep that connection for the next pod, and TCP closes it after 15 minutes only. If all
        followers have one too, the next leader restarts before, and three masters serve nobody meanwhile.
        Followers with such a connection restart at the end, one after the other.
      - Removes its peer from both groups, and deletes its claim and its pod, which the controller of the
        StatefulSet creates again. Waits until the master has both complete journals.
      - Otherwise refused unless the node does not exist or has the taint
        C(node.kubernetes.io/out-of-service). A node that is only not Ready may return with the journal.
      - Refused unless all other masters are AVAILABLE in both groups and one of them leads each.
      - A master that takes part is unchanged. A claim whose volume another node can use is never deleted.
      - Mutually exclusive with O(leader) and O(exclude_node).
    type: str
  stable_peer_addresses:
    description:
      - Gives the masters' Services a cluster IP, as in M(datacache.fluid.alluxio_runtime).
      - On by default, because a restarted master with a headless Service may stay out of its group.
    type: bool
    default: true
  tolerate_lost_nodes:
    description:
      - Completes the quorums without masters that cannot run until a node returns. Their node is down or does
        not exist, or no node accepts them while one is cordoned or down.
      - The other masters must be a majority. RV(lost) has the missing ones, and the module warns of each.
      - Needs C(list) on C(nodes). Mutually exclusive with O(rebuild).
    type: bool
    default: false
  wait_timeout:
    description:
      - Maximum duration of all steps, in seconds.
      - The default covers several steps, each of which has 30 seconds to take effect.
    type: int
    default: 300
seealso:
  - module: datacache.fluid.alluxio_quorum_info
  - module: datacache.fluid.alluxio_runtime
"""

EXAMPLES = r"""
- name: Complete both quorums
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data

- name: Transfer the leadership to one master
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
    leader: hbase-master-1

- name: Transfer the leadership off a node before its drain
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
    exclude_node: node1

- name: Rebuild a master whose node is lost for good with its local volume
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
    rebuild: hbase-master-1

- name: Predict the next steps
  datacache.fluid.alluxio_quorum:
    name: hbase
    namespace: data
  check_mode: true
  register: quorum

- name: Show them
  ansible.builtin.debug:
    var: quorum.plan
"""

RETURN = r"""
leader:
  description: Pod of the leading master.
  returned: success outside check mode
  type: str
  sample: hbase-master-1
actions:
  description: The actions of this run, in order. Empty in check mode.
  returned: success, and if the quorums could not be completed
  type: list
  elements: dict
  contains: &action
    domain:
      description: Raft domain, V(MASTER) or V(JOB_MASTER); V(MASTER) for Services, claims and pods.
      returned: success
      type: str
      sample: MASTER
    action:
      description:
        - V(transfer_leadership), V(restart_peer), V(remove_peer) or V(replace_service).
        - V(reset_priorities) after a leadership transfer that was interrupted.
        - With O(rebuild) also V(delete_claim) and V(delete_pod).
      returned: success
      type: str
      sample: transfer_leadership
    target:
      description: Address of the peer, or name of the Service, claim or pod.
      returned: success
      type: str
      sample: hbase-master-1:19200
    reason:
      description: Reason of the action.
      returned: success
      type: str
      sample: "hbase-master-2 has run for 31 s and is UNAVAILABLE: a new leader opens new connections to it"
lost:
  description: The masters without which the quorums are complete, with O(tolerate_lost_nodes).
  returned: success outside check mode
  type: list
  elements: dict
  contains:
    pod:
      description: Pod of the master.
      returned: success
      type: str
      sample: hbase-master-2
    reason:
      description: Reason why it cannot run.
      returned: success
      type: str
      sample: node worker-3 is not Ready
  sample: []
plan:
  description: The actions of O(rebuild), the Services to replace and the next step of each group.
  returned: in check mode
  type: list
  elements: dict
  contains: *action
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.4
"""

from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.quorum.ensure import ensure


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        leader={"type": "str"},
        exclude_node={"type": "str"},
        rebuild={"type": "str"},
        stable_peer_addresses={"type": "bool", "default": True},
        tolerate_lost_nodes={"type": "bool", "default": False},
        wait_timeout={"type": "int", "default": 300})


def main() -> None:
    module = FluidModule(
        argument_spec(),
        mutually_exclusive=[("leader", "exclude_node"), ("rebuild", "leader"), ("rebuild", "exclude_node"),
                            ("rebuild", "tolerate_lost_nodes")],
        supports_check_mode=True)
    run(module, ensure, require_identity)


if __name__ == "__main__":
    main()
