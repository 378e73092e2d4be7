# SPDX-License-Identifier: GPL-3.0-or-later
"""examples/shared-cache.yml: pods of two other namespaces read a cache, one of them a folder of it."""

import subprocess

import pytest
from cluster_accounts import CHECKOUT, kubectl
from cluster_acts import IMAGE, apply
from plays import logged, play, played

CACHE = {"fluid_namespace": "data", "fluid_master_replicas": 1, "fluid_worker_replicas": 1,
         "fluid_network_mode": "ContainerNetwork"}
SHARED = (("team-a", "hbase"), ("team-b", "hbase-docs"))


@pytest.fixture(scope="module", autouse=True)
def cache():
    played("install")
    played("deploy", CACHE)
    yield
    played("cleanup", CACHE | {"fluid_cleanup_fluid": True})


def test_pods_of_other_namespaces_read_the_cache(tmp_path):
    # The folder of the example does not exist in the lab's origin.
    example = (CHECKOUT / "examples" / "shared-cache.yml").read_text()
    path = tmp_path / "shared-cache.yml"
    path.write_text(example.replace("hbase/docs", "hbase/api_compare"))
    try:
        for changed in ("changed=2", "changed=0"):
            assert changed in run(path)
        sizes = [size_of(namespace, claim) for namespace, claim in SHARED]
        # All files, and the report in the folder.
        assert sizes[0] > 100 * 1024 ** 2 and sizes[1] == 491520, sizes
        held = play("cleanup", CACHE | {"fluid_cleanup_timeout": 15})
        assert held.code != 0 and "team-a/hbase" in held.output and "team-b/hbase-docs" in held.output
    finally:
        for namespace, _claim in SHARED:
            kubectl("delete", "namespace", namespace, "--timeout=180s")


def run(path) -> str:
    done = subprocess.run(["ansible-playbook", path], capture_output=True, text=True, check=False,
                          timeout=900)
    logged(done.stdout + done.stderr)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


def size_of(namespace: str, claim: str) -> int:
    """The bytes that a pod of that namespace reads through the claim."""
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader", "namespace": namespace},
            "spec": {"terminationGracePeriodSeconds": 1,
                     "containers": [{"name": "reader", "image": IMAGE, "imagePullPolicy": "IfNotPresent",
                                     "command": ["sleep", "1000"],
                                     "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
                     "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]}}
    apply(body)
    kubectl("wait", "pod", "reader", "--namespace", namespace, "--for=condition=Ready", "--timeout=180s")
    script = "find /data -type f | xargs cat | wc -c"
    size = kubectl("exec", "reader", "--namespace", namespace, "--", "sh", "-c", script)
    kubectl("delete", "pod", "reader", "--namespace", namespace)
    return int(size)
