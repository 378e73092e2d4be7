#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: alluxio_runtime
short_description: Manage highly available AlluxioRuntimes
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates, changes and deletes an AlluxioRuntime of Fluid, C(data.fluid.io/v1alpha1). The runtime binds
    the Dataset of the same name.
  - With O(wait=true) it waits until masters and workers are ready. It also waits until all masters and all
    job masters are AVAILABLE peers of quorums with one leader.
  - Ready pods alone do not prove a quorum, because Fluid sets no probes.
  - For an existing runtime it does not wait for pods that cannot run until a node returns. Their node is
    down, or no node accepts them while one is cordoned or down. It warns of each, if a majority of the
    masters and one worker are ready.
  - Nor does it wait for one of several masters that fails to start, such as with an image that no node can
    pull. M(datacache.fluid.alluxio_rollout) restarts that one by the present declaration.
  - With O(wait=true) a runtime without its Dataset fails at once, and a pod that never starts ends the wait.
  - The wait considers the masters that run, also while another number of them is declared.
  - Fluid reads most fields only once, at creation. A later change of such a field causes a warning.
  - M(datacache.fluid.alluxio_rollout) applies later changes of several masters, including their number.
  - A change between one and several masters requires a new runtime, which O(recreate) permits.
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
      - Must be a DNS-1035 label, because it becomes part of Service names. It has at most 45 characters,
        because Kubernetes adds a hash to it in the labels of the pods.
      - Either O(name) or O(runtimes) is required.
    required: false
  master_replicas:
    description:
      - Number of masters, C(spec.master.replicas). The default is Fluid's.
      - Several masters form a Raft quorum with an embedded journal. Three tolerate the loss of one, five
        the loss of two.
      - A value below 1 is refused. An even number is refused, because it tolerates no more losses than the
        odd number below it.
      - On the host network a number above that of the schedulable nodes is refused.
      - M(datacache.fluid.alluxio_rollout) applies a change from several masters to another number of
        several.
      - A change between one and several masters needs another type of journal and is refused without
        O(recreate).
    type: int
    default: 1
  recreate:
    description:
      - Permits to delete and recreate the runtime if O(master_replicas) changes between one and several.
        Otherwise it has no effect.
      - Must equal C(<namespace>/<name>) of the runtime, so that a wrong O(master_replicas) alone deletes no
        cache. Another value is refused.
      - Labels, annotations and fields that other clients set are lost.
      - Cached data is lost and fetched again from the under-store. Data and metadata that exist only in
        Alluxio are lost, so back up the metadata first with M(datacache.fluid.alluxio_backup).
      - Refused while pods use the claim of the Dataset, because Fluid's deletion would wait for them.
      - Refused while other Datasets refer to this one (C(dataset://)), because they read through its
        volume.
      - Waits for the deletion also with O(wait=false), for at most O(wait_timeout), and then as long for
        the end of the pods.
      - The next run continues an interrupted one.
    type: str
  worker_replicas:
    description:
      - Number of workers, C(spec.replicas). Fluid applies a change to a running runtime.
      - With V(0) no worker runs, and the masters keep the metadata. A value below 0 is refused.
      - A smaller number removes the workers with the highest ordinals, which O(drain_workers) drains first.
    type: int
    default: 1
  drain_workers:
    description:
      - Drains workers before a smaller O(worker_replicas) removes them, so that their part of the cache
        stays.
      - Files that are in Alluxio alone are written to their under-stores. If that fails, no worker is
        removed.
      - The masters then take them from the workers that clients use (C(fsadmin decommissionWorker)). The
        module waits two minutes until clients know that, and until the drained workers serve no request.
      - The remaining workers load the folders and files that were completely cached, at most 20 paths and the
        largest first. What does not fit is no failure.
      - Alluxio before 2.9.4 may not have that command. A warning then reports that nothing was drained.
      - Waits for at most O(wait_timeout), also with O(wait=false). The next run continues an interrupted one.
        A drained worker that is to stay after all has to be restarted.
      - With V(false) the data is fetched again when it is read, and files that are in Alluxio alone are lost.
    type: bool
    default: true
  tieredstore: &tieredstore
    description: Cache tiers of each worker, fastest first. Two tiers of one medium are refused.
    type: list
    elements: dict
    suboptions:
      mediumtype:
        description: Medium of the tier.
        type: str
        choices: [MEM, SSD, HDD]
        required: true
      path:
        description: Absolute path on the node of the worker, or several paths joined with commas.
        type: str
        required: true
      quota:
        description:
          - Size of the tier for all paths together, as a Kubernetes quantity in bytes, such as V(2Gi).
          - With several tiers a worker reserves 1 GB of each path, and caches nothing in smaller ones. A
            warning names them.
          - Zero, and a value together with O(tieredstore[].quota_list), are refused, and so is a tier with
            neither of both.
        type: str
      quota_list:
        description: Sizes of the paths, as Kubernetes quantities joined with commas. Must have one for each
          path.
        type: str
      high:
        description: Share of the quota at which eviction starts, above 0 and up to 1, such as V(0.95).
        type: str
      low:
        description: Share of the quota at which eviction stops, above 0. Must be below
          O(tieredstore[].high).
        type: str
      volume_type:
        description: Type of the volume. Fluid's default is V(hostPath).
        type: str
        choices: [hostPath, emptyDir]
      volume_source:
        description:
          - Source of the volume, as in C(volumes) of a pod without its name, such as an C(emptyDir) with a
            C(medium).
          - Fluid 1.0.8 reads C(emptyDir.medium) only, and only with O(tieredstore[].volume_type=emptyDir). It
            replaces O(tieredstore[].mediumtype) in the workers. An C(emptyDir) without medium is refused,
            because Fluid then renders no volume.
        type: dict
  properties: &properties
    description:
      - Alluxio properties of all components.
      - Alluxio silently ignores unknown property keys. The module refuses a key that the masters do not
        know.
      - It checks the keys with C(alluxio getConf) in a master, before a change of a running runtime, and
        with O(wait=true) after a creation. This needs C(create) on C(pods/exec).
      - With several masters C(alluxio.standby.master.web.enabled=true) is refused, because the leader is
        recognised by its open web port.
      - Another type or folder of the journal than Fluid's is refused, and so are addresses of masters. Values
        with spaces are refused too, because they would become further Java options.
    type: dict
  jvm_options: &jvm_options
    description: JVM options of all components.
    type: list
    elements: str
  network_mode:
    description:
      - Network of masters and workers. The default is Fluid's. O(master.network_mode) and
        O(worker.network_mode) override it for one of the two.
      - V(HostNetwork) requires one node for each master, because all masters use the same ports.
      - With V(ContainerNetwork) masters may share a node, and Fluid sets no anti-affinity.
        O(datacache.fluid.alluxio_rollout#module:spread_masters) does.
    type: str
    choices: [HostNetwork, ContainerNetwork]
    default: HostNetwork
  raft: &raft
    description:
      - Options of the masters' journal. Each one sets the Alluxio property that its description names.
      - Durations are whole numbers with a unit, such as V(500ms), V(10s) or V(1min); others are refused.
        Sizes are numbers with a unit, such as V(10MB).
      - An option is refused if O(properties) sets the same property.
    type: dict
    suboptions:
      profile:
        description:
          - Sets several of these options. An option that is also given keeps its own value.
          - V(fast) sets O(raft.election_timeout_min) to V(700ms), O(raft.election_timeout_max) to V(1s),
            O(raft.catchup_retry_wait) to V(100ms) and O(raft.backup_delegation) to V(false).
          - With V(fast) the next leader serves about 2.5 seconds after the loss of a leader. It suits masters
            that neither their garbage collection nor their node stops for 0.35 seconds.
          - V(balanced) sets O(raft.election_timeout_min) to V(4500ms), O(raft.election_timeout_max) to V(5s),
            and the other two as V(fast) does. The next leader serves 6 to 10 seconds after the loss. A pause
            of 2 seconds in any master, as of its garbage collection, causes no election.
          - With both, masters that start wait 3 to 5 seconds for a leader before the first election, so that
            those of one deployment elect once. Alluxio before 2.9.4 has no such setting.
          - The playbooks C(deploy_ha), C(scale_masters) and C(scale_workers) use V(balanced) unless
            C(fluid_raft) sets another.
          - V(default) sets none, so Alluxio's own timeouts remain, with failovers of 23 to 28 seconds.
        type: str
        choices: [default, balanced, fast]
      election_timeout_min:
        description:
          - Sets the shortest election timeout, C(alluxio.master.embedded.journal.election.timeout.min), by
            default V(10s).
          - A shorter timeout detects a lost leader sooner, but treats a long pause of a running leader as a
            loss.
          - A value that is zero, no duration, or not below O(raft.election_timeout_max) is refused.
        type: str
      election_timeout_max:
        description:
          - Sets the longest election timeout, C(alluxio.master.embedded.journal.election.timeout.max), by
            default V(20s).
          - Must be above O(raft.election_timeout_min).
        type: str
      catchup_retry_wait:
        description:
          - Sets the wait before a new leader tries again to read the end of the journal,
            C(alluxio.master.embedded.journal.catchup.retry.wait), by default V(1s).
          - A new leader that has read too soon after its election serves only after this wait.
        type: str
      flush_size_max:
        description: Sets the maximum size of journal entries in one flush,
          C(alluxio.master.embedded.journal.flush.size.max), by default V(160MB).
        type: str
      entry_size_max:
        description: Sets the maximum size of one journal entry,
          C(alluxio.master.embedded.journal.entry.size.max), by default V(10MB).
        type: str
      write_timeout:
        description: Sets the maximum duration of a write to the journal,
          C(alluxio.master.embedded.journal.write.timeout), by default V(30s).
        type: str
      raft_client_request_interval:
        description: Sets the interval between attempts of the Raft client,
          C(alluxio.master.embedded.journal.raft.client.request.interval), by default V(100ms).
        type: str
      raft_client_request_timeout:
        description: Sets the timeout of requests of the Raft client,
          C(alluxio.master.embedded.journal.raft.client.request.timeout), by default V(60s).
        type: str
      snapshot_replication_chunk_size:
        description: Sets the chunk size of replicated snapshots,
          C(alluxio.master.embedded.journal.snapshot.replication.chunk.size), by default V(4MB).
        type: str
      transport_request_timeout:
        description: Sets the timeout of messages between masters,
          C(alluxio.master.embedded.journal.transport.request.timeout.ms), by default V(5s).
        type: str
      transport_max_inbound_message_size:
        description: Sets the maximum size of a message to a master,
          C(alluxio.master.embedded.journal.transport.max.inbound.message.size), by default V(100MB).
        type: str
      checkpoint_period_entries:
        description: Sets the number of journal entries between two checkpoints,
          C(alluxio.master.journal.checkpoint.period.entries), by default V(2000000).
        type: str
      log_size_bytes_max:
        description: Sets the maximum size of a journal file, C(alluxio.master.journal.log.size.bytes.max),
          by default V(500MB) in Fluid.
        type: str
      backup_delegation:
        description:
          - Allows followers to execute backups for their leader,
            C(alluxio.master.backup.delegation.enabled), by default V(true).
          - Such a follower first searches for a lost leader. It can lead only 20 to 33 seconds later if the
            leader's node is lost.
          - M(datacache.fluid.alluxio_backup) does not use the delegation.
        type: bool
  stable_peer_addresses:
    description:
      - Gives the masters' Services a cluster IP. With V(false) they stay as they are.
      - Fluid creates headless Services, so a master's name does not resolve while its pod is not ready. Its
        leader may then not reach it for minutes after its return. A single master never becomes ready,
        because its startup probe uses its name.
      - On by default for these reasons.
      - Replaces the Services one at a time, also of a running runtime. With O(wait=true) it replaces those
        of a new runtime as soon as they exist, otherwise the next run does.
      - Needs C(list), C(get), C(create) and C(delete) on Services.
    type: bool
    default: true
  disruption_budget:
    description:
      - Lets one of several masters be evicted at a time, by the PodDisruptionBudget C(<name>-masters) with
        C(maxUnavailable) 1. Drains of nodes, autoscalers and M(datacache.fluid.alluxio_rollout) then never
        take a second master before the first one is ready again.
      - With V(false) there is no such budget; one that this collection has created is deleted.
      - Leaves it out, too, where another budget selects the masters, because Kubernetes evicts no pod that
        has two.
      - The runtime owns the budget, so it is deleted with it. A single master gets none.
      - Needs C(list), C(get), C(create), C(patch) and C(delete) on PodDisruptionBudgets.
    type: bool
    default: true
  journal_volume: &journal_volume
    description:
      - Volume for the journal of each of several masters.
      - Without it a new runtime has Fluid's emptyDir, which is lost with its pod, and an existing runtime
        keeps its volume.
      - With O(wait=true) the masters of a new runtime have the volume from their start. Otherwise, and if
        the type of a running runtime changes to V(claim), M(datacache.fluid.alluxio_rollout) moves one
        master at a time onto its claim.
      - With a claim a master that is deleted or moved comes back with its journal. All masters may then be
        deleted at once.
      - Needs C(create) and C(delete) on StatefulSets.
    type: dict
    suboptions:
      type:
        description:
          - V(claim) gives each master a PersistentVolumeClaim. A change to V(emptyDir) is refused.
          - V(emptyDir) is Fluid's volume.
          - V(auto) selects V(claim) for a new runtime if the cluster has a default StorageClass, else
            V(emptyDir). An existing runtime keeps its volume.
        type: str
        choices: [auto, claim, emptyDir]
        default: claim
      size:
        description:
          - Size of each claim, as a Kubernetes quantity. A change for existing claims is refused.
          - The default is V(30Gi), the limit of Fluid's emptyDir.
        type: str
      storage_class:
        description:
          - StorageClass of the claims, by default that of the cluster. A change for existing claims is
            refused.
          - A new runtime without it is refused if the cluster has no default StorageClass.
          - A class that neither a StorageClass nor a PersistentVolume of the cluster has is refused.
        type: str
      keep:
        description:
          - Keeps the claims when the runtime is deleted. A runtime of the same name is refused until they
            are deleted.
          - Has no effect on the claim of a removed master, which is always deleted.
        type: bool
        default: false
  spread_masters:
    description:
      - Schedules the masters of a new runtime to different nodes, before they start. It has no effect on an
        existing one. M(datacache.fluid.alluxio_rollout) applies it later.
      - V(required) leaves a master unscheduled if each node runs another one. V(preferred) schedules two
        masters to one node if there is no other node. V(ignored) sets nothing.
      - Needs O(wait=true).
    type: str
    choices: [required, preferred, ignored]
  volumes: &volumes
    description:
      - Volumes that components may mount, such as keys, keytabs and CA bundles from Secrets. Each is as in
        C(volumes) of a pod, with a C(name) and a source such as C(secret).
      - A component gets those that its C(volume_mounts) name.
      - A volume without name, a name that occurs twice and a name that Fluid gives to a volume of its own are
        refused.
      - Fluid reads it only when it creates the runtime.
    type: list
    elements: dict
  pod_metadata: &pod_metadata
    description:
      - Labels and annotations of the pods of masters, workers and FUSE. Those of a component override these.
      - Fluid reads it only when it creates the runtime. Labels by which Fluid selects its pods are refused.
    type: dict
    suboptions: &pod_metadata_options
      labels:
        description: Labels of the pods.
        type: dict
      annotations:
        description: Annotations of the pods.
        type: dict
  image_pull_secrets: &image_pull_secrets
    description:
      - Names of the Secrets with credentials for the registries of all images. They must be in the namespace
        of the runtime. Those of a component override these.
      - Fluid's default is that of its installation. It reads the option only when it creates the runtime.
    type: list
    elements: str
  master: &master
    description: Options of the master containers.
    type: dict
    suboptions: &server_options
      resources:
        description:
          - Resources of the containers, as Kubernetes quantities by the names C(cpu) and C(memory). Fluid
            1.0.8 ignores other names.
          - A limit of the workers' memory below the tiers in memory is refused. Fluid raises a request
            below them.
        type: dict
        suboptions: &resources
          requests:
            description: Amounts that the node reserves for the container.
            type: dict
          limits:
            description: Maximum amounts that the container may use.
            type: dict
          claims: &claims
            description: Names of resource claims. Fluid 1.0.8 ignores it.
            type: list
            elements: str
      jvm_options:
        description: JVM options of this component.
        type: list
        elements: str
      properties:
        description: Alluxio properties of this component.
        type: dict
      env:
        description: Environment variables of this component.
        type: dict
      ports:
        description:
          - Port numbers by their names in Fluid, such as C(rpc) and C(web). Unknown names are refused, and
            so is a number that another port has.
          - Refused with O(network_mode=ContainerNetwork), because Fluid then uses fixed ports.
        type: dict
      node_selector:
        description: Labels of the nodes that may run this component.
        type: dict
      network_mode: &component_network
        description: Network of the pods. Fluid reads it for masters, workers and FUSE pods only.
        type: str
        choices: [HostNetwork, ContainerNetwork]
      volume_mounts: &volume_mounts
        description:
          - Mounts of O(volumes), each as in C(volumeMounts) of a container, with C(name) and C(mountPath).
          - The job containers of the same pod have the mounts of masters and workers, too.
          - Fluid reads it for masters, workers and FUSE pods, and only when it creates the runtime.
          - A volume that O(volumes) does not declare, one that is mounted twice, a relative path and a path
            that is already mounted are refused.
        type: list
        elements: dict
      pod_metadata:
        description: Labels and annotations of the pods, above O(pod_metadata). Fluid reads it for masters,
          workers and FUSE pods, and only when it creates the runtime.
        type: dict
        suboptions: *pod_metadata_options
      image_pull_secrets: &component_pull_secrets
        description: Names of Secrets, instead of O(image_pull_secrets). Fluid reads it for masters, workers
          and FUSE pods, and only when it creates the runtime.
        type: list
        elements: str
      enabled:
        description: Runs the component. Fluid 1.0.8 reads it for O(api_gateway) only and always runs the
          others.
        type: bool
  worker: &worker
    description: Options of the worker containers.
    type: dict
    suboptions: &component_options
      <<: *server_options
      replicas:
        description: Number of instances. Fluid 1.0.8 ignores it; O(worker_replicas) and O(master_replicas)
          set those of workers and masters.
        type: int
  job_master: &job_master
    description:
      - Options of the job master containers, which run in the pods of the masters.
      - Fluid 1.0.8 reads C(ports) and C(resources) only. M(datacache.fluid.alluxio_rollout) applies
        C(properties), C(jvm_options) and C(env) to several masters. A warning names the others.
    type: dict
    suboptions: *component_options
  job_worker: &job_worker
    description:
      - Options of the job worker containers, which run in the pods of the workers.
      - Fluid 1.0.8 reads C(ports) and C(resources) only. A warning names the others.
    type: dict
    suboptions: *component_options
  api_gateway: &api_gateway
    description:
      - Options of Alluxio's REST proxy, which runs in each master pod with O(api_gateway.enabled=true). The
        status of the runtime then names its address.
      - Fluid 1.0.8 reads C(enabled) and the port C(web) only, and only when it creates the runtime. The port
        is 39999 on the container network. A warning names the others.
    type: dict
    suboptions: *component_options
  fuse: &fuse
    description: Options of the FUSE pods. Fluid starts them on the nodes where pods use the Dataset.
    type: dict
    suboptions:
      resources:
        description: Resources of the containers, as Kubernetes quantities by the names C(cpu) and
          C(memory). Fluid 1.0.8 ignores all of them without a limit of C(memory).
        type: dict
        suboptions: *resources
      jvm_options:
        description: JVM options of the FUSE client. Fluid's default reserves a heap of 16 GiB.
        type: list
        elements: str
      properties:
        description: Alluxio properties of the FUSE client.
        type: dict
      env:
        description: Environment variables of the FUSE client.
        type: dict
      node_selector:
        description: Labels of the nodes that may run FUSE pods.
        type: dict
      network_mode:
        description: Network of the FUSE pods. Fluid's default is V(HostNetwork).
        type: str
        choices: [HostNetwork, ContainerNetwork]
      volume_mounts: *volume_mounts
      pod_metadata:
        description: Labels and annotations of the FUSE pods, above O(pod_metadata).
        type: dict
        suboptions: *pod_metadata_options
      image_pull_secrets: *component_pull_secrets
      image:
        description: Image of the FUSE client, without its tag.
        type: str
      image_tag:
        description: Tag of the image. Fluid reads Alluxio's version from it, so a tag without one, such as
          V(latest), is refused.
        type: str
      image_pull_policy:
        description: Pull policy of the image.
        type: str
        choices: [Always, IfNotPresent, Never]
      args:
        description: Arguments of the FUSE client.
        type: list
        elements: str
      clean_policy:
        description:
          - Time at which Fluid removes FUSE pods.
          - V(OnRuntimeDeleted), Fluid's default, removes them with the runtime. V(OnDemand) removes the pod
            of a node that does not need it any longer. V(OnFuseChanged) removes such a pod after a change
            of the FUSE client.
        type: str
        choices: [OnDemand, OnRuntimeDeleted, OnFuseChanged]
  image: &image
    description: Alluxio image of masters and workers, without its tag. The default is that of Fluid's
      installation.
    type: str
  image_tag: &image_tag
    description: Tag of the image.
    type: str
  image_pull_policy: &image_pull_policy
    description: Pull policy of the image.
    type: str
    choices: [Always, IfNotPresent, Never]
  run_as: &run_as
    description: User and group of the components' processes. Fluid requires all four values.
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
  init_users: &init_users
    description:
      - Init container of the pods that creates the user of O(run_as). Fluid runs it with O(run_as) only.
      - Fluid 1.0.8 reads the image only, and uses it for its DataBackups, too.
    type: dict
    suboptions:
      image:
        description: Image of the container. The default is that of Fluid's installation.
        type: str
      image_tag:
        description: Tag of the image.
        type: str
      image_pull_policy:
        description: Pull policy of the image.
        type: str
        choices: [Always, IfNotPresent, Never]
      env:
        description: Environment variables of the container. Fluid 1.0.8 ignores it.
        type: dict
      resources:
        description: Resources of the container. Fluid 1.0.8 ignores it.
        type: dict
        suboptions: *resources
  management: &management
    description: How Fluid manages the runtime. Fluid applies a change to a running runtime.
    type: dict
    suboptions:
      clean_cache_policy:
        description: How Fluid frees the cached data when the runtime is deleted.
        type: dict
        suboptions:
          grace_period_seconds:
            description: Time limit of one attempt, in seconds. Fluid's default is V(60).
            type: int
          max_retry_attempts:
            description: Number of attempts after which Fluid deletes the runtime with what is still cached.
              Fluid's default is V(3).
            type: int
      metadata_sync_policy:
        description: Whether Fluid loads the metadata of the under-stores.
        type: dict
        suboptions:
          auto_sync:
            description:
              - Loads the metadata of all files when the Dataset is bound, by which Fluid knows its size and
                its number of files.
              - With V(false) the status of the Dataset has no size, and files appear as they are read. It
                suits under-stores with millions of files. Fluid's default is V(true).
            type: bool
  data: &data
    description: Options of the cached data.
    type: dict
    suboptions:
      replicas:
        description: Maximum number of workers that hold a copy of the same data, which Fluid sets as
          C(alluxio.user.file.replication.max) above O(properties). Fluid's default is V(1). It reads the
          option only when it creates the runtime.
        type: int
      pin:
        description: Keeps the data in the cache. Fluid 1.0.8 ignores it.
        type: bool
  disable_prometheus: &disable_prometheus
    description: Disables the metrics for Prometheus. Fluid enables them by default.
    type: bool
  hadoop_config: &hadoop_config
    description: ConfigMap in the namespace of the runtime with C(hdfs-site.xml) or C(core-site.xml), for
      under-stores on HDFS.
    type: str
  spec_overrides: &spec_overrides
    description:
      - Fields of the runtime's C(spec), in the form of its definition, for fields that have no option, as of
        a newer Fluid.
      - Other options go above it. Maps are merged, a list is one field.
      - A field that is no longer given is removed, as for other options. The API server refuses a field that
        the cluster's definition does not have.
      - Refused for C(replicas), C(master.replicas), C(master.networkMode) and C(worker.networkMode), which
        options always set, and for values for which the option of the same field is. Other values are not
        validated.
    type: dict
  runtimes:
    description:
      - Manages several runtimes in one task.
      - Mutually exclusive with O(name) and with the options of a single runtime that have no default.
      - An entry without an option that has a default uses the value of the task.
      - The objects are read with few requests, written in parallel and awaited together.
      - The failure of one object does not stop the others. The task fails at the end and lists the failed
        ones.
      - An object that is in the list twice is refused.
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
        description: Labels of the runtime. Labels that other clients set stay.
        type: dict
      annotations:
        description: Annotations of the runtime. Annotations that other clients set stay.
        type: dict
      master_replicas:
        description: Number of masters, by default O(master_replicas).
        type: int
      recreate:
        description: Permits to recreate the runtime, like O(recreate). Must equal C(<namespace>/<name>) of
          the entry.
        type: str
      worker_replicas:
        description: Number of workers, by default O(worker_replicas).
        type: int
      drain_workers:
        description: Drains workers before they are removed, by default O(drain_workers).
        type: bool
      tieredstore: *tieredstore
      properties: *properties
      jvm_options: *jvm_options
      network_mode:
        description: Network of masters and workers, by default O(network_mode).
        type: str
        choices: [HostNetwork, ContainerNetwork]
      raft: *raft
      stable_peer_addresses:
        description: Gives the masters' Services a cluster IP, by default O(stable_peer_addresses).
        type: bool
      disruption_budget:
        description: Lets one master be evicted at a time, by default O(disruption_budget).
        type: bool
      journal_volume: *journal_volume
      spread_masters:
        description: Schedules the masters of a new runtime to different nodes.
        type: str
        choices: [required, preferred, ignored]
      master: *master
      worker: *worker
      job_master: *job_master
      job_worker: *job_worker
      api_gateway: *api_gateway
      fuse: *fuse
      volumes: *volumes
      pod_metadata: *pod_metadata
      image_pull_secrets: *image_pull_secrets
      image: *image
      image_tag: *image_tag
      image_pull_policy: *image_pull_policy
      run_as: *run_as
      init_users: *init_users
      management: *management
      data: *data
      disable_prometheus: *disable_prometheus
      hadoop_config: *hadoop_config
      spec_overrides: *spec_overrides
  wait_timeout:
    default: 600
seealso:
  - module: datacache.fluid.dataset
  - module: datacache.fluid.alluxio_rollout
  - module: datacache.fluid.alluxio_quorum_info
"""

EXAMPLES = r"""
- name: Create a cache with three masters and two workers, and wait for its quorum
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

- name: Shorten the failover of masters on a fast network
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

- name: Read HDFS with Kerberos, with the keytab and the configuration from a Secret
  datacache.fluid.alluxio_runtime:
    name: warehouse
    namespace: data
    master_replicas: 3
    hadoop_config: hdfs-configuration
    image_pull_secrets: [registry]
    volumes:
      - name: kerberos
        secret: {secretName: hdfs-keytab}
    master:
      volume_mounts: [{name: kerberos, mountPath: /etc/kerberos, readOnly: true}]
    worker:
      volume_mounts: [{name: kerberos, mountPath: /etc/kerberos, readOnly: true}]
    properties:
      alluxio.master.keytab.file: /etc/kerberos/alluxio.keytab
    management:
      metadata_sync_policy: {auto_sync: false}

- name: Recreate a cache with three masters instead of one, after a backup and while no pod uses it
  datacache.fluid.alluxio_runtime:
    name: reports
    namespace: data
    master_replicas: 3
    recreate: data/reports
    wait: true

- name: Delete a runtime, and wait until Fluid has deleted what belongs to it
  datacache.fluid.alluxio_runtime:
    name: hbase
    namespace: data
    state: absent
    wait: true
"""

RETURN = r"""
result:
  description: The AlluxioRuntime without managed fields; an empty dictionary if it is absent.
  returned: success with O(name)
  type: dict
  sample:
    apiVersion: data.fluid.io/v1alpha1
    kind: AlluxioRuntime
    metadata: {name: hbase, namespace: data}
    spec: {replicas: 2, master: {replicas: 3, networkMode: HostNetwork}}
    status: {masterPhase: Ready, masterNumberReady: 3, workerPhase: Ready, workerNumberReady: 2}
results:
  description: One entry for each object, in the order of O(runtimes).
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
        - The object, like RV(result).
        - M(datacache.fluid.alluxio_runtime_info) reads objects without a wait.
      returned: after a wait for the object, and if the object failed after its write
      type: dict
    diff:
      description: The fields that changed, C(before) and C(after).
      returned: if the object was changed
      type: dict
      sample: {before: {spec: {replicas: 2}}, after: {spec: {replicas: 3}}}
    error:
      description: Reason of the failure. The details, such as RV(conflicts), are in the same entry.
      returned: if the object failed
      type: str
      sample: "AlluxioRuntime search in namespace data: spec.replicas was set by field manager kubectl-edit"
duration:
  description: Duration of the run with its waits, in seconds.
  returned: success
  type: float
  sample: 71.2
conflicts:
  description: The fields that would change and that other field managers hold, each with C(field) and
    C(manager).
  returned: on a conflict
  type: list
  elements: dict
  sample: [{field: spec.replicas, manager: kubectl-edit}]
findings:
  description: Causes of a timeout, one line each.
  returned: on a timeout
  type: list
  elements: str
  sample: ["pod hbase-master-2: not scheduled: 0/2 nodes are available"]
"""

from collections.abc import Callable

from ..module_utils.api.bulk import WaitResults, ref_of
from ..module_utils.api.client import Client
from ..module_utils.api.deadline import Deadline
from ..module_utils.apply.reconcile import Guard, Outcome, Write
from ..module_utils.errors import FluidError
from ..module_utils.fluid import kinds as fluid_kinds, runtime
from ..module_utils.journal import claims, gate_state, volume as journal_volume
from ..module_utils.k8s.kinds import ObjectRef
from ..module_utils.lifecycle import (
    disruption_budget,
    property_check,
    recreate as lifecycle_recreate,
    runtime_checks,
    waits,
)
from ..module_utils.lifecycle.workers import drain
from ..module_utils.module import arguments, resource, runtime_options
from ..module_utils.module.option_names import FluidModule
from ..module_utils.progress import Reporter
from ..module_utils.quorum import stable_addresses
from ..module_utils.rollout import new_masters


class AlluxioRuntime(resource.Resource):
    kind = fluid_kinds.ALLUXIO_RUNTIME
    plural = "runtimes"

    def __init__(self) -> None:
        # The runtimes that existed before, with the function that takes warnings.
        self._existing: dict[ObjectRef, Callable[[str], None]] = {}

    def require_valid(self, item: dict) -> None:
        runtime.require_valid(item)
        journal_volume.require_valid(item)

    def resolve(self, client: Client, item: dict, existing: dict | None, reporter: Reporter) -> dict:
        if existing is not None:
            self._existing[ref_of(item)] = reporter.warn
        return journal_volume.with_declaration(
            item, claims.resolved(client, item, existing, reporter.warn))

    def manifest(self, item: dict) -> dict:
        return runtime.manifest(item)

    def guard(self, client: Client, item: dict, reporter: Reporter) -> Guard:
        return runtime_checks.guard_of(client, item, reporter.warn)

    def recreate(self, client: Client, item: dict, existing: dict, write: Write, deadline: Deadline,
                 reporter: Reporter) -> Outcome | None:
        recreated = lifecycle_recreate.apply(client, item, existing, write, deadline, reporter.warn)
        if recreated is not None:
            self._existing.pop(ref_of(item))
        else:
            drain.before_write(client, item, existing, write, deadline, reporter)
        return recreated

    def finish(self, client: Client, items: list[dict], outcomes: list[Outcome | FluidError], params: dict,
               deadline: Deadline, check_mode: bool) -> list[Outcome | FluidError]:
        if params["wait"] and not check_mode:
            outcomes = waits.with_datasets(client, outcomes)
        prepared = new_masters.prepare(client, items, outcomes, deadline, params["wait"], check_mode)
        outcomes = disruption_budget.ensure_for_runtimes(
            client, items, prepared, params["force_conflicts"], check_mode)
        return stable_addresses.ensure_for_runtimes(
            client, items, outcomes, deadline, params["wait"], check_mode)

    def wait(self, client: Client, items: list[dict], params: dict, deadline: Deadline) -> WaitResults:
        tolerant = {ref: warn for ref, warn in self._existing.items() if ref in set(map(ref_of, items))}
        return waits.runtimes_with_quorum(client, items, deadline, tolerant)

    def verify(self, client: Client, item: dict) -> None:
        if item["master_replicas"] > 1:
            gate_state.close(client, ref_of(item))
        property_check.require_declared_known(client, item)


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.fleet("runtimes", runtime_options.runtime()), arguments.state(),
        arguments.wait(600), arguments.wait_for())


def main() -> None:
    rules = arguments.fleet_rules("runtimes", runtime_options.runtime())
    resource.run(FluidModule(argument_spec(), supports_check_mode=True, **rules), AlluxioRuntime())


if __name__ == "__main__":
    main()
