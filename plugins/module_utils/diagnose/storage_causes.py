# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes about journals, finalizers and mounts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..fluid.components import CSI_DRIVER, JOURNAL_VOLUME
from ..fluid.names import claim_name, master_pod, stateful_set_name, volume_name
from ..fluid.status import FINALIZER_CONTROLLERS, dataset_phase
from ..journal import gate, lost_claim, template
from ..k8s import kinds, pods as k8s_pods
from ..k8s.predicates import BOUND_PHASE
from ..verify import cluster_promises, observed as seen
from ..verify.promise import BROKEN, DEGRADED, Expected
from ..verify.read_promises import MountView
from . import finding
from .facts import CLAIMS, CSI_NODES, SETTLED, STATEFUL_SETS, VOLUMES, Facts, at, described, pod_label, quoted
from .finding import Finding

_EMPTY = re.compile(r"the journal is empty: waiting for a leader")
_UNFORMATTED = re.compile(r"[Jj]ournal.*(?:has )?not (?:been )?formatted")
_REBUILD = ("rebuild the master with the playbook rebuild_master (fluid_rebuild), or after the loss of a "
            "majority restore a backup (playbook restore)")
_MOUNT_REASONS = ("FailedMount", "FailedAttachVolume")
_VOLUME, _UNMOUNTED = re.compile(r'volume "([^"]+)"'), re.compile(r"unmounted volumes=\[([^]]*)\]")
# ENOSYS, which the kernel takes as an answer for all files of the mount (docs/tasks/share.md).
_REFUSED_OPEN = re.compile(r"Fuse\.Open\(path=(.+?),flags=\w+\) returned -38\b")
_NO_DRIVER = re.compile(r"driver name .* not found in the list of registered CSI drivers")


def journal_lost(facts: Facts) -> Iterator[Finding]:
    """Find masters whose journal is gone, and masters that wait with an empty one."""
    existing = next((each for each in facts.each(STATEFUL_SETS)
                     if each["metadata"]["name"] == stateful_set_name(facts.cache.name)), None)
    pods = {pod["metadata"]["name"]: pod for pod in facts.component(seen.MASTER_ROLE)}
    if existing is not None and facts.known(seen.NODES) is not None and facts.known(CLAIMS) is not None:
        yield from _lost_claims(existing, pods, facts)
    for pattern, text in ((_EMPTY, "it waits with an empty journal"), (_UNFORMATTED, "no journal")):
        waiting = {name: pod for name, pod in pods.items() if not k8s_pods.is_ready(pod)}
        newest = {log.pod: (log, entry) for log, entry in _entries(facts, pattern, waiting)}
        for log, entry in newest.values():
            if not any(quorum and quorum.leader for quorum, _reason in facts.quorums.values()):
                yield Finding(
                    finding.JOURNAL_LOST, pod_label(pods[log.pod]),
                    f"{text}, and no master leads: log of {log.name}: {quoted(entry, pattern)}", _REBUILD)


def _entries(facts: Facts, pattern: re.Pattern, pods: dict[str, dict]) -> Iterator[tuple]:
    """Yield the entries of masters' logs; the gate writes its line once, which may be hours ago."""
    for log in facts.logs:
        if log.pod in pods and not (log.container == gate.CONTAINER and log.previous):
            since = at("1970-01-01T00:00:00Z") if log.container == gate.CONTAINER else facts.recently
            yield from ((log, entry) for entry in log.records(since) if pattern.search(entry))


def _lost_claims(existing: dict, pods: dict[str, dict], facts: Facts) -> Iterator[Finding]:
    replicas = (existing.get("spec") or {}).get("replicas") or 0
    claims = {each["metadata"]["name"]: each for each in facts.each(CLAIMS)}
    volumes = {each["metadata"]["name"]: each for each in facts.each(VOLUMES)}
    on_claim = any(each["metadata"]["name"] == JOURNAL_VOLUME
                   for each in existing["spec"].get("volumeClaimTemplates") or [])
    for index, journal in enumerate(template.claim_names(facts.cache.name, replicas)):
        name = master_pod(facts.cache.name, index)
        pod, claim = pods.get(name), claims.get(journal)
        if pod is None and claim is None:
            continue  # the StatefulSet's controller has not created them yet
        volume = volumes.get((claim or {}).get("spec", {}).get("volumeName") or "")
        place = lost_claim.Place(name, journal, on_claim, pod, claim, volume, facts.each(seen.NODES))
        lost = "" if facts.known(VOLUMES) is None and claim is not None else lost_claim.reason(place)
        if not lost and ((claim or {}).get("status") or {}).get("phase") == "Lost":
            lost = f"claim {journal} is Lost: its volume no longer exists"
        if lost:
            yield Finding(finding.JOURNAL_LOST, f"Pod {facts.cache.namespace}/{name}", lost, _REBUILD)


