# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes outside of the cache: Fluid's controllers and definitions, and the nodes. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..fluid import kinds as fluid_kinds
from ..fluid.fields.dataset import DATASET
from ..fluid.fields.runtime import RUNTIME
from ..fluid.fields.table import Table, paths
from ..k8s import kinds, nodes as k8s_nodes, pods as k8s_pods
from ..verify import observed as seen
from ..verify.cluster_promises import DATASET_CONTROLLER, RUNTIME_CONTROLLER
from . import finding
from .facts import DEFINITIONS, Facts, at, containers, pod_label, short
from .finding import Finding

_PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
_TABLES: dict[str, Table] = {fluid_kinds.DATASET.resource: DATASET,
                             fluid_kinds.ALLUXIO_RUNTIME.resource: RUNTIME}
# Kubernetes' own types, whose fields are not compared.
_FREE = ("nodeAffinity.", "volumeSource")
_SHOWN = 5


def controllers(facts: Facts) -> Iterator[Finding]:
    """Find a controller of Fluid that is absent, has no replicas or is not ready.

    Fluid itself keeps the controller of a kind of runtime at zero until there is a runtime of that kind.
    """
    found = facts.known(seen.CONTROLLERS)
    if found is None:
        return
    if not any(found.values()):
        yield Finding(finding.FLUID_ABSENT, f"namespace {facts.fluid_namespace}",
                      f"it has no Deployment {DATASET_CONTROLLER}", "install Fluid (playbook install)")
        return
    needed = [DATASET_CONTROLLER] + ([RUNTIME_CONTROLLER] if facts.known(seen.RUNTIME) else [])
    for name in needed:
        yield from _controller(name, found.get(name), facts)


def _controller(name: str, existing: dict | None, facts: Facts) -> Iterator[Finding]:
    what = f"Deployment {facts.fluid_namespace}/{name}"
    if existing is None:
        yield Finding(finding.CONTROLLER_NOT_READY, what, "it does not exist",
                      "enable it in Fluid's chart (playbook install)")
        return
    desired = (existing.get("spec") or {}).get("replicas", 1)
    ready = (existing.get("status") or {}).get("readyReplicas") or 0
    if desired == 0:
        yield Finding(finding.CONTROLLER_AT_ZERO, what, "spec.replicas is 0: no controller acts on the cache",
                      f"run kubectl -n {facts.fluid_namespace} scale deployment {name} --replicas=1")
    elif not ready:
        yield Finding(finding.CONTROLLER_NOT_READY, what, f"0 of {desired} replicas are ready",
                      f"read kubectl -n {facts.fluid_namespace} describe deployment {name}")


def pressure(facts: Facts) -> Iterator[Finding]:
    """Find nodes short of memory, disk or processes, and the pods that were evicted for that."""
    hosts = _hosts(facts)
    for node in facts.each(seen.NODES):
        name = k8s_nodes.name_of(node)
        for each in (node.get("status") or {}).get("conditions") or []:
            if each["type"] in _PRESSURES and each["status"] == "True":
                message = short(each.get("message") or each.get("reason") or "")
                yield Finding(
                    finding.NODE_PRESSURE, f"Node {name}", f"condition {each['type']} is True: {message}",
                    f"free {_resource(each['type'])} on the node; it accepts no new pods until then",
                    certain=name in hosts or bool(facts.unready()))
    for pod in facts.own_pods():
        status = pod.get("status", {})
        if (status.get("reason") == "Evicted" and "low on resource" in (status.get("message") or "")
                and _ended_recently(pod, facts)):
            yield Finding(finding.NODE_PRESSURE, pod_label(pod), f"Evicted: {short(status['message'])}",
                          "free the resource on the node, or give the component requests for it",
                          certain=bool(facts.unready()))


def _ended_recently(pod: dict, facts: Facts) -> bool:
    """Return whether a pod may have ended recently. A ReplicaSet leaves an evicted pod for months."""
    status = pod.get("status", {})
    times = [each.get("lastTransitionTime") for each in status.get("conditions") or []
             if each["type"] == "DisruptionTarget"]
    times += [((each.get("state") or {}).get("terminated") or {}).get("finishedAt")
              for each in containers(pod)]
    known = [at(text) for text in times if text]
    return not known or max(known) >= facts.recently


