# SPDX-License-Identifier: GPL-3.0-or-later
"""A short-lived pod that mounts a claim, so that files can be moved through its exec streams. Pure builder, and IO.

The masters do not mount the claim, and Alluxio can write to none. The pod may do nothing else: no service account
token, no capabilities, a read-only root. It ends by itself when the program that started it does not end it.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, Iterator

from ..api.client import Client
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..fluid import kinds as fluid_kinds
from ..k8s import kinds
from ..k8s.pods import unready_reason
from ..k8s.wait_status import Predicate, WaitStatus

CONTAINER = "files"
FOLDER = "/backups"
LABEL = "datacache.fluid/helper-of"
_ENDED = ("Succeeded", "Failed")
# The scheduler's words for a claim that no pod will make Bound, unlike one that waits for its first consumer. One that
# was just made says so too; a volume is usually there within seconds.
_UNBOUND = "unbound immediate PersistentVolumeClaims"
_BINDING_TIME = 60.0


@dataclass(frozen=True)
class Image:
    """What the pod runs, and as whom; user and group None leave it to the image."""

    name: str
    pull_policy: str = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


@dataclass(frozen=True)
class Claim:
    """A PersistentVolumeClaim and the runtime whose backups are moved; uid None when that runtime does not exist."""

    name: str
    namespace: str
    runtime: str
    uid: str | None = None
    read_only: bool = False


def manifest(pod: str, claim: Claim, image: Image, seconds: int) -> dict:
    """The pod; seconds: after how long it ends by itself."""
    identity = {key: value for key, value in (("runAsUser", image.user), ("runAsGroup", image.group), ("fsGroup", image.group))
                if value is not None}
    owners = [{"apiVersion": fluid_kinds.ALLUXIO_RUNTIME.api_version, "kind": fluid_kinds.ALLUXIO_RUNTIME.kind, "name": claim.runtime,
               "uid": claim.uid}] if claim.uid else []
    return {
        "apiVersion": kinds.POD.api_version,
        "kind": kinds.POD.kind,
        "metadata": {"name": pod, "namespace": claim.namespace, "labels": {LABEL: claim.runtime}, "ownerReferences": owners},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": name} for name in image.pull_secrets],
            "securityContext": {**identity, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": CONTAINER,
                "image": image.name,
                "imagePullPolicy": image.pull_policy,
                "command": ["sleep", str(seconds)],
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
                "volumeMounts": [{"name": "claim", "mountPath": FOLDER, "readOnly": claim.read_only}],
            }],
            "volumes": [{"name": "claim", "persistentVolumeClaim": {"claimName": claim.name, "readOnly": claim.read_only}}],
        },
    }


def running(elapsed: Callable[[], float]) -> Predicate:
    """A judge that is done once the pod's container runs. elapsed: the seconds since the pod was made."""
    def predicate(pod: dict | None) -> WaitStatus:
        if pod is None:
            return WaitStatus(False, failed="it was deleted")
        if pod.get("status", {}).get("phase") in _ENDED:
            return WaitStatus(False, failed=f"it has ended: {pod['status'].get('message') or pod['status']['phase']}")
        reason = unready_reason(pod)
        if _UNBOUND in reason and elapsed() > _BINDING_TIME:
            return WaitStatus(
                False, failed=f"its claim is not Bound after {_BINDING_TIME:.0f} seconds: give it a volume, or a storage class whose "
                                         "provisioner works")
        return WaitStatus(not reason, reason)
    return predicate


@contextmanager
def started(client: Client, claim: Claim, image: Image, waiter: Waiter) -> Iterator[str]:
    """Run the pod and yield its name once it can take commands; it is gone afterwards.

    Raises WaitTimeout or WaitFailed, with what keeps it from running.
    """
    _remove_ended(client, claim)
    name = f"{claim.runtime[:40].rstrip('-')}-backup-{secrets.token_hex(4)}"
    # A minute more than the wait may take, so that it is our own timeout that is told.
    made = client.create(kinds.POD, manifest(name, claim, image, max(1, int(waiter.remaining())) + 60), MANAGER)
    try:
        left = waiter.remaining()
        waiter.until("run", kinds.POD, name, claim.namespace, running(lambda: left - waiter.remaining()))
        yield name
    finally:
        client.delete(kinds.POD, name, claim.namespace, made["metadata"]["uid"])


def _remove_ended(client: Client, claim: Claim) -> None:
    """Remove the pods of runs that were killed; those of other runs at the same time are still going."""
    for pod in client.list(kinds.POD, claim.namespace, f"{LABEL}={claim.runtime}"):
        if pod.get("status", {}).get("phase") in _ENDED:
            client.delete(kinds.POD, pod["metadata"]["name"], claim.namespace, pod["metadata"]["uid"])