def stuck_finalizer(facts: Facts) -> Iterator[Finding]:
    """Find objects of the cache whose deletion does not end, with what holds them."""
    subjects = (("Dataset", seen.DATASET), ("AlluxioRuntime", seen.RUNTIME),
                (kinds.PERSISTENT_VOLUME_CLAIM.kind, seen.CLAIM), (kinds.PERSISTENT_VOLUME.kind, seen.VOLUME))
    users = [pod_label(pod) for pod in facts.users()]
    for kind, subject in subjects:
        existing = facts.known(subject)
        deleted = ((existing or {}).get("metadata") or {}).get("deletionTimestamp")
        finalizers = ((existing or {}).get("metadata") or {}).get("finalizers") or []
        if not existing or not deleted or not finalizers:
            continue
        seconds = int((facts.read_at - at(deleted)).total_seconds())
        blockers = [f"{', '.join(users)} mounts its claim"] if users else []
        references = (existing.get("status") or {}).get("datasetRef") or []
        blockers += [f"Dataset {', '.join(references)} refers to it"] if references else []
        if not blockers and seconds < SETTLED.total_seconds():
            continue
        holders = sorted({FINALIZER_CONTROLLERS.get(each, "") for each in finalizers} - {""})
        yield Finding(
            finding.STUCK_FINALIZER, f"{kind} {facts.label}",
            f"deleted at {deleted}, {seconds} s ago, it is held by {', '.join(finalizers)}"
            + "".join(f"; {each}" for each in blockers) + _last_warning(facts, kind),
            "delete these pods first" if users else
            "delete what refers to it first" if references else
            f"see that {' and '.join(holders) or 'the controller of the finalizer'} runs, and read its log "
            "in the archive")


def _last_warning(facts: Facts, kind: str) -> str:
    return "".join(f"; {described(event)}" for event in facts.warnings(kind, facts.cache.name)[:1])


def fuse_not_mounted(facts: Facts) -> Iterator[Finding]:
    """Find dead mounts, pods whose volume is not mounted, and FUSE and CSI pods that do not run."""
    for view in facts.views:
        if view.dead:
            yield Finding(
                finding.FUSE_NOT_MOUNTED, f"Pod {facts.cache.namespace}/{view.pod} on node {view.node}",
                f"mount {view.path} in container {view.container}: {view.answer}"
                + _refused_opening(facts, view), view.remedy)
    for pod in facts.users():
        warnings = facts.warnings("Pod", pod["metadata"]["name"])
        for event in [each for each in warnings if _may_be_of(each, pod, facts)][:1]:
            if event.get("reason") in _MOUNT_REASONS and not k8s_pods.is_ready(pod):
                yield Finding(finding.FUSE_NOT_MOUNTED, pod_label(pod), described(event) + _on_node(
                    pod, facts), _mount_remedy(event, facts))
    for pod in facts.component(seen.FUSE_ROLE):
        if not k8s_pods.is_ready(pod) and facts.waits(pod) and not k8s_pods.is_finished(pod):
            yield Finding(finding.FUSE_NOT_MOUNTED, pod_label(pod),
                          k8s_pods.unready_reason(pod) or "it is not ready",
                          "make it run: pods on its node wait for its mount")
    yield from _csi_plugin(facts)


def _refused_opening(facts: Facts, view: MountView) -> str:
    """Return the file whose opening ended the reads of a node, as the end of a sentence; empty if unknown."""
    if not view.opens_nothing:
        return ""
    pods = {pod["metadata"]["name"] for pod in facts.component(seen.FUSE_ROLE)
            if (pod.get("spec") or {}).get("nodeName") == view.node}
    found = [(log.name, match[1]) for log in facts.logs if log.pod in pods and not log.previous
             for match in map(_REFUSED_OPEN.search, log.lines) if match]
    return "; {} has opened {} while another node wrote it".format(*found[0]) if found else ""