def _resource(condition: str) -> str:
    return {"MemoryPressure": "memory", "DiskPressure": "disk space", "PIDPressure": "processes"}[condition]


def _hosts(facts: Facts) -> set[str]:
    return {pod["spec"].get("nodeName") for pod in facts.release() if pod.get("spec")}


def not_ready(facts: Facts) -> Iterator[Finding]:
    """Find nodes that run no pods: not Ready, out of service, or gone while pods are bound to them."""
    hosts, waiting = _hosts(facts), any(map(k8s_pods.is_unschedulable, facts.release()))
    names = set()
    for node in facts.each(seen.NODES):
        name = k8s_nodes.name_of(node)
        names.add(name)
        lost = k8s_nodes.is_out_of_service(node)
        if not lost and not k8s_nodes.is_unready(node):
            continue
        conditions = (node.get("status") or {}).get("conditions") or []
        ready: dict = next((each for each in conditions if each["type"] == "Ready"), {})
        yield Finding(
            finding.NODE_NOT_READY, f"Node {name}",
            f"it has the taint {k8s_nodes.OUT_OF_SERVICE}" if lost else
            f"condition Ready is {ready.get('status')}: {short(ready.get('message') or '')}",
            "start the node; a master whose node is lost for good is rebuilt by the playbook rebuild_master",
            certain=name in hosts or waiting)
    if facts.known(seen.NODES) is None:
        return
    for name in sorted(filter(None, _hosts(facts) - names)):
        yield Finding(finding.NODE_NOT_READY, f"Node {name}", "pods are bound to it, but it does not exist",
                      "delete these pods, or rebuild a master with the playbook rebuild_master")


_KINDS = {each.resource: each for each in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME)}


def definitions(facts: Facts) -> Iterator[Finding]:
    """Find definitions of Fluid's kinds that are absent, or lack fields of Fluid 1.0.5 and later.

    Helm does not change the definitions of a chart that is upgraded.
    """
    found = facts.known(DEFINITIONS) or {}
    for resource, table in _TABLES.items():
        kind = _KINDS[resource]
        what = f"{kinds.CUSTOM_RESOURCE_DEFINITION.kind} {resource}"
        if kind.kind in facts.missing:
            yield Finding(finding.FLUID_ABSENT, what, f"the cluster does not know the kind {kind.kind}",
                          "install Fluid with its definitions (playbook install)")
        elif found.get(resource):
            lacking = _lacking(found[resource], table)
            if lacking:
                more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
                yield Finding(
                    finding.OLD_DEFINITIONS, what,
                    f"its schema lacks {', '.join(lacking[:_SHOWN])}{more}, which the API server therefore "
                    "drops", "apply the definitions of the installed Fluid (playbook install)")


def _lacking(definition: dict, table: Table) -> list[str]:
    """Return the fields of the table that the definition's schema does not have, the parents of several."""
    versions = (definition.get("spec") or {}).get("versions") or []
    served: dict = next((each for each in versions if each.get("storage")), {})
    schema = (((served.get("schema") or {}).get("openAPIV3Schema") or {}).get("properties") or {}).get("spec")
    if not schema:
        return []
    found = {missing for _option, path in paths(table)
             if not any(free in path for free in _FREE) and (missing := _first_missing(schema, path))}
    return sorted(found)


def _first_missing(schema: dict, path: str) -> str:
    """Return the part of a path up to the first key that the schema lacks; empty if it has all."""
    taken: list[str] = []
    for key in path.split("."):
        taken.append(key)
        if schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema:
            return ""
        inner = (schema.get("properties") or {}).get(key.removesuffix("[]"))
        if inner is None:
            return "spec." + ".".join(taken)
        schema = inner.get("items", inner) if key.endswith("[]") else inner
    return ""
