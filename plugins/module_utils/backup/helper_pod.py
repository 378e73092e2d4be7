# SPDX-License-Identifier: GPL-3.0-or-later
"""A temporary pod that mounts a claim, so that files can be copied through its exec streams. IO.

The masters do not mount the claim, and Alluxio cannot write to one. The pod has no service account token, no
capabilities and a read-only root file system. It ends by itself soon after the program that started it: no
command comes any more.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..api.client import Client
from ..api.pod_exec import PodShell
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..errors import AlreadyExists, FluidError
from ..fluid import kinds as fluid_kinds
from ..k8s import kinds
from ..k8s.kinds import ObjectRef, ref_to
from ..k8s.pods import never_starts, unready_reason
from ..k8s.wait_status import Predicate, WaitStatus

CONTAINER = "files"
FOLDER = "/backups"
LABEL = "datacache.fluid/helper-of"
_ENDED = ("Succeeded", "Failed")
# The scheduler's message for an unbound claim, unlike one that waits for its first consumer. A new claim has
# it too, but is usually Bound within seconds.
_UNBOUND = "unbound immediate PersistentVolumeClaims"
_BINDING_TIME = 60.0  # seconds
# The commands of one backup, each of which has its own timeout: list the tree, dump, fetch, list the tree
# again, store.
_STEPS = 5
# Seconds. The run that started the pod starts a process of _KEPT in it every _KEEP_EVERY; without any process
# for _IDLE the pod ends. So a claim that one node may mount is free again within two minutes of a kill.
_KEEP_EVERY, _KEPT, _IDLE = 20.0, 60, 60
_KEEP = f"sleep {_KEPT} </dev/null >/dev/null 2>&1 &"
# Arguments: seconds without a process after which to end, the folder of the container's processes. The shell
# itself is one of them.
_RUN = """\
idle=0
while [ "$idle" -lt "$0" ]; do
  sleep 5
  found=0; for each in "$1"/[0-9]*; do found=$((found + 1)); done
  if [ "$found" -gt 1 ]; then idle=0; else idle=$((idle + 5)); fi
done
"""
_KEEP_TIMEOUT = 30.0


@dataclass(frozen=True)
class Image:
    """The image of the pod. user, group: IDs it runs as; None for the image's own."""

    name: str
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim. runtime, uid: whose backups it has; uid None if that is absent."""

    name: str
    namespace: str
    runtime: str
    uid: str | None = None
    read_only: bool = False


def manifest(pod: str, claim: Claim, image: Image, seconds: int) -> dict:
    """Return the pod's manifest. seconds: until it ends by itself."""
    users = {"runAsUser": image.user, "runAsGroup": image.group, "fsGroup": image.group}
    identity = {key: value for key, value in users.items() if value is not None}
    owners = [fluid_kinds.owned_by_runtime(claim.runtime, claim.uid)] if claim.uid else []
    # A claim that one node may mount (ReadWriteOnce) is still mounted by the pod of a run that was killed.
    together = {"weight": 100, "podAffinityTerm": {
        "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {LABEL: claim.runtime}}}}
    return {
        "apiVersion": kinds.POD.api_version,
        "kind": kinds.POD.kind,
        "metadata": {"name": pod, "namespace": claim.namespace, "labels": {LABEL: claim.runtime},
                     "ownerReferences": owners},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 1,
            "affinity": {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [together]}},
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": name} for name in image.pull_secrets],
            "securityContext": {**identity, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": CONTAINER,
                "image": image.name,
                "imagePullPolicy": image.pull_policy,
                "command": ["sh", "-c", _RUN, str(_IDLE), "/proc"],
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"},
                              "limits": {"cpu": "1", "memory": "256Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [{"name": "claim", "mountPath": FOLDER, "readOnly": claim.read_only}],
            }],
            "volumes": [{"name": "claim",
                         "persistentVolumeClaim": {"claimName": claim.name, "readOnly": claim.read_only}}],
        },
    }


def running(elapsed: Callable[[], float]) -> Predicate:
    """Return a predicate that is done once the pod runs. elapsed: returns the seconds since its creation."""
    def predicate(pod: dict | None) -> WaitStatus:
        if pod is None:
            return WaitStatus(False, failed="it was deleted")
        if pod.get("status", {}).get("phase") in _ENDED:
            return WaitStatus(
                False, failed=f"it has ended: {pod['status'].get('message') or pod['status']['phase']}")
        reason = unready_reason(pod)
        if never_starts(pod):
            return WaitStatus(False, failed=reason)
        if _UNBOUND in reason and elapsed() > _BINDING_TIME:
            return WaitStatus(
                False, failed=f"its claim is not Bound after {_BINDING_TIME:.0f} seconds: give it a volume, "
                "or a storage class whose provisioner works")
        return WaitStatus(not reason, reason)
    return predicate


@contextmanager
def started(client: Client, claim: Claim, image: Image, waiter: Waiter, timeout: float) -> Iterator[str]:
    """Run the pod and yield its name once it accepts commands; delete it afterwards.

    timeout: seconds that each command of the run may take, here and in the masters. Raises WaitTimeout or
    WaitFailed with the reason why it does not run.
    """
    _remove_ended(client, claim)
    name = f"{claim.runtime[:40].rstrip('-')}-backup-{secrets.token_hex(4)}"
    ref = ObjectRef(claim.namespace, name)
    # The last backup of a run begins before its deadline. A minute more, so that its own timeout comes first.
    seconds = max(1, int(waiter.deadline.remaining())) + int(_STEPS * timeout) + 60
    created = _created(client, manifest(name, claim, image, seconds))
    try:
        began = waiter.deadline.now()
        waiter.until("run", kinds.POD, ref, running(lambda: waiter.deadline.now() - began))
        with _kept(PodShell(client, ref, CONTAINER, _KEEP_TIMEOUT)):
            yield name
    finally:
        client.delete(kinds.POD, ref, created["metadata"]["uid"])


def _created(client: Client, body: dict) -> dict:
    """Create the pod. Its name is random, so a pod of that name is one whose answer was lost."""
    try:
        return client.create(kinds.POD, body, MANAGER)
    except AlreadyExists:
        existing = client.get(kinds.POD, ref_to(body))
        if existing is None:
            raise
        return existing


@contextmanager
def _kept(shell: PodShell) -> Iterator[None]:
    """Keep the pod from ending as idle, while the masters are commanded or the Lease is awaited."""
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(_KEEP_EVERY):
            with suppress(FluidError):  # the next command raises it
                shell.run("keep the pod", _KEEP)

    threading.Thread(target=keep, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _remove_ended(client: Client, claim: Claim) -> None:
    """Delete the pods of interrupted runs that have ended; those of concurrent runs still run."""
    for pod in client.list(kinds.POD, claim.namespace, f"{LABEL}={claim.runtime}"):
        if pod.get("status", {}).get("phase") in _ENDED:
            client.delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"])