def _may_be_of(event: dict, pod: dict, facts: Facts) -> bool:
    """Return whether an event about a pod may be about the volume of the cache.

    The kubelet names the PersistentVolume, or in a summary the pod's own names.
    """
    if event.get("reason") not in _MOUNT_REASONS:
        return True
    message = event.get("message") or ""
    names = _VOLUME.findall(message)[:1] or [
        name for found in _UNMOUNTED.findall(message) for name in re.split(r"[\s,]+", found)]
    own = {volume["name"] for volume in pod["spec"].get("volumes") or [] if (
        volume.get("persistentVolumeClaim") or {}).get("claimName") == claim_name(facts.cache.name)}
    return not names or not {volume_name(facts.cache), *own}.isdisjoint(names)


def _on_node(pod: dict, facts: Facts) -> str:
    """Return what is known of the FUSE pod and the driver on the node of a pod."""
    node = pod.get("spec", {}).get("nodeName")
    fuses = [fuse for fuse in facts.component(seen.FUSE_ROLE) if fuse.get("spec", {}).get("nodeName") == node]
    text = "".join(f"; FUSE pod {fuse['metadata']['name']} there: "
                   f"{k8s_pods.unready_reason(fuse) or 'is ready'}" for fuse in fuses)
    registered = next((each for each in facts.each(CSI_NODES) if each["metadata"]["name"] == node), None)
    drivers = [each["name"] for each in ((registered or {}).get("spec") or {}).get("drivers") or []]
    return (text or "; no FUSE pod is there") + (
        f"; the node has not registered {CSI_DRIVER}" if registered and CSI_DRIVER not in drivers else "")


def _mount_remedy(event: dict, facts: Facts) -> str:
    if _NO_DRIVER.search(event.get("message") or ""):
        return ("let Fluid's CSI plugin run on the node, with csi.kubelet.rootDir of the chart equal to the "
                "kubelet's folder")
    return f"read the log of {cluster_promises.PLUGIN_NAME} on the node, which the archive has"


def _csi_plugin(facts: Facts) -> Iterator[Finding]:
    if not all(map(facts.observed.knows, (seen.NODES, seen.FLUID_PODS, seen.CONTROLLERS, seen.PLUGIN))):
        return
    if facts.known(seen.PLUGIN) is None:
        return  # sidecars mount the volume
    expected = Expected(facts.cache, facts.fluid_namespace, 0, 0, False, 0)
    promise = cluster_promises.csi_plugin(facts.observed, expected)
    if promise.state in (BROKEN, DEGRADED):
        what = f"DaemonSet {facts.fluid_namespace}/{cluster_promises.PLUGIN_NAME}"
        yield Finding(finding.FUSE_NOT_MOUNTED, what, promise.evidence, promise.next_step,
                      certain=promise.state == BROKEN)


def not_bound(facts: Facts) -> Iterator[Finding]:
    """Find a cache that does not exist, or that Fluid has not bound."""
    absent = [kind for kind, subject in (("Dataset", seen.DATASET), ("AlluxioRuntime", seen.RUNTIME))
              if facts.observed.knows(subject) and facts.known(subject) is None]
    for kind in absent:
        yield Finding(finding.CACHE_ABSENT, f"{kind} {facts.label}", "it does not exist",
                      "check name and namespace, or deploy the cache (playbook deploy_ha)")
    dataset = facts.known(seen.DATASET)
    if dataset and dataset_phase(dataset) != BOUND_PHASE and facts.waits(dataset) and not dataset[
            "metadata"].get("deletionTimestamp"):
        conditions = (dataset.get("status") or {}).get("conditions") or []
        message = next((each["message"] for each in reversed(conditions) if each.get("message")), "")
        yield Finding(finding.NOT_BOUND, f"Dataset {facts.label}",
                      f"its phase is {dataset_phase(dataset) or 'empty'}{message and ': ' + message}"
                      f"{_last_warning(facts, 'Dataset')}{_last_warning(facts, 'AlluxioRuntime')}",
                      "read the log of alluxioruntime-controller, which the archive has")
