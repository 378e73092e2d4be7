#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_failover
short_description: Kill the leader of an AlluxioRuntime's masters on purpose, and measure the failover
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - A drill. It kills the process of the leading master (SIGKILL), deletes its pod with a grace period of 0, and measures how long the
    cache is without a leader and until all peers of the masters' and the job masters' quorums are AVAILABLE again.
  - It is an act, not a state. Every run kills a leader.
  - It starts at full strength alone. A quorum that is not complete, or that lacks stable addresses, is refused, and nothing is killed.
  - A writer makes empty directories in C(/.datacache-drill) of Alluxio's root before, during and after the kill. All that were
    acknowledged must be listed by the next leader. They are removed afterwards and never reach an under-store.
  - With O(reader_pod) the log of a reading application is judged too. The role M(datacache.fluid.drill) starts one.
  - It fails, with all its figures, when something acknowledged is lost, when a read failed or had other bytes, or when the next leader
    was later than O(leader_within).
  - In check mode it names the leader that it would kill, or refuses as a real run does.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: Returns RV(killed) as the leader of now; another may lead when the real run comes.
  diff_mode:
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: none
    details: Each run kills a leader.
options:
  confirm:
    description: The name of the runtime once more, as the word that its leader is to be killed.
    type: str
    required: true
  leader_within:
    description: Fails when the next leader serves later than this, in seconds after the kill. Without it any time will do.
    type: float
  reader_pod:
    description:
      - A pod in the same namespace whose container C(reader) reads a file through the volume again and again, and prints a line for each
        read as C(roles/drill/files/read_again.sh) does.
    type: str
  write:
    description: Whether directories are made during the drill, as proof that nothing acknowledged is lost.
    type: bool
    default: true
  wait_timeout:
    description: How long all of it may take, in seconds.
    type: int
    default: 300
seealso:
  - module: datacache.fluid.alluxio_quorum
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Whose leader would be killed
  datacache.fluid.alluxio_failover:
    name: hbase
    namespace: data
    confirm: hbase
  check_mode: true

- name: Kill the leader; the next one has to serve within 4 seconds
  datacache.fluid.alluxio_failover:
    name: hbase
    namespace: data
    confirm: hbase
    leader_within: 4
  register: drill

- name: Show the figures
  ansible.builtin.debug:
    msg: "{{ drill.seconds_without_leader }} s without a leader, {{ drill.writes.acknowledged }} directories acknowledged and there"
"""

RETURN = r"""
killed:
  description: The pod that led and was killed, or in check mode would be.
  returned: success, and when a promise is broken
  type: str
  sample: hbase-master-1
leader:
  description: The pod that led next.
  returned: outside check mode, also when a promise is broken
  type: str
  sample: hbase-master-2
seconds_without_leader:
  description:
    - From the request that killed the leader until the next one served clients. That moment is taken from the next leader's log, relative
      to its web port, which follows and is watched; without permission for the log it is that of the web port.
  returned: outside check mode, also when a promise is broken
  type: float
  sample: 3.24
seconds_until_complete:
  description: From that request until all peers of both quorums were AVAILABLE again.
  returned: outside check mode, also when a promise is broken
  type: float
  sample: 7.23
writes:
  description: What became of the directories; null without O(write).
  returned: outside check mode, also when a promise is broken
  type: dict
  sample: {acknowledged: 46, acknowledged_before: 9, lost: []}
reads:
  description:
    - The reads of O(reader_pod) since the drill began; null without it. C(longest) is the longest read in seconds, C(different) has the
      checksums other than that of the first read.
  returned: outside check mode, also when a promise is broken
  type: dict
  sample: {different: [], errors: [], good: 58, longest: 0.17}
duration:
  description: How long the module worked, in seconds.
  returned: success
  type: float
  sample: 24.1
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.api.client import Client
from ..module_utils.api.connection import connect
from ..module_utils.drill.failover import FailoverDrill
from ..module_utils.errors import InvalidInput
from ..module_utils.fluid import kinds as fluid_kinds
from ..module_utils.fluid.runtime import declared_masters
from ..module_utils.k8s.names import require_identity
from ..module_utils.module import arguments, exit as module_exit
from ..module_utils.progress import Progress


def masters_of(client: Client, name: str, namespace: str) -> int:
    """The number of masters that the runtime is to have. Raises InvalidInput without a quorum."""
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(name, namespace)
    existing = client.get(fluid_kinds.ALLUXIO_RUNTIME, name, namespace)
    if existing is None:
        raise InvalidInput(f"{what} does not exist: check name and namespace")
    masters = declared_masters(existing["spec"])
    if masters == 1:
        raise InvalidInput(f"{what} has a single master: without a quorum its metadata would be lost with it, so nothing was killed")
    return masters


def work(client: Client, params: dict, check: bool) -> dict:
    """Drill, or in check mode say on whom."""
    masters = masters_of(client, params["name"], params["namespace"])
    drill = FailoverDrill(
        client, params["namespace"], params["name"], masters, params["wait_timeout"], Progress.from_environment().report_progress)
    if check:
        return {"changed": True, "killed": drill.leader()}
    drilled = drill.run(params["reader_pod"] or "", params["write"])
    broken = drilled.broken(params["leader_within"])
    result = {"changed": True, **drilled.as_dict()}
    return {**result, "failed": True, "msg": f"the failover broke {len(broken)} promises: {'; '.join(broken)}"} if broken else result


def require_confirmed(params: dict) -> None:
    """Raise InvalidInput unless the runtime was named twice."""
    require_identity(params)
    if params["confirm"] != params["name"]:
        raise InvalidInput(f"confirm is {params['confirm']!r}: a drill kills the leader of AlluxioRuntime {params['name']} on purpose; "
                           "give its name as confirm (fluid_drill_confirm with the playbook) to have that")


def main() -> None:
    module = AnsibleModule(arguments.compose(
        arguments.connection(), arguments.identity(),
        confirm={"type": "str", "required": True},
        leader_within={"type": "float"},
        reader_pod={"type": "str"},
        write={"type": "bool", "default": True},
        wait_timeout={"type": "int", "default": 300}), supports_check_mode=True)

    def drill() -> dict:
        require_confirmed(module.params)
        return work(connect(module.params), module.params, module.check_mode)

    module_exit.finish(module, drill)


if __name__ == "__main__":
    main()
