# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains the workers that a smaller number of replicas removes, before Fluid removes them. IO.

Fluid 1.0.8 writes spec.replicas into the workers' StatefulSet at once (pkg/ctrl/replicas.go), and Kubernetes
deletes the pods of the highest ordinals. What only these hold would be fetched again when it is read, and
files that are in Alluxio alone would be lost.
"""

from __future__ import annotations

import json

from ...alluxio import drains
from ...api.bulk import ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...api.pod_exec import PodShell
from ...apply import reconcile
from ...apply.reconcile import Write
from ...apply.update import annotate
from ...errors import PreconditionFailed, WaitFailed, WaitTimeout
from ...fluid import kinds as fluid_kinds, runtime
from ...fluid.components import MASTER_CONTAINER
from ...fluid.names import worker_selector, worker_set_name
from ...fluid.operations import DRAIN
from ...k8s import kinds
from ...k8s.kinds import ObjectRef, annotations_of, ref_to
from ...k8s.pods import is_ready
from ...masters.group import Masters
from ...masters.lease import held
from ...progress import Reporter
from ..data_operations import loading

_KIND = fluid_kinds.ALLUXIO_RUNTIME
# Each path costs a process of Alluxio for each look at the load.
_MOST_PATHS = 20
_MOST_ARGUMENTS = 100  # of a command
_NAMED = 3  # files, in a message
# Seconds of the command, beside the two minutes in which clients learn of the drained workers.
_IDLE_WAIT = 300


def before_write(client: Client, params: dict, existing: dict, write: Write, deadline: Deadline,
                 reporter: Reporter) -> None:
    """Drain the workers that a write of these options removes; change nothing in check mode.

    existing: the runtime. Raises Conflict for a write that another field manager forbids, and
    PreconditionFailed for files that would be lost.
    """
    spec, metadata = existing.get("spec") or {}, existing["metadata"]
    if (write.dry_run or not params["drain_workers"] or metadata.get("deletionTimestamp")
            or params["worker_replicas"] >= spec.get("replicas", 1)):
        return
    reconcile.compare(_KIND, runtime.manifest(params), write, existing)
    ref = ref_of(params)
    if not leaving(_workers(client, ref), params["worker_replicas"]):
        return
    with held(client, ref, deadline, "drain workers") as holder:
        _Drain(holder, ref, params["worker_replicas"], deadline, reporter).run()


def leaving(pods: list[dict], remaining: int) -> list[dict]:
    """Return the ready workers that a StatefulSet of that size does not have, the highest ordinal first."""
    found = [pod for pod in pods if is_ready(pod) and _ordinal(pod) >= remaining]
    return sorted(found, key=_ordinal, reverse=True)


def shared_hosts(pods: list[dict], remaining: int) -> set[str]:
    """Return the hosts of leaving workers that a remaining one has too: Alluxio takes either of them."""
    hosts = {pod["status"].get("hostIP") for pod in leaving(pods, remaining)}
    return {host for pod in pods if _ordinal(pod) < remaining
            and (host := pod.get("status", {}).get("hostIP")) in hosts}


def _ordinal(pod: dict) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2])


def _workers(client: Client, ref: ObjectRef) -> list[dict]:
    return list(client.list(kinds.POD, ref.namespace, worker_selector(ref.name)))


class _Drain:
    """The drain of the workers of one runtime. remaining: the number that stays."""

    def __init__(self, client: Client, ref: ObjectRef, remaining: int, deadline: Deadline,
                 reporter: Reporter) -> None:
        self._client, self._ref, self._remaining = client, ref, remaining
        self._deadline, self._reporter = deadline, reporter
        self._what = _KIND.describe(ref)
        self._set = ObjectRef(ref.namespace, worker_set_name(ref.name))
        self._pod = self._ready_master()

    def run(self) -> None:
        """Persist, decommission and load; a run that was interrupted is continued by its note."""
        files = self._persisted()
        pods = _workers(self._client, self._ref)
        if self._remaining == 0 or not self._can_decommission(pods):
            return
        kept = drains.kept(files, _MOST_PATHS)
        paths = drains.outermost([*self._noted(), *kept.paths])
        self._note(paths)
        if not self._decommission([pod["status"]["hostIP"] for pod in leaving(pods, self._remaining)]):
            self._note([])
            return
        # Until the drain clients have written to these workers.
        self._persisted("Restart the drained workers, which Alluxio then takes in again, and run this again")
        if kept.left_bytes:
            self._reporter.warn(
                f"{self._what}: {kept.left_files} files with {kept.left_bytes} bytes lie beside others that "
                "are not cached and are not loaded again: what only the drained workers hold of them is "
                "fetched when it is read")
        self._load(paths)
        self._note([])

    def _persisted(self, remedy: str = "Copy or remove them") -> list[drains.File]:
        """Return the files, once the under-stores have all of them. Raises PreconditionFailed for others."""
        files = self._files()
        missing = drains.unpersisted(files)
        if not missing:
            return files
        self._deadline.report_action(f"persisting {len(missing)} files of {self._what}")
        self._run("persist files", drains.PERSIST, *(missing if len(missing) <= _MOST_ARGUMENTS else ["/"]))
        files = self._files()
        if missing := drains.unpersisted(files):
            raise PreconditionFailed(
                f"{self._what}: {len(missing)} files are in Alluxio alone, such as "
                f"{', '.join(missing[:_NAMED])}, and could not be persisted: a worker that goes may take "
                f"them along, so no worker was removed. {remedy}, or set drain_workers: false to lose them")
        return files

    def _can_decommission(self, pods: list[dict]) -> bool:
        shared = shared_hosts(pods, self._remaining)
        if shared:
            self._reporter.warn(
                f"{self._what}: {', '.join(sorted(shared))} runs several workers, which Alluxio does not "
                "distinguish, so none was drained: what only the removed workers hold is fetched again")
        return not shared

    def _decommission(self, hosts: list[str]) -> bool:
        """Let clients leave the workers on these hosts; return whether Alluxio has the command."""
        self._deadline.report_action(f"draining the workers on {', '.join(hosts)} of {self._what}")
        answer = self._asked(",".join(hosts))
        if answer == drains.UNKNOWN_WORKER and len(hosts) > 1:
            # One of them is drained already; the command then drains none of the others.
            answers = [self._asked(host) for host in hosts]
            answer = drains.BUSY if drains.BUSY in answers else answers[0]
        if answer == drains.BUSY:
            raise WaitTimeout(
                f"the drained workers on {', '.join(hosts)} of {self._what} still serve requests, so none "
                "was removed: run this again; clients no longer begin to read from them")
        if answer == drains.UNKNOWN_COMMAND:
            self._reporter.warn(f"{self._what}: this Alluxio cannot drain workers: what only the removed "
                                "workers hold is fetched again when it is read")
        return answer != drains.UNKNOWN_COMMAND

    def _asked(self, hosts: str) -> str:
        output = self._run("drain workers", drains.DECOMMISSION, hosts, f"{_IDLE_WAIT}s").split()
        return output[-1] if output else ""

    def _load(self, paths: list[str]) -> None:
        """Load the paths into the remaining workers; what does not fit is no reason to keep a worker."""
        if not paths:
            return
        options = {**self._ref._asdict(), "paths": paths, "load_metadata": False,
                   "wait_timeout": self._deadline.seconds}
        try:
            loading.ensure(self._client, options, False, self._reporter)
        except (WaitFailed, PreconditionFailed) as err:
            self._reporter.warn(f"{self._what}: not all of what the drained workers held is cached in the "
                                f"others: {err}")

    def _files(self) -> list[drains.File]:
        return drains.parse_files(self._run("list the files", drains.LIST))

    def _run(self, task: str, script: str, *args: str) -> str:
        seconds = max(1.0, self._deadline.remaining())
        return PodShell(self._client, self._pod, MASTER_CONTAINER, seconds, "bash", bounded=True).run(
            task, script, *args)

    def _ready_master(self) -> ObjectRef:
        pods = Masters(self._client, self._ref).pods()
        if not pods or not is_ready(pods[0]):
            raise PreconditionFailed(f"no master of {self._what} is ready to drain workers: wait until one "
                                     "is, then run this again, or set drain_workers: false")
        return ref_to(pods[0])

    def _noted(self) -> set[str]:
        """Return the paths of an interrupted run, which the present state no longer shows."""
        existing = self._client.get(kinds.STATEFUL_SET, self._set)
        try:
            found = json.loads(annotations_of(existing or {}).get(DRAIN) or "[]")
        except ValueError:
            return set()
        return {path for path in found if isinstance(path, str)} if isinstance(found, list) else set()

    def _note(self, paths: list[str]) -> None:
        annotate(self._client, kinds.STATEFUL_SET, self._set, DRAIN, json.dumps(paths) if paths else None)
