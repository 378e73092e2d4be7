# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that tries to reach the under-stores, and what its log shows. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from ..alluxio.mounts import is_endpoint
from ..k8s import pods
from ..k8s.kinds import POD, ObjectRef
from ..k8s.wait_status import WaitStatus
from ..redaction import redacted
from . import finding
from .finding import Finding

CONTAINER = "preflight"
_PORTS = {"http": 80, "https": 443, "hdfs": 8020}
# Of S3 and its like the endpoint is an option; without one Amazon's own serves.
_AMAZON = "https://s3.amazonaws.com"
_S3 = ("s3", "s3a")
_PERMANENT = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull",
              "CreateContainerConfigError")
# Arguments: host and port of each store. The shell itself connects: images need no other program.
_SCRIPT = """\
while [ $# -gt 0 ]; do
  if timeout 10 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>/tmp/error; then echo "reached $1 $2"
  else echo "failed $1 $2 $(head -n 1 /tmp/error)"; fi
  shift 2
done
echo done
"""


def targets(dataset: dict, hadoop_config: bool = False) -> list[tuple[str, int]]:
    """Return host and port of each under-store with an address. dataset: the options of the module.

    hadoop_config: whether the runtime has a Hadoop configuration, which may name several namenodes by one
    logical name; such a name has no port.
    """
    found = []
    for url in _urls(dataset):
        logical = hadoop_config and url.startswith("hdfs:") and _address(url)[1] == _PORTS["hdfs"]
        if not logical or f":{_PORTS['hdfs']}" in url:
            found.append(_address(url))
    return list(dict.fromkeys(each for each in found if each[0]))


def invalid(dataset: dict) -> list[Finding]:
    """Return a finding for each address of HTTP or of an endpoint without a valid host or port."""
    return [Finding(finding.ERROR, "origin", f"{redacted(url)} has no valid host or port",
                    "correct the address in fluid_mounts")
            for url in _urls(dataset) if url.startswith(("http:", "https:")) and not _address(url)[0]]


def _urls(dataset: dict) -> list[str]:
    """Return the URL of the server of each under-store: its endpoint, or else its mount point."""
    found = []
    for mount in dataset.get("mounts") or []:
        options = {**(dataset.get("shared_options") or {}), **(mount.get("options") or {})}
        endpoint = next((str(value) for key, value in options.items() if is_endpoint(key) and value), "")
        scheme = mount["mount_point"].partition(":")[0]
        if endpoint:
            found.append(endpoint if "://" in endpoint else "https://" + endpoint)
        elif scheme in _S3:
            found.append(_AMAZON)
        elif scheme in _PORTS:
            found.append(mount["mount_point"])
    return found


def _address(url: str) -> tuple[str, int]:
    """Return host and port; an empty host for a text that has none, or no valid port."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
    except ValueError:
        return "", 0


def manifest(cache: ObjectRef, image: str, pull_secrets: Sequence[str], stores: Sequence[tuple[str, int]],
             tolerations: Sequence[dict], seconds: int) -> dict:
    """Return the pod. seconds: after which the kubelet ends it."""
    name = f"{cache.name}-preflight"
    arguments = [str(part) for store in stores for part in store]
    return {
        "apiVersion": POD.api_version, "kind": POD.kind,
        "metadata": {"name": name, "namespace": cache.namespace,
                     "labels": {"app.kubernetes.io/part-of": name, "sidecar.istio.io/inject": "false"}},
        "spec": {
            "restartPolicy": "Never", "activeDeadlineSeconds": seconds, "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0, "tolerations": list(tolerations),
            "imagePullSecrets": [{"name": secret} for secret in pull_secrets],
            "containers": [{
                "name": CONTAINER, "image": image,
                "command": ["bash", "-c", _SCRIPT, "preflight", *arguments],
                # A ResourceQuota requires them of each pod of its namespace.
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"},
                              "limits": {"cpu": "1", "memory": "256Mi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def has_ended(pod: dict | None) -> WaitStatus:
    """Return done if the container has ended, and failed if it can never start."""
    if pod is None:
        return WaitStatus(False, failed="it was deleted")
    reason = pods.unready_reason(pod)
    waiting = (pods.container_status(pod, CONTAINER).get("state") or {}).get("waiting") or {}
    if pod.get("status", {}).get("phase") == "Failed":
        return WaitStatus(False, failed=pod["status"].get("message") or reason)
    if waiting.get("reason") in _PERMANENT:
        return WaitStatus(False, failed=reason)
    return WaitStatus(pods.is_finished(pod), reason)


def failure(pod: dict | None, text: str) -> Finding:
    """Return the finding for a pod that did not try the stores: its image, or what its node lacks.

    text: why the wait for it ended.
    """
    status = (pod or {}).get("status") or {}
    state = pods.container_status(pod or {}, CONTAINER).get("state") or {}
    # The kubelet gives the pod a reason if it ends it itself, as by an eviction.
    ended = bool((state.get("terminated") or {}).get("exitCode")) and not status.get("reason")
    if ended or (state.get("waiting") or {}).get("reason") in _PERMANENT:
        return Finding(finding.ERROR, "image", text,
                       "correct fluid_image and fluid_image_tag, or the registry's credentials")
    return Finding(finding.ERROR, "probe", text, "let a node run the pod, or leave out the probe")


def findings(log: str, stores: Sequence[tuple[str, int]]) -> list[Finding]:
    """Return a finding for each store that was not reached, and one for those that were."""
    lines = log.splitlines()
    reached, failed = [], []
    for host, port in stores:
        line = next((each for each in lines if each.split()[1:3] == [host, str(port)]), "")
        if line.startswith("reached"):
            reached.append(f"{host}:{port}")
        else:
            failed.append(Finding(
                finding.ERROR, "origin", f"a pod does not reach {host}:{port}"
                + (f": {line.split(maxsplit=3)[3]}" if len(line.split()) > 3 else ""),
                "correct the address in fluid_mounts, or let the nodes reach it"))
    if reached:
        failed.append(Finding(finding.INFO, "origin", f"a pod reaches {', '.join(reached)}"))
    return failed
