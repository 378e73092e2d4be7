#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_runtime
short_description: Manage highly available AlluxioRuntimes
version_added: 0.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes an AlluxioRuntime of Fluid (C(data.fluid.io/v1alpha1)), which binds the Dataset of the same name.
  - With O(wait=true) it waits until masters and workers are ready, and until all masters, and all job masters, are AVAILABLE peers of
    one Raft quorum with one leader.
  - A ready pod alone does not mean a quorum, since Fluid sets no probes.
  - Fluid reads most fields once, at creation. A later change of such a field brings a warning. What concerns several masters,
    their number included, is then applied by M(datacache.fluid.alluxio_rollout).
  - A change between one and several masters needs the cache to be rebuilt, which O(recreate=true) allows.
  - With O(wait=true) it waits for the masters that run, also while another number of them is declared.
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
  - datacache.fluid.identity
  - datacache.fluid.state
  - datacache.fluid.metadata
  - datacache.fluid.wait
  - datacache.fluid.wait_for
options:
  name:
    description:
      - Name of the runtime, which is the name of the Dataset that it binds.
      - It must be a DNS-1035 label, because it becomes part of Service names.
      - Either O(name) or O(runtimes) is required.
    required: false
  master_replicas:
    description:
      - Number of masters, C(spec.master.replicas).
      - One is a single master; odd numbers above it form a Raft quorum with an embedded journal.
      - Three masters tolerate the loss of one, five the loss of two. An even number is refused.
      - Another number of several is brought to a running runtime by M(datacache.fluid.alluxio_rollout). A change between one and several
        would change the type of the journal. It is refused without O(recreate=true).
    type: int
    default: 1
  recreate:
    description:
      - Whether the cache may be rebuilt where O(master_replicas) changes between one and several. The runtime is then deleted and, when
        nothing is left of it, created anew as it is declared here. Labels, annotations and fields that other people set are not kept.
      - Cached data is lost and fetched anew from the under-store. What is only in Alluxio is lost, so back up the metadata first with
        M(datacache.fluid.alluxio_backup).
      - It is refused while pods use the claim of the Dataset, since Fluid's deletion would wait for them, and while other Datasets refer
        to it (C(dataset://)), since they read through its volume.
      - The deletion is waited for also with O(wait=false), for at most O(wait_timeout), and then as long for the runtime's pods to end.
        A run that was cut off is finished by the next one.
      - Where the number does not change so, this option does nothing.
    type: bool
    default: false
  worker_replicas:
    description: Number of workers, C(spec.replicas). Fluid applies a change on a running runtime.
    type: int
    default: 1
  tieredstore: &tieredstore
    description: The cache's tiers on each worker, the fastest first.
    type: list
    elements: dict
    suboptions:
      mediumtype:
        description: Medium of the tier.
        type: str
        choices: [MEM, SSD, HDD]
        required: true
      path:
        description: Path on the worker's node, or several joined with commas.
        type: str
        required: true
      quota:
        description: Size of the tier as a Kubernetes quantity, for all paths together.
        type: str
      quota_list:
        description: A quantity for each path, joined with commas.
        type: str
      high:
        description: Share of the quota at which eviction starts, such as V(0.95).
        type: str
      low:
        description: Share of the quota at which eviction stops. It must be below O(tieredstore[].high).
        type: str
      volume_type:
        description: The kind of volume. Fluid's default is V(hostPath).
        type: str
        choices: [hostPath, emptyDir]
  properties: &properties
    description:
      - Properties of Alluxio for all components.
      - Alluxio ignores a key that it does not know without a word. For the masters that is an error here, proven by C(alluxio getConf) in
        one of them, before a running runtime is changed, and with O(wait=true) after one is created.
        It needs C(create) on C(pods/exec).
    type: dict
  jvm_options: &jvm_options
    description: JVM options for all components.
    type: list
    elements: str
  network_mode:
    description:
      - Network of masters and workers. With V(HostNetwork) each master needs a node of its own, because all use the same ports.
      - With V(ContainerNetwork) masters may share a node, and Fluid sets no anti-affinity against that.
    type: str
    choices: [HostNetwork, ContainerNetwork]
    default: HostNetwork
  raft: &raft
    description:
      - The masters' journal. Each option sets the property of Alluxio that its description names.
      - Durations are such as V(500ms), V(10s) or V(1min), sizes such as V(10MB).
    type: dict
    suboptions:
      profile:
        description:
          - A set of these options by name; an option that is given beside it has its own value.
          - V(fast) sets O(raft.election_timeout_min) to V(1s), O(raft.election_timeout_max) to V(2s), O(raft.catchup_retry_wait) to
            V(100ms) and O(raft.backup_delegation) to V(false), so that a lost leader is succeeded within 4 seconds. Choose it where a
            master is never stopped for a second by its garbage collection or its node.
          - V(default) sets none.
        type: str
        choices: [default, fast]
      election_timeout_min:
        description:
          - C(alluxio.master.embedded.journal.election.timeout.min), by default V(10s).
          - A shorter one finds a lost leader sooner, and takes a long pause of a live one for a loss.
        type: str
      election_timeout_max:
        description: C(alluxio.master.embedded.journal.election.timeout.max), by default V(20s). It must be above the minimum.
        type: str
      catchup_retry_wait:
        description:
          - C(alluxio.master.embedded.journal.catchup.retry.wait), by default V(1s).
          - An elected leader waits that long before it serves, when it tried to read the end of the journal too soon after its election.
        type: str
      flush_size_max:
        description: C(alluxio.master.embedded.journal.flush.size.max), by default V(160MB).
        type: str
      entry_size_max:
        description: C(alluxio.master.embedded.journal.entry.size.max), by default V(10MB).
        type: str
      write_timeout:
        description: C(alluxio.master.embedded.journal.write.timeout), by default V(30s).
        type: str
      raft_client_request_interval:
        description: C(alluxio.master.embedded.journal.raft.client.request.interval), by default V(100ms).
        type: str
      raft_client_request_timeout:
        description: C(alluxio.master.embedded.journal.raft.client.request.timeout), by default V(60s).
        type: str
      snapshot_replication_chunk_size:
        description: C(alluxio.master.embedded.journal.snapshot.replication.chunk.size), by default V(4MB).
        type: str
      transport_request_timeout:
        description: C(alluxio.master.embedded.journal.transport.request.timeout.ms), by default V(5s).
        type: str
      transport_max_inbound_message_size:
        description: C(alluxio.master.embedded.journal.transport.max.inbound.message.size), by default V(100MB).
        type: str
      checkpoint_period_entries:
        description: C(alluxio.master.journal.checkpoint.period.entries), by default V(2000000).
        type: str
      log_size_bytes_max:
        description: C(alluxio.master.journal.log.size.bytes.max), by default V(500MB) in Fluid.
        type: str
      backup_delegation:
        description:
          - C(alluxio.master.backup.delegation.enabled), by default V(true), which lets followers make the backups that their leader is
            asked for.
          - Such a follower looks for a leader that was lost, and cannot take over itself until it has given up, which takes 20 to 33
            seconds when the leader's node is gone. M(datacache.fluid.alluxio_backup) has the leader make its backups either way.
        type: bool
  stable_peer_addresses:
    description:
      - Whether the masters' Services get a cluster IP.
      - Fluid makes them headless, so that the name of a master does not resolve while its pod is away; its leader then may not take it
        back into the quorum for minutes. A single master, whose startup probe asks it by its name, never becomes ready.
      - They are replaced one at a time, also on a runtime that runs, and as early as they exist when the module waits. It needs
        C(list), C(get), C(create) and C(delete) on Services.
      - With V(false) they stay as they are.
    type: bool
    default: true
  master: &master
    description: The master containers.
    type: dict
    suboptions: &component_options
      resources:
        description: Resources of the containers, as Kubernetes quantities by their names such as C(cpu) and C(memory).
        type: dict
        suboptions: &resources
          requests:
            description: What a node must have left for the container.
            type: dict
          limits:
            description: What the container may use at the most.
            type: dict
      jvm_options:
        description: JVM options of this component.
        type: list
        elements: str
      properties:
        description: Properties of Alluxio for this component.
        type: dict
      env:
        description: Environment variables of this component.
        type: dict
      ports:
        description: Port numbers by their names in Fluid, such as C(rpc) and C(web).
        type: dict
      node_selector:
        description: Labels of the nodes that may run this component.
        type: dict
  worker: &worker
    description: The worker containers.
    type: dict
    suboptions: *component_options
  job_master: &job_master
    description: The job master containers.
    type: dict
    suboptions: *component_options
  job_worker: &job_worker
    description: The job worker containers.
    type: dict
    suboptions: *component_options
  fuse: &fuse
    description: The FUSE pods, which Fluid starts on the nodes where pods use the Dataset.
    type: dict
    suboptions:
      resources:
        description: Resources of the containers, as Kubernetes quantities by their names such as C(cpu) and C(memory).
        type: dict
        suboptions: *resources
      jvm_options:
        description: JVM options. Fluid's default reserves a heap of 16 GiB.
        type: list
        elements: str
      properties:
        description: Properties of Alluxio for the FUSE client.
        type: dict
      env:
        description: Environment variables of the FUSE client.
        type: dict
      node_selector:
        description: Labels of the nodes that may run FUSE pods.
        type: dict
      image:
        description: Image of the FUSE client.
        type: str
      image_tag:
        description: Tag of the image.
        type: str
      image_pull_policy:
        description: When the image is pulled.
        type: str
        choices: [Always, IfNotPresent, Never]
      args:
        description: Arguments of the FUSE client.
        type: list
        elements: str
      clean_policy:
        description: When Fluid removes FUSE pods.
        type: str
        choices: [OnDemand, OnRuntimeDeleted, OnFuseChanged]
  image: &image
    description: Image of Alluxio for masters and workers.
    type: str
  image_tag: &image_tag
    description: Tag of the image.
    type: str
  image_pull_policy: &image_pull_policy
    description: When the image is pulled.
    type: str
    choices: [Always, IfNotPresent, Never]
  run_as: &run_as
    description: User and group that the components run as.
    type: dict
    suboptions:
      uid:
        description: User ID.
        type: int
        required: true
      gid:
        description: Group ID.
        type: int
        required: true
      user:
        description: User name.
        type: str
        required: true
      group:
        description: Group name.
        type: str
        required: true
  disable_prometheus: &disable_prometheus
    description: Whether the components go without metrics for Prometheus.
    type: bool
  hadoop_config: &hadoop_config
    description: Name of a ConfigMap with C(hdfs-site.xml) or C(core-site.xml).
    type: str
  runtimes:
    description:
      - Several runtimes, instead of the options of a single one.
      - They are read with few requests, written side by side and waited for together.
      - The failure of one does not stop the others; the task fails at the end and names those that failed.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the runtime.
        type: str
        required: true
      namespace:
        description: Namespace of the runtime, by default O(namespace).
        type: str
      labels:
        description: Labels of the runtime. Those that other people set stay.
        type: dict
      annotations:
        description: Annotations of the runtime. Those that other people set stay.
        type: dict
      master_replicas:
        description: Number of masters, by default O(master_replicas).
        type: int
      recreate:
        description: Whether the cache may be rebuilt, by default O(recreate).
        type: bool
      worker_replicas:
        description: Number of workers, by default O(worker_replicas).
        type: int
      tieredstore: *tieredstore
      properties: *properties
      jvm_options: *jvm_options
      network_mode:
        description: Network of masters and workers, by default O(network_mode).
        type: str
        choices: [HostNetwork, ContainerNetwork]
      raft: *raft
      stable_peer_addresses:
        description: Whether the masters' Services get a cluster IP, by default O(stable_peer_addresses).
        type: bool
      master: *master
      worker: *worker
      job_master: *job_master
      job_worker: *job_worker
      fuse: *fuse
      image: *image
      image_tag: *image_tag
      image_pull_policy: *image_pull_policy
      run_as: *run_as
      disable_prometheus: *disable_prometheus
      hadoop_config: *hadoop_config
  wait_timeout:
    default: 600
seealso:
  - module: datacache.fluid.dataset
  - module: datacache.fluid.alluxio_rollout
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Run a highly available cache with three masters and two workers, and wait for its quorum
  datacache.fluid.alluxio_runtime:
    name: hbase
    namespace: data
    master_replicas: 3
    worker_replicas: 2
    tieredstore:
      - mediumtype: MEM
        path: /dev/shm
        quota: 2Gi
        high: "0.95"
        low: "0.7"
    wait: true

- name: Let the masters of a fast network find a lost leader sooner
  datacache.fluid.alluxio_runtime:
    name: training
    namespace: data
    master_replicas: 3
    network_mode: ContainerNetwork
    raft:
      profile: fast
    tieredstore:
      - mediumtype: SSD
        path: /mnt/cache
        quota: 200Gi

- name: Give a cache with a single master three, after a backup; no pod uses it now
  datacache.fluid.alluxio_runtime:
    name: reports
    namespace: data
    master_replicas: 3
    recreate: true
    wait: true

- name: Delete a runtime, and wait until Fluid has cleaned up behind it
  datacache.fluid.alluxio_runtime:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
result:
  description: The AlluxioRuntime, without managed fields; an empty dictionary when there is none any more.
  returned: success with O(name)
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: AlluxioRuntime
    metadata: {name: hbase, namespace: data}
    spec: {replicas: 2, master: {replicas: 3, networkMode: HostNetwork}}
    status: {masterPhase: Ready, masterNumberReady: 3, workerPhase: Ready, workerNumberReady: 2}
results:
  description: One entry for each of the objects, in their order.
  returned: with O(runtimes)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the object.
      returned: always
      type: str
      sample: search
    namespace:
      description: Namespace of the object.
      returned: always
      type: str
      sample: data
    changed:
      description: Whether the object was changed.
      returned: always
      type: bool
      sample: true
    result:
      description:
        - The object, as RV(result) of a single one.
        - M(datacache.fluid.alluxio_runtime_info) reads objects that were not waited for.
      returned: when the object was waited for
      type: dict
    diff:
      description: The fields that changed, C(before) and C(after).
      returned: when the object was changed
      type: dict
      sample: {before: {spec: {replicas: 2}}, after: {spec: {replicas: 3}}}
    error:
      description: Why this object failed.
      returned: when it failed
      type: str
      sample: "AlluxioRuntime search in namespace data: spec.replicas was set by field manager kubectl-edit"
duration:
  description: How long the module worked and waited, in seconds.
  returned: success
  type: float
  sample: 71.2
conflicts:
  description: The fields that other field managers hold, each with C(field) and C(manager).
  returned: when other field managers hold fields that would change
  type: list
  elements: dict
  sample: [{field: spec.replicas, manager: kubectl-edit}]
findings:
  description: What was in the way when a wait timed out, a line each.
  returned: when a wait timed out
  type: list
  elements: str
  sample: ["pod hbase-master-2: not scheduled: 0/2 nodes are available"]
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.alluxio import properties
from ..module_utils.fluid import kinds as fluid_kinds, runtime
from ..module_utils.lifecycle import property_check, recreate, runtime_checks, waits
from ..module_utils.module import arguments, resource
from ..module_utils.quorum import stable_addresses


def options() -> dict:
    """The options that describe one runtime, beside its name and namespace."""
    component = {
        "resources": {"type": "dict", "options": {"requests": {"type": "dict"}, "limits": {"type": "dict"}}},
        "jvm_options": {"type": "list", "elements": "str"}, "properties": {"type": "dict"}, "env": {"type": "dict"},
        "ports": {"type": "dict"}, "node_selector": {"type": "dict"},
    }
    image = {
        "image": {"type": "str"}, "image_tag": {"type": "str"},
        "image_pull_policy": {"type": "str", "choices": ["Always", "IfNotPresent", "Never"]},
    }
    fuse = {
        **{key: value for key, value in component.items() if key != "ports"}, **image,
        "args": {"type": "list", "elements": "str"},
        "clean_policy": {"type": "str", "choices": ["OnDemand", "OnRuntimeDeleted", "OnFuseChanged"]},
    }
    level = {
        "mediumtype": {"type": "str", "choices": ["MEM", "SSD", "HDD"], "required": True},
        "path": {"type": "str", "required": True}, "quota": {"type": "str"}, "quota_list": {"type": "str"},
        "high": {"type": "str"}, "low": {"type": "str"},
        "volume_type": {"type": "str", "choices": ["hostPath", "emptyDir"]},
    }
    return arguments.compose(
        arguments.metadata(), image,
        {name: {"type": "dict", "options": component} for name in ("master", "worker", "job_master", "job_worker")},
        fuse={"type": "dict", "options": fuse},
        master_replicas={"type": "int", "default": 1},
        recreate={"type": "bool", "default": False},
        worker_replicas={"type": "int", "default": 1},
        tieredstore={"type": "list", "elements": "dict", "options": level},
        properties={"type": "dict"},
        jvm_options={"type": "list", "elements": "str"},
        network_mode={"type": "str", "choices": ["HostNetwork", "ContainerNetwork"], "default": "HostNetwork"},
        raft={"type": "dict", "options": {
            "profile": {"type": "str", "choices": list(properties.RAFT_PROFILES)},
            **{option: {"type": "str"} for option in properties.RAFT_PROPERTIES},
            "backup_delegation": {"type": "bool"}}},
        stable_peer_addresses={"type": "bool", "default": True},
        run_as=arguments.user(),
        disable_prometheus={"type": "bool"},
        hadoop_config={"type": "str"})


def main() -> None:
    spec = arguments.compose(
        arguments.connection(), arguments.fleet("runtimes", options()), arguments.state(), arguments.wait(600),
        arguments.wait_for())
    resource.run(AnsibleModule(spec, supports_check_mode=True, **arguments.fleet_rules("runtimes", options())), resource.Managed(
        kind=fluid_kinds.ALLUXIO_RUNTIME,
        plural="runtimes",
        require_valid=runtime.require_valid,
        manifest=runtime.manifest,
        sensitive_values=runtime.sensitive_values,
        guard=runtime_checks.make,
        afterwards=stable_addresses.ensure_for_runtimes,
        prove=property_check.prove,
        recreate=recreate.apply,
        wait=lambda client, items, params: waits.runtimes_with_quorum(client, items, params["wait_timeout"])))


if __name__ == "__main__":
    main()
