# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the nodes have the ports, the memory and the disks that a cache needs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..errors import InvalidInput
from ..fluid import dataset as fluid_dataset
from ..fluid.components import COMPONENTS
from ..fluid.defaults import MASTER_JVM_OPTIONS
from ..fluid.rules import ports as fixed_ports, tiers
from ..k8s import nodes as k8s_nodes, pods as k8s_pods, quantity, scheduling
from ..k8s.kinds import ObjectRef
from . import finding
from .finding import Finding

# Fluid takes the ports of a runtime from this range (charts/fluid/fluid/values.yaml, portRange).
PORT_RANGE = range(20000, 26001)
# The heaps of components without JVM options of their own (Fluid 1.0.8: pkg/ddc/alluxio/
# transform_optimization.go). A FUSE process reserves all of its heap at once.
_JVM_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "master": MASTER_JVM_OPTIONS, "worker": ("-Xmx12G",), "fuse": ("-Xmx16G", "-Xms16G")}
_HEAP = re.compile(r"-Xmx(\d+)([kKmMgGtT]?)\Z")
_UNITS = {"": 1, "k": 1024, "m": 1024 ** 2, "g": 1024 ** 3, "t": 1024 ** 4}
_NAMED = 3


@dataclass(frozen=True)
class Machine:
    """A node that accepts pods of the cache. allocatable, free: bytes of memory; free: not requested.

    disk: bytes of ephemeral storage. ports: those that pods take, with the pod of each. known_ports: those of
    them that Fluid has given to other AlluxioRuntimes, and gives to nobody else.
    """

    name: str
    allocatable: int
    free: int
    disk: int
    ports: Mapping[int, str]
    known_ports: frozenset[int] = frozenset()


def machines(nodes: Iterable[dict], pods: Iterable[dict], dataset: dict, cache: ObjectRef) -> list[Machine]:
    """Return the nodes that accept workers. pods: of all namespaces; those of the cache itself do not count.

    dataset: the Dataset, whose tolerations and affinity the workers have.
    """
    spec = dataset.get("spec") or {}
    required = (spec.get("nodeAffinity") or {}).get("required") or {}
    terms = required.get("nodeSelectorTerms")
    demands = scheduling.Demands({}, spec.get("tolerations") or [], terms)
    counted = [pod for pod in pods if not k8s_pods.is_finished(pod) and not _is_of(pod, cache)]
    found = []
    for node in nodes:
        if scheduling.accepts(node, demands):
            name = k8s_nodes.name_of(node)
            own = [pod for pod in counted if (pod.get("spec") or {}).get("nodeName") == name]
            amounts = (node.get("status") or {}).get("allocatable") or {}
            memory = amount_of(amounts.get("memory"))
            found.append(Machine(
                name, memory, memory - sum(map(requested_memory, own)),
                amount_of(amounts.get("ephemeral-storage")),
                {port: _label(pod) for pod in own for port in host_ports(pod)},
                frozenset(port for pod in own if _has_ports_of_fluid(pod) for port in host_ports(pod))))
    return found


def _has_ports_of_fluid(pod: dict) -> bool:
    """Return whether a pod belongs to an AlluxioRuntime: Fluid has a range of ports for each kind of runtime
    (charts/fluid/fluid/values.yaml).
    """
    labels = pod["metadata"].get("labels") or {}
    return (labels.get("role") or "").startswith("alluxio-") and any(
        key.startswith("fluid.io/") for key in labels)


def _is_of(pod: dict, cache: ObjectRef) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return (pod["metadata"].get("namespace"), labels.get("release")) == tuple(cache)


def _label(pod: dict) -> str:
    return f"{pod['metadata'].get('namespace')}/{pod['metadata']['name']}"


def amount_of(text: object) -> int:
    """Return a quantity as a number; 0 for none and for what is no quantity."""
    try:
        return int(quantity.parse(str(text))) if text else 0
    except InvalidInput:
        return 0


