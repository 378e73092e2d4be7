# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that pods show: ports, images, memory, and nodes that accept none. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import InvalidInput
from ..k8s import pods as k8s_pods, quantity
from ..k8s.kinds import ref_to
from ..verify import observed as seen
from . import finding
from .facts import ALL_PODS, Facts, containers, described, pod_label, quoted, short
from .finding import Finding

_FREE_PORTS = "free ports"
_BOUND = re.compile(r"Address already in use|Failed to bind to|BindException")
_PORT = re.compile(r":(\d{4,5})\b")
_PULL = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
         "RegistryUnavailable"}
_PULL_EVENT = re.compile(r"Failed to pull image|ErrImage|failed to resolve|Error: ErrImageNeverPull")
_PULL_REMEDIES = (
    (re.compile(r"unauthori[sz]ed|authentication|denied|\b40[13]\b", re.IGNORECASE),
     "give the registry's credentials in image_pull_secrets (fluid_image_pull_secrets)"),
    (re.compile(r"not found|NotFound|manifest unknown|\b404\b"),
     "correct image and tag (fluid_image, fluid_image_tag)"),
    (re.compile(r"no such host|timeout|refused|no route|unreachable|TLS|x509", re.IGNORECASE),
     "make the registry reachable from the node, or name a mirror (fluid_image_registry)"),
    (re.compile(r"ErrImageNeverPull|never", re.IGNORECASE),
     "import the image on the node, or change image_pull_policy (fluid_image_pull_policy)"))
_HEAP = re.compile(r"OutOfMemoryError|insufficient memory for the Java Runtime"
                   r"|Could not reserve enough space|[Cc]annot allocate memory")
_FULL = re.compile(r"No space left on device")
_WORKER = "alluxio-worker"
_TIER_EVENT = re.compile(r"memory tieredStore's size|EmptyDir volume .* exceeds the limit")


def waits_for_ports(pod: dict) -> bool:
    """Return whether the scheduler finds no node with the pod's ports free."""
    return k8s_pods.is_unschedulable(pod) and _FREE_PORTS in k8s_pods.unready_reason(pod)


def port_clash(facts: Facts) -> Iterator[Finding]:
    """Find pods whose host ports are taken, and processes that could not open theirs."""
    for pod in filter(waits_for_ports, facts.own_pods()):
        holders = _holders(pod, facts)
        yield Finding(finding.PORT_CLASH, pod_label(pod),
                      k8s_pods.unready_reason(pod) + "".join(f"; {each}" for each in holders[:3]),
                      "free the ports on a node that accepts the pod, add a node (each master on the host's "
                      "network needs its own), or recreate the runtime with fluid_network_mode "
                      "ContainerNetwork")
    pods = {pod["metadata"]["name"]: pod for pod in facts.own_pods()}
    for log, entry in _newest(facts, _BOUND, pods):
        port = _PORT.search(entry)
        pod = pods[log.pod]
        yield Finding(finding.PORT_CLASH, pod_label(pod), f"log of {log.name}: {quoted(entry, _BOUND)}",
                      f"end the process that has the port on node {pod['spec'].get('nodeName')}: find it "
                      f"there with ss -lntp{f' sport = :{port[1]}' if port else ''}",
                      certain=not k8s_pods.is_ready(pod) or not facts.quorum_holds())


def host_ports(pod: dict) -> set[int]:
    """Return the ports of its node that a pod takes."""
    network = pod.get("spec", {}).get("hostNetwork")
    return {port for container in pod.get("spec", {}).get("containers") or []
            for each in container.get("ports") or []
            if (port := each.get("hostPort") or (each.get("containerPort") if network else 0))}


def _holders(pod: dict, facts: Facts) -> list[str]:
    """Return who has the pod's ports, for messages."""
    desired = host_ports(pod)
    found = []
    for other in facts.each(ALL_PODS) or facts.each(seen.PODS):
        shared = sorted(desired & host_ports(other))
        if (shared and ref_to(other) != ref_to(pod) and other.get("spec", {}).get("nodeName")
                and not k8s_pods.is_finished(other)):
            found.append(f"port {shared[0]} is taken by {pod_label(other)}")
    return found


def _newest(facts: Facts, pattern: re.Pattern, pods: dict[str, dict]) -> list[tuple]:
    """Return the newest matching entry of each pod's logs."""
    return list({log.pod: (log, entry) for log, entry in facts.records(pattern, pods)}.values())


def image_pull(facts: Facts) -> Iterator[Finding]:
    """Find containers whose image the kubelet does not get."""
    for pod in facts.unfinished():
        for status in containers(pod):
            waiting = (status.get("state") or {}).get("waiting") or {}
            if waiting.get("reason") not in _PULL:
                continue
            events = [described(event) for event in facts.warnings("Pod", pod["metadata"]["name"])
                      if _PULL_EVENT.search(event.get("message") or "") and status.get("image", "")
                      in event["message"]]
            evidence = (f"container {status['name']} with image {status.get('image')} is waiting: "
                        f"{waiting['reason']}: {short(waiting.get('message') or '')}"
                        + "".join(f"; {each}" for each in events[:1]))
            yield Finding(finding.IMAGE_PULL, pod_label(pod), evidence, _pull_remedy(evidence),
                          certain=facts.concerns(pod))
            break


