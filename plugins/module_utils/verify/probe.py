# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module cache_probe: a new pod that mounts the claim reads a sample. IO."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..errors import (
    AlreadyExists,
    ApiError,
    FluidError,
    InvalidInput,
    WaitFailed,
    WaitTimeout,
    WriteConflict,
)
from ..fluid import kinds as fluid_kinds
from ..fluid.lookup import needs_sidecar
from ..fluid.names import claim_name, volume_name
from ..fluid.status import gone
from ..k8s import kinds, nodes, pods, quantity
from ..k8s.kinds import ObjectRef, ref_to
from ..k8s.names import require_identity, require_image
from ..k8s.wait_status import WaitStatus
from ..progress import Reporter
from . import sample
from .cache_promises import is_bound
from .sample import Image, Limits

_LOG_LINES = 50
_REPORTED = 300  # characters of a log
_NEWEST_EVENTS = 3
# Readings of one run, each of which another run may end by deleting the pod.
_ATTEMPTS = 3
# Seconds beyond the wait after which the pod of a killed run ends by itself.
_SPARE = 60
_ONE_POD = ["ReadWriteOncePod"]
# Begin of the keys of the taints that nodes get for their state. A toleration without a key covers them.
_STATE = "node.kubernetes.io/"


def require_valid(params: dict) -> None:
    """Raise InvalidInput for limits that read nothing by accident."""
    require_identity(params)
    require_image("image", params["image"])
    size = quantity.require("sample_bytes", params["sample_bytes"])
    if size > quantity.LARGEST:
        raise InvalidInput(f"sample_bytes is {params['sample_bytes']}: expected at most {quantity.LARGEST}")
    if size < 0:
        raise InvalidInput(
            f"sample_bytes is {params['sample_bytes']}: expected 0, which reads nothing, or more")


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Return what the pod has read. It is removed before the end, so the module changes nothing."""
    if check_mode:
        return {"changed": False, "probe": {}}
    deadline = Deadline(params["wait_timeout"], reporter.progress)
    limits = Limits(int(quantity.parse(params["sample_bytes"])), params["sample_seconds"]).within(
        params["wait_timeout"])
    image = Image(params["image"], tuple(params["image_pull_secrets"]))
    probe = Probe(client, ref_of(params), image, limits, deadline)
    return {"changed": False, "probe": probe.result()}


class _Replaced(WaitFailed):
    """The pod was deleted before it had read, or exists already, as by another run."""


class Probe:
    """One sample. limits: its bounds. deadline: until which the pod has to end."""

    def __init__(self, client: Client, cache: ObjectRef, image: Image, limits: Limits,
                 deadline: Deadline) -> None:
        self._client = client
        self._cache = cache
        self._image = image
        self._limits = limits
        self._pod = ObjectRef(cache.namespace, sample.pod_name(cache.name))
        self._waiter = Waiter(client, deadline, lambda _name: self._warnings())
        self._deadline = deadline

    def result(self) -> dict:
        """Return the sample; skipped: why no pod was started; error: why it has read nothing."""
        if skipped := self._forbids():
            return {"skipped": skipped}
        try:
            self._remove()
            return {**self._read_undisturbed(), "pod": self._pod.name}
        except (ApiError, WaitFailed, WaitTimeout) as err:
            return {"pod": self._pod.name, "error": str(err)}

    def _forbids(self) -> str:
        """Return why the claim must not or cannot be mounted; empty if it can."""
        claim = self._client.get(
            kinds.PERSISTENT_VOLUME_CLAIM, ObjectRef(self._cache.namespace, claim_name(self._cache.name)))
        volume = self._client.get(kinds.PERSISTENT_VOLUME, ObjectRef(None, volume_name(self._cache)))
        if not is_bound(claim, volume):
            return "the claim is not Bound to its volume, without which no pod can mount it"
        if (claim or {})["spec"].get("accessModes") == _ONE_POD and (user := self._user()):
            return (f"the claim is ReadWriteOncePod and pod {user} mounts it; the mount of that pod is read "
                    "instead")
        return ""

    def _user(self) -> str:
        """Return the name of a pod that mounts the claim; empty without one."""
        part = f"{self._cache.name}-verify"
        return next((pod["metadata"]["name"] for pod in self._client.list(kinds.POD, self._cache.namespace)
                     if claim_name(self._cache.name) in pods.claims_of(pod) and not pods.is_finished(pod)
                     and (pod["metadata"].get("labels") or {}).get(sample.PART_OF) != part), "")

    def _read_undisturbed(self) -> dict:
        """Read the sample; after another run that has replaced the pod, begin again."""
        for _attempt in range(_ATTEMPTS - 1):
            with suppress(_Replaced):
                return self._read()
            self._waiter.until("be absent", kinds.POD, self._pod, gone(""))
        return self._read()

    def _read(self) -> dict:
        runtime = self._client.get(fluid_kinds.ALLUXIO_RUNTIME, self._cache)
        dataset = self._client.get(fluid_kinds.DATASET, self._cache) or {}
        tolerations = (dataset.get("spec") or {}).get("tolerations") or []
        body = sample.manifest(self._cache, self._image, self._limits, int(self._deadline.seconds) + _SPARE,
                               runtime, tolerations, self._lost_nodes(tolerations),
                               needs_sidecar(self._client))
        pod = self._create(body)
        uid = pod["metadata"]["uid"]
        try:
            ended = self._waiter.until(
                "read a sample of the files", kinds.POD, self._pod, partial(has_ended, uid))
            if ended is None or ended["metadata"]["uid"] != uid:
                raise self._replaced()
            pod = ended
            log = self._client.log(self._pod, sample.CONTAINER, _LOG_LINES)
        finally:
            # None of its containers runs any more, so that nothing is waited for.
            with suppress(WriteConflict):  # the pod of another run
                self._client.delete(kinds.POD, self._pod, uid, grace=0 if pods.is_finished(pod) else None)
        found = sample.parse(log, self._limits)
        if found is None:
            raise WaitFailed(
                f"pod {self._pod.name} has read nothing: {log.strip()[-_REPORTED:] or 'its log is empty'}")
        before = ((dataset.get("status") or {}).get("cacheStates") or {}).get("cachedPercentage")
        return {"files": found.files, "listed_all": found.listed_all, "size": found.size,
                "complete": found.complete, "being_written": list(found.being_written),
                "first_seconds": found.first_seconds,
                "second_seconds": found.second_seconds, "listing_errors": list(found.listing_errors),
                "reading_errors": list(found.reading_errors), "cached_before": before or "0.0%"}

    def _create(self, body: dict) -> dict:
        try:
            return self._client.create(kinds.POD, body, MANAGER)
        except AlreadyExists as err:
            if err.repeated:  # by an attempt of this run whose answer was lost
                raise
            raise self._replaced() from err

    def _replaced(self) -> _Replaced:
        return _Replaced(f"{kinds.POD.describe(self._pod)} was deleted before it had read: end what deletes "
                         "it, such as another verification of the cache, then run this again")

    def _lost_nodes(self, tolerations: list[dict]) -> list[str]:
        """Return the nodes that are not Ready, if the pod tolerates the taints that keep it off them."""
        if not any((each.get("key") or _STATE).startswith(_STATE) for each in tolerations):
            return []
        try:
            return [nodes.name_of(node) for node in self._client.list(kinds.NODE) if not nodes.is_ready(node)]
        except FluidError:
            return []

    def _remove(self) -> None:
        """Delete the pods of interrupted runs, and wait until they are gone.

        A run that was not interrupted begins again, and is waited for.
        """
        earlier = self._client.list(kinds.POD, self._cache.namespace, sample.part_of(self._cache.name))
        for pod in list(earlier):
            self._client.delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"])
            self._waiter.until("be absent", kinds.POD, ref_to(pod), gone(""))

    def _warnings(self) -> list[str]:
        """Return the newest warnings about the pod, such as FailedMount."""
        try:
            events = [event for event in self._client.list(
                kinds.EVENT, self._cache.namespace, field_selector="type=Warning")
                if event["involvedObject"].get("name") == self._pod.name]
        except FluidError:
            return []
        events.sort(key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")
        return [f"event {event.get('reason')}: {(event.get('message') or '').strip()}"
                for event in events[-_NEWEST_EVENTS:]]


def has_ended(uid: str, pod: dict | None) -> WaitStatus:
    """Return done if the container of the sample has ended, or if the pod with that UID is absent.

    A sidecar may still run.
    """
    if pod is None or pod["metadata"]["uid"] != uid:
        return WaitStatus(True)
    status = pods.container_status(pod, sample.CONTAINER)
    state = status.get("state") or {}
    if state.get("terminated"):
        code = state["terminated"].get("exitCode")
        return WaitStatus(True) if not code else WaitStatus(False, failed=_reason(pod))
    if pods.is_finished(pod) or pods.never_starts(pod):
        return WaitStatus(False, failed=_reason(pod))
    return WaitStatus(False, "it reads" if state.get("running") else _reason(pod))


def _reason(pod: dict) -> str:
    status = pod.get("status", {})
    return status.get("message") or pods.unready_reason(pod) or f"phase {status.get('phase')}"
