# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a person needs to see why something in the cluster is not ready.

Nodes, Datasets and runtimes with their phases; each pod that is not ready, with the reason and the last lines
of its containers; the newest warnings.
"""

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

FLUID = ("data.fluid.io", "v1alpha1")
LINES_OF_LOG = 40
NEWEST_WARNINGS = 40


def main() -> None:
    config.load_config()
    core = client.CoreV1Api()
    _title("nodes")
    for node in core.list_node().items:
        ready = {condition.type: condition for condition in node.status.conditions}["Ready"]
        print(f"{node.metadata.name}: Ready {ready.status}, {ready.message}")
    _title("datasets and runtimes")
    for plural in ("datasets", "alluxioruntimes"):
        _fluid_objects(plural)
    for pod in core.list_pod_for_all_namespaces().items:
        if not _is_fine(pod):
            _pod(core, pod)
    _title("newest warnings")
    warnings = core.list_event_for_all_namespaces(field_selector="type=Warning").items
    for event in sorted(warnings, key=_event_time)[-NEWEST_WARNINGS:]:
        about = event.involved_object
        print(f"{_event_time(event)} {about.kind} {about.namespace}/{about.name}: {event.reason}: "
              f"{event.message}")


def _fluid_objects(plural: str) -> None:
    try:
        found = client.CustomObjectsApi().list_cluster_custom_object(*FLUID, plural)["items"]
    except ApiException as err:
        print(f"{plural}: {err.status} {err.reason}")
        return
    for item in found:
        status = item.get("status", {})
        phases = {key: value
                  for key, value in status.items() if key.lower().endswith(("phase", "ready", "reason"))}
        print(f"{item['kind']} {item['metadata']['namespace']}/{item['metadata']['name']}: {phases}")
        for condition in status.get("conditions") or []:
            print(f"  {condition['type']} {condition['status']}: {condition.get('message', '')}")


def _is_fine(pod: client.V1Pod) -> bool:
    if pod.status.phase == "Succeeded":
        return True
    return any(
        condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions or [])


def _pod(core: client.CoreV1Api, pod: client.V1Pod) -> None:
    _title(f"pod {pod.metadata.namespace}/{pod.metadata.name} on {pod.spec.node_name}: {pod.status.phase}")
    for condition in pod.status.conditions or []:
        if condition.status != "True":
            print(f"{condition.type} {condition.status}: {condition.reason} {condition.message or ''}")
    for container in (pod.status.init_container_statuses or []) + (pod.status.container_statuses or []):
        state = container.state.waiting or container.state.terminated
        print(f"-- container {container.name}: {container.restart_count} restarts"
              + (f", {state.reason} {state.message or ''}" if state else ""))
        _log(core, pod, container.name, previous=False)
        if container.restart_count:
            print(f"-- container {container.name} before its last restart")
            _log(core, pod, container.name, previous=True)


def _log(core: client.CoreV1Api, pod: client.V1Pod, container: str, previous: bool) -> None:
    try:
        print(core.read_namespaced_pod_log(pod.metadata.name, pod.metadata.namespace, container=container,
                                           previous=previous, tail_lines=LINES_OF_LOG))
    except ApiException as err:
        print(f"no log: {err.reason}")


def _event_time(event: client.CoreV1Event) -> str:
    return str(event.last_timestamp or event.event_time or event.metadata.creation_timestamp)


def _title(text: str) -> None:
    print(f"\n== {text}", flush=True)


if __name__ == "__main__":
    main()
