# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts on the cluster of KUBECONFIG, as a person does them with kubectl, and on the lab's machine."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from cluster_accounts import CHECKOUT, NAMESPACE, kubectl
from plays import until

IMAGE = yaml.safe_load((CHECKOUT / "tests" / "tools" / "lab.yml").read_text())["fluid_probe_image"]


def lab(*arguments: str) -> None:
    """Run a command of the lab, such as `kill-node 1`."""
    subprocess.run([sys.executable, CHECKOUT / "lab" / "lab", *arguments], check=True)


def kill_node(node: str) -> None:
    """End a node like a power cut, and wait until Kubernetes has noticed."""
    lab("kill-node", node.removeprefix("node"))
    path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    until(f"{node} is not Ready", lambda: kubectl("get", "node", node, "--output", path) == "Unknown", 120)


def start_node(node: str) -> None:
    lab("start-node", node.removeprefix("node"))


@contextmanager
def cordoned_nodes() -> Iterator[None]:
    """Keep new pods off all nodes."""
    nodes = [each["metadata"]["name"] for each in get("nodes")["items"]]
    kubectl("cordon", *nodes)
    try:
        yield
    finally:
        kubectl("uncordon", *nodes)


def get(*arguments: str) -> dict:
    return json.loads(kubectl("get", *arguments, "--output", "json"))


def node_of(pod: str) -> str:
    return get("pod", pod)["spec"]["nodeName"]


def patch(kind: str, name: str, *operations: dict) -> None:
    """Apply the operations of a JSON patch."""
    kubectl("patch", kind, name, "--type", "json", "--patch", json.dumps(operations))


def apply(body: dict) -> None:
    kubectl("apply", "--filename", "-", input=json.dumps(body))


def start_pod(name: str, **spec: object) -> None:
    apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": NAMESPACE},
           "spec": {"terminationGracePeriodSeconds": 1, **spec}})


def sleeping(name: str, **fields: object) -> dict:
    """A container that does nothing."""
    return {"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent",
            "command": ["sleep", "100000"], **fields}


def mount_cache(pod: str, node: str = "", ready: bool = True) -> None:
    """Start a pod that mounts the claim of the cache at /data. node: empty for any."""
    place = {"nodeName": node} if node else {}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "hbase"}}
    start_pod(pod, **place, volumes=[volume], containers=[
        sleeping("reader", volumeMounts=[{"name": "data", "mountPath": "/data"}])])
    if ready:
        kubectl("wait", "pod", pod, "--for=condition=Ready", "--timeout=180s")


def force(pod: str) -> None:
    """Delete a pod without a grace period."""
    kubectl("delete", "pod", pod, "--ignore-not-found", "--grace-period=0", "--force")
