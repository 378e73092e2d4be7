# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fresh deployment costs the masters, and how long it takes beside one by bare Fluid.

Both are made in turn, with the same mount and sizes, while another cache idles. Times are those
of the objects: from the creation of the first of Dataset and AlluxioRuntime until the Dataset is
Bound, in whole seconds.
"""

import sys
from datetime import datetime, timezone
from statistics import median

from costs.playing import play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.names import master_selector
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

from .cache import MASTERS, Cache, trials, until

_TRIALS = 3
_MORE = 5
_SECONDS_TO_BIND = 600
_TIERS = [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "256Mi", "high": "0.95", "low": "0.7"}]
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_SLOWER = 1.1


def fresh(cache: Cache) -> list[Figure]:
    """Host network, container network, and 5 masters on the container network."""
    return [figure for network, masters in
            (("HostNetwork", MASTERS), ("ContainerNetwork", MASTERS), ("ContainerNetwork", _MORE))
            for figure in _in_turn(cache, network, masters)]


def _in_turn(cache: Cache, network: str, masters: int) -> list[Figure]:
    bare, own, restarted = [], [], 0
    for number in range(trials(_TRIALS)):
        bare.append(_bare(cache, network, masters, number))
        seconds, replaced = _own(cache, network, masters, number)
        own.append(seconds)
        restarted += replaced
        print(f"  {network}, {masters} masters: bare Fluid {bare[-1]:.0f} s, collection {own[-1]:.0f} s, "
              f"{replaced} masters restarted", file=sys.stderr, flush=True)
    work = f"fresh deployment, {network}, {masters} masters, {len(own)} times"
    return [Figure(work, "masters restarted or replaced", restarted, at_most=0),
            Figure(work, "Bound after, median", median(own), "s"),
            Figure(work, "bare Fluid: Bound after, median", median(bare), "s"),
            Figure(work, "ratio of the medians", median(own) / median(bare), at_most=_SLOWER)]


def _bare(cache: Cache, network: str, masters: int, number: int) -> float:
    """A cache by its two objects alone."""
    ref = ObjectRef(cache.namespace, f"bare-{number}")
    cache.session.cluster.create([
        {"apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset", "metadata": ref._asdict(),
         "spec": {"mounts": [{"name": "data", "mountPoint": cache.content.mount}]}},
        {"apiVersion": "data.fluid.io/v1alpha1", "kind": "AlluxioRuntime", "metadata": ref._asdict(),
         "spec": {"replicas": 1, "master": {"replicas": masters, "networkMode": network},
                  "worker": {"networkMode": network}, "fuse": {"networkMode": network},
                  "tieredstore": {"levels": _TIERS}}}])
    try:
        return _bound(cache, ref)
    finally:
        _remove(cache, ref)


def _own(cache: Cache, network: str, masters: int, number: int) -> tuple[float, int]:
    """A cache by the modules, with the defaults of deploy_ha: seconds until it is Bound, and masters that did
    not stay as created.
    """
    ref = ObjectRef(cache.namespace, f"own-{number}")
    dataset = {"datacache.fluid.dataset": {
        **ref._asdict(), "mounts": [{"name": "data", "mount_point": cache.content.mount}]}}
    runtime = {"datacache.fluid.alluxio_runtime": {
        **ref._asdict(), "master_replicas": masters, "worker_replicas": 1, "network_mode": network,
        "journal_volume": {"type": "claim"}, "raft": {"profile": "balanced"}, "tieredstore": _TIERS,
        "wait": True, "wait_timeout": _SECONDS_TO_BIND}}
    try:
        play([dataset, runtime], cache.session.kubeconfig)
        return _bound(cache, ref), _replaced(cache, ref)
    finally:
        _remove(cache, ref)


def _bound(cache: Cache, ref: ObjectRef) -> float:
    def bound_at() -> str | None:
        dataset = cache.client.get(fluid_kinds.DATASET, ref) or {}
        return next((each["lastTransitionTime"] for each in dataset.get("status", {}).get("conditions") or []
                     if each["type"] == "Ready"), None)

    bound = until(f"Dataset {ref.name} to be Bound", bound_at, _SECONDS_TO_BIND)
    objects = [cache.client.get(kind, ref) for kind in (fluid_kinds.DATASET, fluid_kinds.ALLUXIO_RUNTIME)]
    return _at(bound) - min(_at(each["metadata"]["creationTimestamp"]) for each in objects if each)


def _replaced(cache: Cache, ref: ObjectRef) -> int:
    """How many masters restarted, or were created later than with their StatefulSet."""
    workload = cache.client.get(kinds.STATEFUL_SET, ObjectRef(ref.namespace, ref.name + "-master"))
    assert workload
    pods = list(cache.client.list(kinds.POD, ref.namespace, master_selector(ref.name)))
    assert len(pods) == workload["spec"]["replicas"], [pod["metadata"]["name"] for pod in pods]
    revision = workload["status"]["updateRevision"]
    restarts = sum(status["restartCount"] for pod in pods for status in pod["status"]["containerStatuses"])
    generations = [pod for pod in pods
                   if pod["metadata"]["labels"]["controller-revision-hash"] != revision]
    made = _at(workload["metadata"]["creationTimestamp"])
    later = [pod for pod in pods if _at(pod["metadata"]["creationTimestamp"]) - made > 5]
    return restarts + len(later) + len(generations)


def _remove(cache: Cache, ref: ObjectRef) -> None:
    gone = {**ref._asdict(), "state": "absent", "wait": True, "wait_timeout": _SECONDS_TO_BIND}
    play([{"datacache.fluid.dataset": gone}, {"datacache.fluid.alluxio_runtime": gone}],
         cache.session.kubeconfig)


def _at(text: str) -> float:
    return datetime.strptime(text, _TIME).replace(tzinfo=timezone.utc).timestamp()
