#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_failover
short_description: Kill the leader of an AlluxioRuntime's masters on purpose, and measure the failover
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Kills the process of the leading master with SIGKILL. Its container restarts with its journal.
  - Measures the time without a leader, and the time until all peers of both quorums are AVAILABLE again.
  - Is an action without a desired state. Each run kills a leader.
  - Runs only if both quorums are complete and all masters have stable addresses. Otherwise it fails without
    killing anything. A single master is refused.
  - Looks again once the writer and the reader work. The kill follows within a second of a look that saw
    both quorums complete, and every follower answer and have the journal. It hits the pod that leads then.
  - Holds the Lease C(<name>-masters), so that no other run acts on the masters meanwhile.
  - A writer creates empty directories in C(/.datacache-drill) of Alluxio's root before, during and after
    the kill. The next leader must list every acknowledged one. They exist only in the metadata and are
    removed afterwards.
  - With O(reader_pod) the module also evaluates the log of a reading application. The role
    P(datacache.fluid.drill#role) starts one.
  - Fails, with all figures, if an acknowledged directory is lost, or if a read failed or returned other
    bytes.
  - Fails also if the next leader serves later than O(max_failover_seconds).
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: >-
      Returns the present leader as RV(killed), or fails as the run would, after the end of another run that
      acts on the masters. Another master may lead at the time of the run.
  diff_mode:
    support: none
  idempotent:
    description: A second run with the same options changes nothing.
    support: none
    details: Each run kills a leader.
options:
  confirm:
    description: Must equal O(name). Confirms that the leader may be killed.
    type: str
    required: true
  max_failover_seconds:
    description:
      - Fails if the next leader serves clients later than this, in seconds after the kill.
      - Without it there is no limit.
    type: float
  reader_pod:
    description:
      - Pod in the same namespace whose reads are evaluated. Without it no reads are evaluated.
      - Its container C(reader) must read one file through the volume in a loop, and print a line for each
        read as C(roles/drill/files/read_again.sh) does.
    type: str
  probe_writes:
    description:
      - Creates directories during the drill, and fails if an acknowledged one is lost.
      - On by default, because only writes show whether acknowledged metadata survives.
    type: bool
    default: true
  kill:
    description:
      - What is killed.
      - V(process) is the process of the leading master. Kubernetes restarts its container and the journal
        stays, so the same master may lead again.
      - V(pod) is the process and the pod, with a grace period of 0 seconds. The pod's journal is lost unless
        it is on a claim. A follower that lacks an entry at that moment may then win the election without it.
      - Kubernetes delays each further restart of a container within 10 minutes, by 10 seconds at first.
        Drills that follow each other show that delay in RV(seconds_until_complete) with V(process).
    type: str
    choices: [process, pod]
    default: process
  wait_timeout:
    description:
      - Maximum duration of the drill, in seconds. Nothing is killed unless the writer, the reader and the
        look before the kill succeed within half of it.
      - The module waits at most that long for another run that holds the Lease.
      - The default covers an election with Alluxio's default timeouts, which measured 23 to 28 seconds, and
        the return of the killed master.
    type: int
    default: 300
seealso:
  - module: datacache.fluid.alluxio_quorum
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Return the leader that a drill would kill
  datacache.fluid.alluxio_failover:
    name: hbase
    namespace: data
    confirm: hbase
  check_mode: true

- name: Kill the leader; the next one must serve within 4 seconds
  datacache.fluid.alluxio_failover:
    name: hbase
    namespace: data
    confirm: hbase
    max_failover_seconds: 4
  register: drill

- name: Show the figures
  ansible.builtin.debug:
    msg: >-
      {{ drill.seconds_without_leader }} s without a leader,
      {{ drill.writes.lost | length }} of {{ drill.writes.acknowledged }} acknowledged directories lost
"""

RETURN = r"""
killed:
  description: Pod of the leader that was killed, or in check mode would be.
  returned: success, and if a measured guarantee is broken
  type: str
  sample: hbase-master-1
leader:
  description: Pod of the next leader; the same as RV(killed) if its restarted master leads again.
  returned: outside check mode, also if a measured guarantee is broken
  type: str
  sample: hbase-master-2
seconds_without_leader:
  description:
    - Seconds from the request that killed the leader until a leader served clients. It may be the same
      master, in its restarted container.
    - The end is taken from the next leader's log. Without permission for the log it is the start of that
      leader's web port, which follows with Alluxio 2.9.4 and precedes with 2.9.0.
  returned: outside check mode, also if a measured guarantee is broken
  type: float
  sample: 3.24
seconds_until_complete:
  description: Seconds from that request until all peers of both quorums were AVAILABLE again.
  returned: outside check mode, also if a measured guarantee is broken
  type: float
  sample: 7.23
writes:
  description:
    - The directories of O(probe_writes); null without it.
    - C(acknowledged) and C(acknowledged_before) count all, and those before the kill. C(lost) lists paths.
  returned: outside check mode, also if a measured guarantee is broken
  type: dict
  sample: {acknowledged: 46, acknowledged_before: 9, lost: []}
reads:
  description:
    - The reads of O(reader_pod) since the drill began; null without it.
    - C(good) counts the reads with the bytes of the first read. C(errors) lists the messages of failed
      reads.
    - C(different) lists other checksums. C(longest) is the duration of the longest read, in seconds.
  returned: outside check mode, also if a measured guarantee is broken
  type: dict
  sample: {different: [], errors: [], good: 58, longest: 0.17}
duration:
  description: Duration of the run, in seconds.
  returned: success, and if a measured guarantee is broken
  type: float
  sample: 24.1
"""

from ..module_utils.drill.ensure import ensure, require_valid
from ..module_utils.drill.failover import POD, PROCESS
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        confirm={"type": "str", "required": True},
        max_failover_seconds={"type": "float"},
        reader_pod={"type": "str"},
        probe_writes={"type": "bool", "default": True},
        kill={"type": "str", "choices": [PROCESS, POD], "default": PROCESS},
        wait_timeout={"type": "int", "default": 300})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
