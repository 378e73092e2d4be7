# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes between processes: names, addresses, and the under-stores. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit

from ..alluxio.mounts import is_endpoint
from ..alluxio.raft import AVAILABLE
from ..fluid import dataset as fluid_dataset
from ..fluid.names import master_pod
from ..fluid.status import components
from ..k8s import pods as k8s_pods
from ..verify import observed as seen
from ..verify.cluster_promises import RUNTIME_CONTROLLER
from . import finding
from .facts import DNS_PODS, SERVICES, SETTLED, Facts, at, pod_label, quoted
from .finding import Finding

_UNRESOLVED = re.compile(r"Unable to resolve host|UnknownHostException|UnresolvedAddress"
                         r"|Name or service not known|Temporary failure in name resolution")
_REFUSED = re.compile(
    r"Access ?Denied|InvalidAccessKeyId|SignatureDoesNotMatch|NoSuchBucket|ExpiredToken|InvalidToken"
    r"|AccessControlException|Permission denied|Status Code: 40[13]|[Ss]tatus(?: code)?[=: ]+40[13]"
    r"|40[13] (?:Forbidden|Unauthorized)|response code[=: ]+40[13]|GSS initiate failed", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"Connection refused|No route to host|[Cc]onnect(?:ion)? timed out|Network is unreachable"
    r"|UnknownHostException|Name or service not known|PKIX path building|SSLHandshakeException"
    r"|[Uu]fs path \S+ does not exist|ConnectException|NoRouteToHost|ConnectTimeout"
    r"|Failed to perform initial connect to UFS"
    r"|SocketTimeoutException|NoHttpResponseException|Connection reset|[Uu]nable to connect")
# Classes of Alluxio and of its libraries that read an under-store.
_STORE = re.compile(r"\balluxio\.underfs\.|UnderFileSystem|UfsStatus|UfsManager|under file ?system|ufs path"
                    r"|com\.amazonaws|AmazonS3|S3Exception|org\.apache\.hadoop", re.IGNORECASE)
_COMMAND = re.compile(r"ExecMountScripts|fs mount|mount\.sh")
_MOUNT_FAILS = re.compile(r"mount", re.IGNORECASE)
_SERVERS = (seen.MASTER_ROLE, seen.WORKER_ROLE)


def dns(facts: Facts) -> Iterator[Finding]:
    """Find masters without a Service, names that are not resolved, and a DNS server that is not ready."""
    yield from _services(facts)
    pods = facts.each(DNS_PODS)
    if pods and not any(map(k8s_pods.is_ready, pods)):
        yield Finding(finding.DNS, "pods k8s-app=kube-dns in namespace kube-system",
                      f"none of {len(pods)} is ready: {k8s_pods.unready_reason(pods[0])}",
                      "make the cluster's DNS run: masters, workers and FUSE pods find each other by name")
    if facts.quorum_holds() and not facts.unready():
        return
    prefix = f"{facts.cache.name}-master-"
    newest = {log.pod: (log, entry) for log, entry in facts.records(_UNRESOLVED, _names(facts))
              if prefix in "".join(line for line in entry.splitlines() if _UNRESOLVED.search(line))}
    for log, entry in newest.values():
        yield Finding(finding.DNS, f"Pod {facts.cache.namespace}/{log.pod}",
                      f"log of {log.name}: {quoted(entry, _UNRESOLVED)}",
                      "see that the cluster's DNS and the masters' Services resolve the name; "
                      "stable addresses (alluxio_quorum) keep it resolved while a master restarts",
                      certain=not facts.quorum_holds())


def _services(facts: Facts) -> Iterator[Finding]:
    """Find masters whose Service is gone: Fluid creates each once, and peers and clients use its name."""
    runtime, services = facts.known(seen.RUNTIME), facts.known(SERVICES)
    if not runtime or services is None or runtime["metadata"].get("deletionTimestamp"):
        return
    existing = {each["metadata"]["name"] for each in services}
    masters = {pod["metadata"]["name"] for pod in facts.component(seen.MASTER_ROLE)}
    for index in range(components(runtime)["masters"]["desired"]):
        name = master_pod(facts.cache.name, index)
        if name in masters and name not in existing:
            yield Finding(
                finding.DNS, f"Service {facts.cache.namespace}/{name}",
                "it does not exist, so that the master's name does not resolve",
                "run datacache.fluid.alluxio_quorum with stable_peer_addresses, which creates it, or the "
                "playbook deploy_ha")


def stale_address(facts: Facts) -> Iterator[Finding]:
    """Find peers that the leader does not reach although their pods have been ready for long."""
    pods = {pod["metadata"]["name"]: pod for pod in facts.component(seen.MASTER_ROLE)}
    for domain, (quorum, _reason) in facts.quorums.items():
        for peer in quorum.peers if quorum else ():
            host = peer.address.rpartition(":")[0]
            pod = pods.get(host)
            if peer.state == AVAILABLE or (pod and not k8s_pods.is_ready(pod)):
                continue
            if pod is None:
                text = "no master of that name exists"
            elif _started(pod) < facts.read_at - SETTLED:
                text = f"its pod is ready since {_started(pod):%Y-%m-%dT%H:%M:%SZ}"
            else:
                continue
            yield Finding(
                finding.STALE_ADDRESS, f"peer {peer.address} of {domain}",
                f"the leader {quorum.leader if quorum else ''} reports it as {peer.state}, and {text}",
                "run datacache.fluid.alluxio_quorum, which renews the connection or removes the peer")