def requested_memory(pod: dict) -> int:
    """Return the memory that the scheduler counts for a pod (k8s.io/component-helpers, resource.PodRequests).

    Sidecars, which are init containers that stay, count beside the containers and the later init containers.
    """
    spec = pod.get("spec") or {}
    sidecars = largest = 0
    for container in spec.get("initContainers") or []:
        stays = container.get("restartPolicy") == "Always"
        largest = max(largest, sidecars + _request(container))
        sidecars += _request(container) if stays else 0
    own = sidecars + sum(_request(container) for container in spec.get("containers") or [])
    return (_request(spec) or max(own, largest)) + amount_of((spec.get("overhead") or {}).get("memory"))


def _request(container: dict) -> int:
    return amount_of(((container.get("resources") or {}).get("requests") or {}).get("memory"))


def host_ports(pod: dict) -> set[int]:
    """Return the ports of its node that a pod takes."""
    return {port["hostPort"] for container in (pod.get("spec") or {}).get("containers") or []
            for port in container.get("ports") or [] if port.get("hostPort")}


# -- ports ----------------------------------------------------------------------------------


def ports(params: dict, found: Sequence[Machine]) -> Iterator[Finding]:
    """Yield the ports of the cache that pods of others take on the nodes. params: of the runtime."""
    given = list(fixed_ports.given(params))
    for pod, replicas in (("master", params["master_replicas"]), ("worker", params["worker_replicas"])):
        if _network_mode(pod, params) == "HostNetwork":
            yield from _fixed(replicas, {int(str(port)): option for component, option, port in given
                                         if component in (pod, f"job_{pod}")}, found)
    taken = {port: owner for machine in found for port, owner in machine.ports.items()
             if port in PORT_RANGE and port not in machine.known_ports}
    if taken and _on_hosts(params):
        names = ", ".join(f"{port} by {owner}" for port, owner in sorted(taken.items())[:_NAMED])
        yield Finding(
            finding.WARNING, "ports",
            f"pods take {len(taken)} ports of the range from which Fluid chooses those of a runtime "
            f"({PORT_RANGE.start} to {PORT_RANGE.stop - 1}): {names}",
            "Fluid knows the ports of its runtimes alone. Give the components ports of their own "
            "(fluid_master.ports, fluid_worker.ports), or use fluid_network_mode ContainerNetwork")


def _on_hosts(params: dict) -> bool:
    return any(_network_mode(pod, params) == "HostNetwork" for pod in ("master", "worker"))


def _network_mode(pod: str, params: dict) -> str:
    return (params.get(pod) or {}).get("network_mode") or params["network_mode"]


def _fixed(replicas: int, desired: Mapping[int, str], found: Sequence[Machine]) -> Iterator[Finding]:
    """Yield the given ports of a kind of pods that others take. desired: the option of each port."""
    clashes = [(machine, port) for machine in found for port in desired if port in machine.ports]
    if not clashes:
        return
    free = len(found) - len({machine.name for machine, _port in clashes})
    options = list(dict.fromkeys(desired[port] for _machine, port in clashes))
    text = ", ".join(f"{port} on {machine.name} by {machine.ports[port]}"
                     for machine, port in clashes[:_NAMED])
    yield Finding(
        finding.ERROR if free < replicas else finding.WARNING, "ports",
        f"{', '.join(options)} {'are' if len(options) > 1 else 'is'} taken: {text}; {free} nodes have all "
        f"ports free, and {replicas} pods need one each",
        "choose other ports, or free them")


# -- memory and disks -----------------------------------------------------------------------


def memory(params: dict, found: Sequence[Machine]) -> Iterator[Finding]:
    """Yield what the nodes lack of the memory of workers, and heaps above the memory of nodes."""
    if not found:
        return
    tier = int(tiers.memory(params.get("tieredstore") or []))
    needed = max(tier, _given(params, "worker", "requests"))
    workers = params["worker_replicas"]
    fitting = [machine for machine in found if machine.free >= needed]
    largest = max(found, key=lambda machine: machine.free)
    if workers and needed and len(fitting) < workers:
        capable = [machine for machine in found if machine.allocatable >= needed]
        yield Finding(
            finding.ERROR if _given(params, "worker", "requests") or not capable else finding.WARNING,
            "memory", f"each of {workers} workers needs {_text(needed)} (tiers in memory {_text(tier)}), and "
            f"{len(fitting)} of {len(found)} nodes have that free; node {largest.name} has most, "
            f"{_text(largest.free)} of {_text(largest.allocatable)}",
            "use smaller tiers (fluid_tieredstore), fewer workers, or larger nodes")
    for component, heap in heaps(params).items():
        yield from _heap(component, heap, params, found)


