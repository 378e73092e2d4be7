# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of data operations."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  run_after:
    description:
      - Operation that must be Complete before this one starts. It must exist and not have failed, because
        Fluid would wait for it forever.
    type: dict
    suboptions:
      kind: &kind
        description: Kind of the operation.
        type: str
        required: true
        choices: [DataLoad, DataMigrate, DataProcess, DataBackup]
      name: &name
        description: Name of the operation.
        type: str
        required: true
      namespace: &namespace
        description: Namespace of the operation, by default that of this one.
        type: str
      api_version: &api_version
        description: API version of the operation. Fluid ignores it.
        type: str
      affinity_strategy:
        description: Places the pod by the node of an earlier operation.
        type: dict
        suboptions:
          policy:
            description: Whether the node is a preference or a requirement. Without it Fluid ignores the
              others.
            type: str
            choices: [Prefer, Require]
          depend_on:
            description: Operation whose node counts, by default that of O(run_after).
            type: dict
            suboptions:
              kind: *kind
              name: *name
              namespace: *namespace
              api_version: *api_version
          prefers:
            description: Labels of nodes that shall be equal, each with its weight.
            type: list
            elements: dict
            suboptions:
              name:
                description: Key of the label.
                type: str
                required: true
              weight:
                description: Weight of the preference, from 1 to 100.
                type: int
                required: true
          requires:
            description: Keys of labels of nodes that must be equal.
            type: list
            elements: str
  ttl_seconds_after_finished:
    description:
      - Seconds after its end in which Fluid deletes the operation. Without it the operation stays.
      - A later run of the task then creates it again, and so runs it again.
    type: int
  restarted_after:
    description:
      - Runs a finished operation again that was created before this time.
      - The time is in RFC 3339 with its zone, such as V(2026-11-24T18:00:00Z). Any other text is refused.
      - With a fixed time the next run finds the operation younger and changes nothing. Until a time in the
        future each run starts the operation again.
      - An operation that executes is refused.
    type: str
  retry_failed:
    description: Runs a failed operation again. By default it stays, and a wait for it fails at once.
    type: bool
    default: false
attributes:
  idempotent:
    details: >-
      An operation that is pending, executes or is finished stays. A change of its specification deletes it
      and creates it again, because Fluid reads the specification only when it starts an operation. A change
      of labels, annotations and O(ttl_seconds_after_finished) needs no new start.
"""

    JOB = r"""
options:
  policy:
    description:
      - V(Once) runs the operation at once, V(Cron) by O(schedule).
      - V(OnEvent) is refused, because Fluid 1.0.8 defines but does not implement it.
    type: str
    choices: [Once, Cron, OnEvent]
  schedule:
    description:
      - Time of each run with O(policy=Cron), as the five fields of cron, or such as V(@daily).
      - A Sunday is 0. Fields that Kubernetes refuses are refused before any change.
    type: str
  options:
    description: Further options for the engine of the runtime.
    type: dict
  pod_metadata:
    description: Metadata of the pods.
    type: dict
    suboptions:
      labels:
        description: Labels of the pods.
        type: dict
      annotations:
        description: Annotations of the pods.
        type: dict
  affinity:
    description: Affinity of the pods, as C(affinity) of a pod.
    type: dict
  tolerations:
    description: Tolerations of the pods, each as in C(tolerations) of a pod.
    type: list
    elements: dict
  node_selector:
    description: Labels of the nodes that may run the pods.
    type: dict
  scheduler_name:
    description: Scheduler of the pods.
    type: str
  resources:
    description: Resources of the pods.
    type: dict
    suboptions:
      requests:
        description: Requested quantities, such as C(cpu) and C(memory).
        type: dict
      limits:
        description: Limits, such as C(cpu) and C(memory).
        type: dict
      claims:
        description: Names of the pod's resource claims.
        type: list
        elements: str
"""