def _pull_remedy(evidence: str) -> str:
    return next((remedy for pattern, remedy in _PULL_REMEDIES if pattern.search(evidence)),
                "correct the image, or make its registry reachable from the node")


def memory(facts: Facts) -> Iterator[Finding]:
    """Find containers that the kernel killed for their memory, and limits below the tiers in memory."""
    tiers = memory_of_tiers(facts)
    for pod in facts.unfinished():
        yield from _killed(pod, facts, tiers)
    yield from _small_limit(facts, tiers)
    runtime = [("AlluxioRuntime", facts.cache.name)]
    for kind, name in runtime + [("Pod", pod["metadata"]["name"]) for pod in facts.release()]:
        for event in facts.warnings(kind, name):
            if _TIER_EVENT.search(event.get("message") or ""):
                yield Finding(finding.MEMORY_BELOW_TIER, f"{kind} {facts.cache.namespace}/{name}",
                              described(event), _memory_remedy(tiers))
                break
    pods = {pod["metadata"]["name"]: pod for pod in facts.release()}
    in_memory = {name: pod for name, pod in pods.items() if _stores_in_memory(pod, facts)}
    for pattern, chosen in ((_HEAP, pods), (_FULL, in_memory)):
        for log, entry in _newest(facts, pattern, chosen):
            yield Finding(finding.MEMORY_BELOW_TIER, pod_label(pods[log.pod]),
                          f"log of {log.name}: {quoted(entry, pattern)}",
                          "give the component more memory, a smaller heap (jvm_options) or a smaller tier",
                          certain=not k8s_pods.is_ready(pods[log.pod]))


def _stores_in_memory(pod: dict, facts: Facts) -> bool:
    """Return whether a pod is a worker whose tiers are all in memory, so that these are what is full."""
    is_worker = (pod["metadata"].get("labels") or {}).get("role") == seen.WORKER_ROLE
    levels = _levels(facts)
    return is_worker and bool(levels) and all(level.get("mediumtype") == "MEM" for level in levels)


def disk_full(facts: Facts) -> Iterator[Finding]:
    """Find processes that could not write to a disk: that of a journal, of a tier, or of their node."""
    pods = {pod["metadata"]["name"]: pod for pod in facts.own_pods() if not _stores_in_memory(pod, facts)}
    for log, entry in _newest(facts, _FULL, pods):
        pod = pods[log.pod]
        master = (pod["metadata"].get("labels") or {}).get("role") == seen.MASTER_ROLE
        yield Finding(finding.DISK_FULL, pod_label(pod), f"log of {log.name}: {quoted(entry, _FULL)}",
                      "free space on the volume of the journal, or enlarge its claim, then restart the master"
                      if master else "free space on the disk of the node, or use a smaller quota of its tier",
                      certain=not k8s_pods.is_ready(pod) or not facts.quorum_holds())


def _killed(pod: dict, facts: Facts, tiers: int) -> Iterator[Finding]:
    for status in containers(pod):
        for state in ("state", "lastState"):
            ended = (status.get(state) or {}).get("terminated") or {}
            if ended.get("reason") != "OOMKilled":
                continue
            limit = _limit(pod.get("spec", {}), status["name"])
            shown = f"a memory limit of {limit}" if limit else "no memory limit"
            fuse = (pod["metadata"].get("labels") or {}).get("role") == seen.FUSE_ROLE
            yield Finding(
                finding.MEMORY_BELOW_TIER, pod_label(pod),
                f"container {status['name']} was killed for its memory (OOMKilled, exit code "
                f"{ended.get('exitCode')}) at {ended.get('finishedAt')} with {shown}"
                + (f"; tiers in memory have {_gib(tiers)}" if tiers and not fuse else ""),
                "give the FUSE pods a smaller heap (fluid_fuse.jvm_options; the default is 16 GB) or a "
                "higher limit" if fuse else _memory_remedy(tiers),
                certain=facts.concerns(pod) and (not k8s_pods.is_ready(pod) or _is_recent(ended, facts)))
            return


def _is_recent(ended: dict, facts: Facts) -> bool:
    return (ended.get("finishedAt") or "") >= facts.recently.strftime("%Y-%m-%dT%H:%M:%SZ")


def _memory_remedy(tiers: int) -> str:
    return ("give the component a memory limit above its heap" + (
        f" and the tiers in memory ({_gib(tiers)})" if tiers else "")
        + ", or make the tiers smaller (fluid_tieredstore), and recreate the runtime")


def memory_of_tiers(facts: Facts) -> int:
    """Return the bytes of the runtime's tiers in memory."""
    return sum(_bytes(quota) for level in _levels(facts) if level.get("mediumtype") == "MEM"
               for quota in (level.get("quotaList") or str(level.get("quota") or "0")).split(","))


