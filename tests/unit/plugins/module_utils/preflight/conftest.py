# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the preflight share: a cluster of three nodes, an account, and the options of a cache."""

from types import SimpleNamespace

import pytest
from fake_cache import FLUID
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.module import runtime_options
from ansible_collections.datacache.fluid.plugins.module_utils.preflight import ensure, reviews
from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import grants
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter

EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
TIER = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}
SMALL_HEAP = {"jvm_options": ["-Xmx1g"]}


@pytest.fixture
def account(monkeypatch):
    """The account in use. rules: that hold everywhere; complete: whether the server knows all of them.
    reviews: their kinds, in order.
    """
    made = SimpleNamespace(rules=[EVERYTHING], complete=True, reviews=[])

    def review(_client, kind, spec):
        made.reviews.append(kind.kind)
        if kind == reviews.RULES_REVIEW:
            return {"resourceRules": made.rules, "incomplete": not made.complete}
        asked = spec["resourceAttributes"]
        resource = "/".join(filter(None, [asked["resource"], asked["subresource"]]))
        return {"allowed": grants(made.rules, reviews.Access(asked["group"], resource, asked["verb"]))}
    monkeypatch.setattr(reviews, "_review", review)
    return made


@pytest.fixture
def site(cluster, monkeypatch):
    """A cluster of three nodes with 8 GiB, Fluid 1.0.8 and its plugin."""
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())

    def put_node(name, memory="8Gi", **more):
        cluster.put(kinds.NODE, {
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, "spec": more,
            "status": {"allocatable": {"memory": memory, "ephemeral-storage": "100Gi"},
                       "conditions": [{"type": "Ready", "status": "True"}]}})
        cluster.put(kinds.CSI_NODE, {"metadata": {"name": name},
                                     "spec": {"drivers": [{"name": "fuse.csi.fluid.io"}]}})

    def put_pod(name, node, memory=None, port=None, namespace="other", **labels):
        cluster.put(kinds.POD, {
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"nodeName": node, "containers": [{
                "name": "app", "resources": {"requests": {"memory": memory} if memory else {}},
                "ports": [{"containerPort": 80, "hostPort": port}] if port else []}]},
            "status": {"phase": "Running"}})

    for index in range(3):
        put_node(f"node{index}")
    cluster.put(kinds.DEPLOYMENT, {
        "metadata": {"name": "dataset-controller", "namespace": FLUID},
        "spec": {"template": {"spec": {"containers": [{"image": "fluid/dataset-controller:v1.0.8-a"}]}}}})
    cluster.put(kinds.DAEMON_SET, {
        "metadata": {"name": "csi-nodeplugin-fluid", "namespace": FLUID},
        "spec": {"template": {"spec": {"volumes": [
            {"name": "plugin", "hostPath": {"path": "/var/lib/kubelet/plugins/csi-fluid-plugin"}}]}}}})
    cluster.put(kinds.STORAGE_CLASS, {"metadata": {"name": "fast", "annotations": {
        "storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "example"})
    return SimpleNamespace(cluster=cluster, put_node=put_node, put_pod=put_pod)


@pytest.fixture
def preflight(cluster, account, site):
    """Examine a cache; return the result. dataset, more: options beside the usual ones."""
    def check(check_mode=False, dataset=None, probe=False, playbooks=("deploy_ha",),
              probe_image="alluxio/alluxio:2.9.4", chart_values=None, **more):
        own = {"name": "hbase", "namespace": NAMESPACE}
        params = {
            "dataset": {**own, "mounts": [{"mount_point": "https://host/", "name": "hbase"}],
                        **(dataset or {})},
            "runtime": {**own, "master_replicas": 3, "tieredstore": [TIER], "master": SMALL_HEAP,
                        "worker": SMALL_HEAP, "fuse": SMALL_HEAP, **more}, "volume": None}
        return ensure.check(
            cluster, {**runtime_options.cache_parts(params), "fluid_namespace": FLUID,
                      "playbooks": list(playbooks), "probe": probe, "wait_timeout": 60,
                      "probe_image": probe_image, "chart_values": chart_values or {}},
            check_mode, Reporter(lambda _text: None, lambda _text: None))
    return check


@pytest.fixture
def found(preflight):
    """Examine a cache; return severity, check and evidence of what is no information."""
    def check(**options):
        return [(each["severity"], each["check"], each["evidence"])
                for each in preflight(**options)["findings"] if each["severity"] != "info"]
    return check