def _heap(component: str, heap: int, params: dict, found: Sequence[Machine]) -> Iterator[Finding]:
    limit = _given(params, component, "limits")
    option = f"fluid_{component}.jvm_options"
    if limit and heap > limit:
        yield Finding(
            finding.WARNING, "memory", f"the heap of {component} is {_text(heap)}, above its memory limit "
            f"{_text(limit)}: the kernel ends the process when it uses more",
            f"set -Xmx in {option} below it")
    small = [machine for machine in found if machine.allocatable < heap]
    if small:
        grows = "of {} is reserved with" if component == "fuse" else "of {} may grow to"
        yield Finding(
            finding.WARNING, "memory",
            f"the heap {grows.format(component)} {_text(heap)}, and {len(small)} of {len(found)} nodes have "
            f"less memory ({small[0].name} {_text(small[0].allocatable)})",
            f"set -Xmx and -Xms in {option}, without which Fluid uses its own")


def heaps(params: dict) -> dict[str, int]:
    """Return the largest heap of the components for which one is known, in bytes: given, or Fluid's default.
    """
    found = {name: _xmx((params.get(name) or {}).get("jvm_options") or _JVM_OPTIONS.get(name, ()))
             for name in COMPONENTS}
    return {name: heap for name, heap in found.items() if heap}


def _xmx(options: Iterable[str]) -> int:
    """Return the heap that the last -Xmx among the options permits; 0 without one."""
    matches = [match for text in options for option in text.split() if (match := _HEAP.match(option))]
    return int(matches[-1][1]) * _UNITS[matches[-1][2].lower()] if matches else 0


def disks(params: dict, found: Sequence[Machine]) -> Iterator[Finding]:
    """Yield tiers on disks that are larger than the local storage of nodes, as the kubelet reports it."""
    for level in params.get("tieredstore") or []:
        if level["mediumtype"] not in ("SSD", "HDD"):
            continue
        quota = sum((quantity.parse(text) for text in
                     (level.get("quota_list") or level.get("quota") or "0").split(",")), Decimal(0))
        small = [machine for machine in found if machine.disk and machine.disk < quota]
        if small:
            yield Finding(
                finding.WARNING, "disks",
                f"the {level['mediumtype']} tier {level['path']} has {_text(int(quota))}, and {len(small)} "
                f"of {len(found)} nodes report less local storage ({small[0].name} {_text(small[0].disk)})",
                "use a smaller quota, unless the path is a disk of its own")


def _given(params: dict, component: str, kind: str) -> int:
    resources = (params.get(component) or {}).get("resources") or {}
    return amount_of((resources.get(kind) or {}).get("memory"))


def _text(size: int) -> str:
    return quantity.as_text(Decimal(size)) if size % 1024 ** 2 == 0 else f"{size / 1024 ** 3:.2f}Gi"


def masters(params: dict, dataset: dict, nodes: Iterable[dict]) -> Iterator[Finding]:
    """Yield why a majority of masters on the network of containers may share a node: there are too few."""
    if params["master_replicas"] < 2:
        return
    demands = fluid_dataset.demands_on_masters(dataset, (params.get("master") or {}).get("node_selector"))
    accepting = [node for node in nodes if scheduling.accepts(node, demands)]
    if 0 < len(accepting) < params["master_replicas"]:
        yield Finding(
            finding.WARNING, "nodes",
            f"{len(accepting)} nodes accept the {params['master_replicas']} masters: the loss of one node "
            "may lose the majority", "add nodes")