def _levels(facts: Facts) -> list[dict]:
    spec = (facts.known(seen.RUNTIME) or {}).get("spec") or {}
    return (spec.get("tieredstore") or {}).get("levels") or []


def _bytes(text: str) -> int:
    try:
        return int(quantity.parse(text.strip()))
    except InvalidInput:
        return 0


def _gib(size: int) -> str:
    return f"{size / 1024 ** 3:.2f} GiB"


def _limit(spec: dict, container: str) -> str:
    all_of_them = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    found: dict = next((each for each in all_of_them if each["name"] == container), {})
    return str(((found.get("resources") or {}).get("limits") or {}).get("memory") or "")


def _small_limit(facts: Facts, tiers: int) -> Iterator[Finding]:
    """Find the first limit of workers below their tiers: the declared one, or one of a LimitRange."""
    worker = ((facts.known(seen.RUNTIME) or {}).get("spec") or {}).get("worker") or {}
    declared = str(((worker.get("resources") or {}).get("limits") or {}).get("memory") or "")
    limits = [(f"AlluxioRuntime {facts.label}", declared)] + [
        (pod_label(pod), _limit(pod.get("spec", {}), _WORKER)) for pod in facts.component(seen.WORKER_ROLE)]
    for place, limit in limits:
        if limit and tiers > _bytes(limit):
            yield Finding(
                finding.MEMORY_BELOW_TIER, place,
                f"the memory limit of workers is {limit}, and their tiers in memory have {_gib(tiers)}",
                _memory_remedy(tiers))
            return


def unschedulable(facts: Facts) -> Iterator[Finding]:
    """Find pods that no node accepts for another reason than their ports."""
    for pod in facts.own_pods():
        reason = k8s_pods.unready_reason(pod)
        if k8s_pods.is_unschedulable(pod) and not waits_for_ports(pod):
            yield Finding(finding.UNSCHEDULABLE, pod_label(pod), reason, _placing(reason),
                          certain=facts.concerns(pod))


def _placing(reason: str) -> str:
    for part, remedy in (
            ("Insufficient", "lower the requests of the component (resources), or add nodes"),
            ("unbound immediate PersistentVolumeClaims", "provide volumes of the claims' StorageClass"),
            ("volume node affinity conflict",
             "uncordon or start the node that holds the pod's volume; if it is lost, rebuild the master "
             "(playbook rebuild_master)"),
            ("untolerated taint", "add tolerations (fluid_tolerations), or remove the taint"),
            ("node affinity/selector", "correct node_selector or fluid_node_affinity, or label a node"),
            ("anti-affinity", "add a node, or set fluid_spread_masters to preferred")):
        if part in reason:
            return remedy
    return "make a node accept the pod: compare the message with kubectl describe nodes"


def refused(facts: Facts) -> Iterator[Finding]:
    """Find sets whose pods the API server refuses to create, as for a quota."""
    for kind in ("StatefulSet", "DaemonSet"):
        for part in ("master", "worker", "fuse"):
            name = f"{facts.cache.name}-{part}"
            for event in facts.warnings(kind, name):
                if event.get("reason") == "FailedCreate":
                    yield Finding(
                        finding.PODS_REFUSED, f"{kind} {facts.cache.namespace}/{name}", described(event),
                        "raise the quota, or let the namespace admit the pod (PodSecurity, webhooks)")
                    break


def container_fails(facts: Facts) -> Iterator[Finding]:
    """Find containers that end again and again for a reason that no other rule knows."""
    for pod in facts.own_pods():
        for status in containers(pod):
            waiting = (status.get("state") or {}).get("waiting") or {}
            ended = (status.get("state") or {}).get("terminated") or (
                status.get("lastState") or {}).get("terminated") or {}
            fails = waiting.get("reason") in ("CrashLoopBackOff", "CreateContainerConfigError",
                                              "CreateContainerError", "RunContainerError")
            if fails or (not k8s_pods.is_ready(pod) and not k8s_pods.is_finished(pod)
                         and ended.get("exitCode")):
                last = _last_line(facts, pod["metadata"]["name"], status["name"])
                code = f", exit code {ended.get('exitCode')} ({ended.get('reason')})" if ended else ""
                yield Finding(
                    finding.CONTAINER_FAILS, pod_label(pod),
                    f"container {status['name']}: {waiting.get('reason') or 'ended'}"
                    f"{': ' + short(waiting['message']) if waiting.get('message') else ''}{code}{last}",
                    "read the log of its previous run, which the archive has" if ended else
                    "create what the message names, or correct its name",
                    certain=fails and facts.concerns(pod))
                break


def _last_line(facts: Facts, pod: str, container: str) -> str:
    logs = [log for log in facts.logs if (log.pod, log.container) == (pod, container) and log.lines]
    chosen = next((log for log in logs if log.previous), logs[0] if logs else None)
    return f"; its last line: {short(chosen.lines[-1])}" if chosen else ""