def _started(pod: dict) -> datetime:
    times = [each["state"]["running"]["startedAt"]
             for each in pod.get("status", {}).get("containerStatuses") or []
             if (each.get("state") or {}).get("running")]
    return at(max(times, default="1970-01-01T00:00:00Z"))


def quorum_incomplete(facts: Facts) -> Iterator[Finding]:
    """Find groups without a leader or with peers that are not AVAILABLE."""
    for domain, (quorum, reason) in facts.quorums.items():
        if quorum is not None and quorum.leader and quorum.available == len(quorum.peers):
            continue
        text = (f"leader {quorum.leader or 'none'}, {quorum.available} of {len(quorum.peers)} peers AVAILABLE"
                if quorum else reason)
        yield Finding(finding.QUORUM_INCOMPLETE, f"{domain} quorum of {facts.label}", text,
                      "see the causes above; then complete it with datacache.fluid.alluxio_quorum")


def under_store(facts: Facts) -> Iterator[Finding]:
    """Find an under-store that refuses the credentials, or that is not reached.

    The events of a failed mount show it while Fluid sets the cache up; later the masters' and workers' logs.
    """
    dataset = facts.known(seen.DATASET)
    if not dataset:
        return
    mounts = (dataset.get("spec") or {}).get("mounts") or []
    missing = fluid_dataset.out_of_sync(dataset)["missing"]
    hosts = hosts_of(mounts, (dataset.get("spec") or {}).get("sharedOptions") or {})
    lacks = f"; not mounted: {', '.join(missing)}" if missing else ""
    for cause, pattern in ((finding.UNDER_STORE_REFUSED, _REFUSED),
                           (finding.UNDER_STORE_UNREACHABLE, _UNREACHABLE)):
        evidence = _event(facts, pattern, hosts) or _logged(facts, pattern, hosts)
        if evidence:
            place, text = evidence
            yield Finding(cause, place, text + lacks, _store_remedy(cause, hosts))


def _store_remedy(cause: str, hosts: list[str]) -> str:
    if cause == finding.UNDER_STORE_REFUSED:
        return ("correct the credentials in the Secret or the permissions at the store, then run the "
                "playbook remount")
    return (f"make {', '.join(hosts) or 'the under-store'} reachable from the nodes of masters and workers, "
            "or correct its address in fluid_mounts")


def hosts_of(mounts: list[dict], shared: dict) -> list[str]:
    """Return the hosts and buckets of the mounts, and the hosts of their endpoints."""
    found = [_host(mount.get("mountPoint") or "") for mount in mounts]
    for options in [shared, *(mount.get("options") or {} for mount in mounts)]:
        found += [_host(value if "://" in value else "//" + value)
                  for key, value in options.items() if is_endpoint(key) and isinstance(value, str)]
    return list(dict.fromkeys(host for host in found if host))


def _host(url: str) -> str:
    """Return the host of a URL; empty without one, and for a text that is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _event(facts: Facts, pattern: re.Pattern, hosts: list[str]) -> tuple[str, str] | None:
    """Return the object and the newest event about a mount that failed; None without one."""
    for kind in ("AlluxioRuntime", "Dataset"):
        for event in facts.warnings(kind, facts.cache.name):
            message = event.get("message") or ""
            if pattern.search(message) and (_MOUNT_FAILS.search(message) or _names_store(message, hosts)):
                return f"{kind} {facts.label}", f"event {event.get('reason')}: {quoted(message, pattern)}"
    return None


def _logged(facts: Facts, pattern: re.Pattern, hosts: list[str]) -> tuple[str, str] | None:
    """Return the pod and the newest entry in the log of a master or worker; None without one.

    Fluid's controller logs the output of a mount that fails (Fluid: AlluxioFileUtils.ExecMountScripts).
    """
    pods = {pod["metadata"]["name"]: pod for pod in facts.component(*_SERVERS)}
    controllers = {pod["metadata"]["name"]: pod for pod in facts.each(seen.FLUID_PODS)
                   if pod["metadata"]["name"].startswith(RUNTIME_CONTROLLER)}
    found = None
    for log, entry in facts.records(pattern, controllers):
        if _COMMAND.search(entry) and facts.cache.name in entry:
            found = pod_label(controllers[log.pod]), f"log of {log.name}: {quoted(entry, pattern)}"
    for log, entry in facts.records(pattern, pods):
        peers = f"{facts.cache.name}-master-" in entry and not _names(facts).isdisjoint(
            re.findall(r"[\w-]+-master-\d+", entry))
        if _names_store(entry, hosts) or (_STORE.search(entry) and not peers):
            found = pod_label(pods[log.pod]), f"log of {log.name}: {quoted(entry, pattern)}"
    return found


def _names_store(text: str, hosts: list[str]) -> bool:
    """Return whether a text names one of the hosts: 10.0.0.1 is not in 10.0.0.11, and the bucket hbase not in
    a path /hbase.
    """
    return any(re.search(
        (r"(?<![\w.-])" if "." in host else r"(?:(?<=//)|(?<=: ))")
        + re.escape(host) + r"(?![\w-]|\.\w)", text) for host in hosts)


def _names(facts: Facts) -> set[str]:
    return {pod["metadata"]["name"] for pod in facts.release()}
