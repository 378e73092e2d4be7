#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_quorum_info
short_description: Read the Raft quorums of an AlluxioRuntime
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns leader, peers and their state for the masters and the job masters of a runtime.
  - Reads the metrics of the leader's web port through the API server. This takes 0.1 seconds and needs
    C(get) on C(pods/proxy).
  - Without this permission, or if the metrics are incomplete, it runs C(alluxio fsadmin journal quorum
    info) in a master pod. This takes 1 to 7 seconds and needs C(create) on C(pods/exec).
  - Fails if a group has no leader.
  - Ready pods and heartbeats of standby masters do not prove membership in a group, so it does not use
    them.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
options:
  priorities:
    description: Also reads the priorities of the masters' peers, by a command that takes 3 to 7 seconds.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read the quorums
  datacache.fluid.alluxio_quorum_info:
    name: hbase
    namespace: data
  register: quorum

- name: Require that every master is AVAILABLE
  ansible.builtin.assert:
    that: quorum.masters.complete
    fail_msg: >-
      {{ quorum.masters.available }} of {{ quorum.masters.size }} masters are AVAILABLE,
      leader {{ quorum.masters.leader }}
"""

RETURN = r"""
masters:
  description: The Raft group of the masters. A single master is returned as a group of one.
  returned: success
  type: dict
  contains: &quorum
    leader:
      description: Address of the leader, C(host:port); null without one.
      returned: success
      type: str
      sample: hbase-master-0:26000
    peers:
      description: Peers of the group, by address.
      returned: success
      type: list
      elements: dict
      contains:
        address:
          description: Address of the peer's journal, C(host:port).
          returned: success
          type: str
          sample: hbase-master-0:26000
        host:
          description: Host of the address.
          returned: success
          type: str
          sample: hbase-master-0
        port:
          description: Port of the address.
          returned: success
          type: int
          sample: 26000
        state:
          description: V(AVAILABLE) or V(UNAVAILABLE), as the leader reports it.
          returned: success
          type: str
          sample: AVAILABLE
        priority:
          description:
            - Priority of the peer in elections, 0 or 1. An interrupted leadership transfer leaves 2 behind.
              After a killed run, the next one of M(datacache.fluid.alluxio_quorum) or
              M(datacache.fluid.alluxio_rollout) resets it.
            - Null without O(priorities), and for job masters.
          returned: success
          type: int
          sample: 1
        leader:
          description: Whether the peer leads.
          returned: success
          type: bool
          sample: true
    term:
      description: Newest Raft term in the recent log of the leader; null without one or without a log.
      returned: success
      type: int
      sample: 2
    size:
      description: Number of peers.
      returned: success
      type: int
      sample: 3
    quorum_size:
      description: Size of a majority, C(size // 2 + 1).
      returned: success
      type: int
      sample: 2
    fault_tolerance:
      description: Number of peers of the complete group that may be lost, C((size - 1) // 2).
      returned: success
      type: int
      sample: 1
    available:
      description: Number of AVAILABLE peers.
      returned: success
      type: int
      sample: 3
    complete:
      description: Whether all peers are AVAILABLE and one leads.
      returned: success
      type: bool
      sample: true
job_masters:
  description: The Raft group of the job masters; null for a single master.
  returned: success
  type: dict
  contains: *quorum
unstable_addresses:
  description:
    - Names of the masters' Services without a stable address. A restarted master behind one may stay out of
      its group for minutes.
    - See O(datacache.fluid.alluxio_runtime#module:stable_peer_addresses).
  returned: success
  type: list
  elements: str
  sample: []
answered_by:
  description: Pod that reported the group of the masters.
  returned: success
  type: str
  sample: hbase-master-0
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.2
"""

from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.quorum.info import read


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(), priorities={"type": "bool", "default": False})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), read, require_identity)


if __name__ == "__main__":
    main()
