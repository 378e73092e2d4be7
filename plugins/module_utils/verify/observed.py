# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of a cluster and a cache, as far as it could be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import FluidError
from ..k8s import nodes as k8s_nodes, pods as k8s_pods, scheduling

# What is read. CONTROLLERS: Deployments by name, None for an absent one. FLUID_PODS: the pods beside them.
# PODS: those of the cache's namespace. DRIVER: the nodes that have registered the CSI driver.
CONTROLLERS, NODES, FLUID_PODS, PLUGIN, DRIVER = "controllers", "nodes", "fluid_pods", "plugin", "driver"
RUNTIME, PODS, DATASET, CLAIM, VOLUME = "runtime", "pods", "dataset", "claim", "volume"
MASTER_ROLE, WORKER_ROLE, FUSE_ROLE = "alluxio-master", "alluxio-worker", "alluxio-fuse"
_UNSCHEDULED = "not scheduled"


class Observed:
    """The answers by what was read; the error in place of an answer that was refused."""

    def __init__(self, release: str, answers: Mapping[str, Any]) -> None:
        self._release = release
        self._answers = dict(answers)

    def get(self, subject: str) -> Any:
        """Return an answer. Raises the error with which it was refused."""
        answer = self._answers[subject]
        if isinstance(answer, FluidError):
            raise answer
        return answer

    def knows(self, subject: str) -> bool:
        """Return whether the answer was not refused."""
        return not isinstance(self._answers[subject], FluidError)

    def known(self, subject: str) -> Any:
        """Return an answer, None if it was refused."""
        return self._answers[subject] if self.knows(subject) else None

    def refusal(self, subject: str) -> FluidError | None:
        """Return the error with which an answer was refused; None for one that was not."""
        answer = self._answers[subject]
        return answer if isinstance(answer, FluidError) else None

    def replace(self, subject: str, answer: Any) -> None:
        """Replace an answer by a later one."""
        self._answers[subject] = answer

    def status(self, subject: str) -> dict:
        """Return the status of an object; {} if it is absent."""
        return (self.get(subject) or {}).get("status") or {}

    def component(self, role: str) -> list[dict]:
        """Return the pods of a component of the runtime, by name."""
        labels = {"release": self._release, "role": role}
        return [pod for pod in self.get(PODS)
                if labels.items() <= (pod["metadata"].get("labels") or {}).items()]

    def lost_nodes(self) -> set[str]:
        """Return the nodes that are not Ready; none if the nodes cannot be read."""
        return {k8s_nodes.name_of(node) for node in self.known(NODES) or () if not k8s_nodes.is_ready(node)}

    def lacking_driver(self, nodes: Iterable[str]) -> set[str]:
        """Return those of the nodes that have not registered the CSI driver; none if that was not read."""
        answer = self._answers.get(DRIVER)
        return set(nodes) - set(answer) if isinstance(answer, set) else set()

    def explaining(self, missing: Iterable[dict]) -> set[str]:
        """Return the lost nodes, if these alone explain why the pods are not ready; else nothing.

        A pod is explained if it is on one of them, or if one of them would accept it and no other node does.
        """
        lost, unready = self.lost_nodes(), list(missing)
        nodes = [node for node in self.known(NODES) or () if k8s_nodes.name_of(node) in lost]
        explained = all(pod.get("spec", {}).get("nodeName") in lost or _waits_for(pod, nodes)
                        for pod in unready)
        return lost if unready and explained else set()


def names(pods: Iterable[dict]) -> list[str]:
    """Return the names of the pods, sorted."""
    return sorted(pod["metadata"]["name"] for pod in pods)


def ready(pods: Iterable[dict]) -> list[dict]:
    """Return those of the pods that are ready."""
    return [pod for pod in pods if k8s_pods.is_ready(pod)]


def unready(pods: Iterable[dict]) -> list[dict]:
    """Return those of the pods that are not ready."""
    return [pod for pod in pods if not k8s_pods.is_ready(pod)]


def is_terminating(existing: dict | None) -> bool:
    """Return whether an object was deleted, and only finalizers keep it."""
    return bool(existing and existing["metadata"].get("deletionTimestamp"))


def is_unscheduled(pod: dict) -> bool:
    """Return whether no node accepts the pod."""
    return k8s_pods.unready_reason(pod).startswith(_UNSCHEDULED)


def _waits_for(pod: dict, nodes: Iterable[dict]) -> bool:
    """Return whether no node accepts the pod while these are lost, and one of them would."""
    demands = scheduling.demands_of(pod.get("spec") or {})
    return is_unscheduled(pod) and any(scheduling.would_accept(node, demands) for node in nodes)


def reasons(pods: Iterable[dict]) -> str:
    """Return why pods are not ready: "; a on node1: reason; b: reason", empty for none."""
    return "".join(f"; {pod['metadata']['name']}{_on_node(pod)}: {_reason(pod)}" for pod in unready(pods))


def _reason(pod: dict) -> str:
    runs = pod.get("status", {}).get("phase") == "Running"
    if runs and k8s_pods.node_is_lost(pod):
        return "its node does not answer"
    return k8s_pods.unready_reason(pod).strip()


def _on_node(pod: dict) -> str:
    node = pod.get("spec", {}).get("nodeName")
    return f" on {node}" if node else ""
