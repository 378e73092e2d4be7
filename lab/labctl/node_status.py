# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a node is Ready by its own, recent word."""

from datetime import datetime

from labctl import daemon
from labctl.api import Api
from labctl.settings import node_name

_NEVER = "1970-01-01T00:00:00Z"
_TAINTS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")


def parts(number: int) -> tuple[str, str, str]:
    """Daemons of a node, by their names on the machine."""
    name = node_name(number)
    return f"{name}/kube-proxy", f"{name}/containerd", f"{name}/kubelet"


def wait_ready(number: int, *, since: float, rebooted: bool, timeout: float = 120) -> None:
    """Wait until the node itself said after `since` (Unix seconds) that it is Ready."""
    name, api = node_name(number), Api()

    def ready() -> bool:
        found = api.find(f"/api/v1/nodes/{name}")
        lease = api.find(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
        return found is not None and is_ready(found, lease or {}, since=since, rebooted=rebooted)

    daemon.wait(ready, what=f"{name} to be Ready", daemons=parts(number), timeout=timeout, interval=0.3)


def is_ready(found: dict, lease: dict, *, since: float, rebooted: bool) -> bool:
    """Judge a node by its object and its lease.

    The API server shows a dead node as Ready for 50 s more (the controller
    manager's node-monitor-grace-period). A kubelet that starts repeats its
    conditions; one that merely was cut off renews its lease.
    """
    ready = next((item for item in found.get("status", {}).get("conditions") or []
                  if item["type"] == "Ready"), {})
    if rebooted:  # heartbeats are in whole seconds
        fresh = seconds(ready.get("lastHeartbeatTime", _NEVER)) >= int(since)
    else:
        fresh = seconds(lease.get("spec", {}).get("renewTime", _NEVER)) >= since
    tainted = any(taint["key"] in _TAINTS for taint in found["spec"].get("taints", []))
    return fresh and ready.get("status") == "True" and not tainted


def seconds(timestamp: str) -> float:
    """Unix seconds of an API timestamp: whole seconds, or microseconds in a Lease."""
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()
