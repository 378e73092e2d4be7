#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_quorum_info
short_description: Read the Raft quorums of an AlluxioRuntime
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Returns leader, peers and their state for the masters and the job masters of a runtime.
  - It asks the leader over its web port, through the API server, which takes a tenth of a second and needs C(get) on C(pods/proxy).
  - Where that is not allowed, or the leader's metrics do not tell, it asks any master that answers with C(alluxio fsadmin journal quorum
    info) inside its pod, which takes seconds and needs C(create) on C(pods/exec).
  - Without a leader it fails and says so.
  - Neither ready pods nor the heartbeats of standby masters tell of Raft membership; only the quorum itself does.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
"""

EXAMPLES = r"""
- name: Read the quorums
  datacache.fluid.alluxio_quorum_info:
    name: hbase
    namespace: data
  register: quorum

- name: Require that every master is there
  ansible.builtin.assert:
    that: quorum.masters.complete
    fail_msg: "{{ quorum.masters.available }} of {{ quorum.masters.size }} masters are AVAILABLE, leader {{ quorum.masters.leader }}"
"""

RETURN = r"""
masters:
  description: The Raft group of the masters. A single master is returned as the group of one that it is.
  returned: success
  type: dict
  contains: &quorum
    leader:
      description: C(host:port) of the leader; null without one.
      returned: success
      type: str
      sample: hbase-master-0:26000
    peers:
      description: The members, by address.
      returned: success
      type: list
      elements: dict
      contains:
        address:
          description: C(host:port) of the journal.
          returned: success
          type: str
          sample: hbase-master-0:26000
        host:
          description: The host of the address.
          returned: success
          type: str
          sample: hbase-master-0
        port:
          description: The port of the address.
          returned: success
          type: int
          sample: 26000
        state:
          description: V(AVAILABLE) or V(UNAVAILABLE), as the leader sees it.
          returned: success
          type: str
          sample: AVAILABLE
        priority:
          description: The peer's priority in elections.
          returned: success
          type: int
          sample: 0
        leader:
          description: Whether it is the leader.
          returned: success
          type: bool
          sample: true
    term:
      description: The Raft term that the leader's log last names; null when it names none any more.
      returned: success
      type: int
      sample: 2
    size:
      description: Number of members.
      returned: success
      type: int
      sample: 3
    quorum_size:
      description: How many must agree, C(size // 2 + 1).
      returned: success
      type: int
      sample: 2
    fault_tolerance:
      description: How many may be lost of the full group, C((size - 1) // 2).
      returned: success
      type: int
      sample: 1
    available:
      description: How many are AVAILABLE.
      returned: success
      type: int
      sample: 3
    complete:
      description: Whether all are AVAILABLE and one leads.
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
    - The masters' Services without a cluster IP. A master behind one may stay out of the quorum for minutes after a restart.
    - See O(datacache.fluid.alluxio_runtime#module:stable_peer_addresses).
  returned: success
  type: list
  elements: str
  sample: []
asked:
  description: The pod that answered for the masters.
  returned: success
  type: str
  sample: hbase-master-0
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 0.2
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.errors import InvalidInput
from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.components import JOB_MASTER, MASTER
from ..module_utils.fluid.runtime import declared_masters
from ..module_utils.k8s.names import require_identity
from ..module_utils.masters.group import Masters
from ..module_utils.module import arguments, exit as module_exit
from ..module_utils.quorum import stable_addresses


def read(client: Client, namespace: str, name: str) -> dict:
    """Return what both quorums of the runtime say."""
    require_identity({"name": name, "namespace": namespace})
    existing = client.get(fluid_kinds.ALLUXIO_RUNTIME, name, namespace)
    if existing is None:
        raise InvalidInput(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(name, namespace)} does not exist: check name and namespace")
    group = Masters(client, namespace, name)
    masters = declared_masters(existing["spec"])
    if masters == 1:
        quorum, asked = group.single()
        return {"masters": quorum.as_dict(), "job_masters": None, "asked": asked,
                "unstable_addresses": stable_addresses.unstable(client, namespace, name, masters)}
    pods = group.pods()
    quorum, asked = group.quorum(MASTER, pods)
    jobs, _job_pod = group.quorum(JOB_MASTER, pods)
    return {
        "masters": group.with_term(quorum, MASTER, pods).as_dict(),
        "job_masters": group.with_term(jobs, JOB_MASTER, pods).as_dict(),
        "asked": asked,
        "unstable_addresses": stable_addresses.unstable(client, namespace, name, masters),
    }


def main() -> None:
    module = AnsibleModule(arguments.compose(arguments.connection(), arguments.identity()), supports_check_mode=True)
    params = module.params
    module_exit.finish(module, lambda: {"changed": False, **read(connect(params), params["namespace"], params["name"])})


if __name__ == "__main__":
    main()
