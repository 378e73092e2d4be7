# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pod: the pod that it creates for the claim of a cache."""

import json
import re
from pathlib import Path

import jinja2
import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.errors import ServerUnavailable
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds, lookup
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

TEMPLATE = Path(__file__).parents[4] / "roles" / "drill" / "templates" / "reader_pod.yml.j2"
POOL = {"key": "pool", "operator": "Equal", "value": "cache", "effect": "NoSchedule"}


def definition_of_drill(**options):
    """The pod of the role drill."""
    environment = jinja2.Environment(autoescape=False)
    environment.filters["to_json"] = json.dumps
    text = environment.from_string(TEMPLATE.read_text()).render({
        "drill_namespace": "data", "drill_wait_timeout": 300, "drill_name": "hbase", "drill_image": "nginx",
        "drill_image_pull_secrets": [], "drill_file": "", "lookup": lambda *_args: "true", **options})
    return yaml.safe_load(text)


def reader(**spec):
    """The pod of the role drill, by a name that the tests know."""
    definition = definition_of_drill()
    return {**definition, "metadata": {**definition["metadata"], "name": "reader"},
            "spec": {**definition["spec"], **spec}}


@pytest.fixture
def created(cluster, run):
    """Start a pod, which becomes ready, and return it as it is on the cluster."""
    def start(definition):
        cluster.later(1, lambda: cluster.change(kinds.POD, "reader", "data", {
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
        assert not run("pod", definition=definition).get("failed")
        return cluster.stored(kinds.POD, "reader", "data")
    return start


@pytest.mark.parametrize("name", ["2024", "2026-11-28", "no", "null"])
def test_names_that_yaml_takes_for_other_types_stay_text(name):
    """Each is a valid name of a namespace and of a Secret, and the words are valid names of a cache."""
    definition = definition_of_drill(
        drill_namespace=name, drill_name=name, drill_image=name, drill_image_pull_secrets=[name])
    spec = definition["spec"]
    assert [definition["metadata"]["namespace"], spec["imagePullSecrets"][0]["name"],
            spec["containers"][0]["image"],
            spec["volumes"][0]["persistentVolumeClaim"]["claimName"]] == [name] * 4


@pytest.mark.parametrize(("exists", "refused", "changed"), [
    (True, "create", True), (True, "delete", False), (False, "create", False), (False, "", True)])
def test_a_failure_returns_what_was_changed_before(cluster, run, exists, refused, changed):
    if exists:
        cluster.put(kinds.POD, {"metadata": {"name": "reader", "namespace": "data"}, "spec": {}})
    cluster.forbidden.add((refused, "pods"))
    result = run("pod", definition=reader(), wait_timeout=5)
    assert result["failed"] and result["changed"] is changed


@pytest.mark.parametrize("reason", ["InvalidImageName", "ErrImageNeverPull"])
def test_a_pod_whose_image_no_node_can_get_is_not_waited_for(cluster, run, reason):
    cluster.later(1, lambda: cluster.change(kinds.POD, "reader", "data", {"status": {"containerStatuses": [
        {"name": "reader", "state": {"waiting": {"reason": reason, "message": "no such image"}}}]}}))
    result = run("pod", definition=reader(), wait_timeout=300)
    assert f"is waiting: {reason} no such image" in result["msg"]
    assert cluster.now < 10


def test_a_pod_that_another_client_creates_again_is_not_waited_for(cluster, run, monkeypatch):
    """Such as its controller: the module cannot replace it."""
    cluster.put(kinds.POD, {"metadata": {"name": "reader", "namespace": "data", "uid": "one"}})
    delete = cluster.delete

    def replaced(*args, **options):
        done = delete(*args, **options)
        cluster.put(kinds.POD, {"metadata": {"name": "reader", "namespace": "data", "uid": "two"}})
        return done
    monkeypatch.setattr(cluster, "delete", replaced)
    assert "another client has created it again" in run("pod", definition=reader())["msg"]
    assert cluster.now < 10


@pytest.fixture
def dataset(cluster):
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {"name": "hbase", "namespace": "data"}, "spec": {"tolerations": [POOL]}})


def test_the_pod_runs_on_the_tainted_nodes_of_the_cache(created, dataset):
    assert created(reader())["spec"]["tolerations"] == [POOL]


def test_tolerations_of_its_own_stay(created, dataset):
    own = {"key": "gpu", "operator": "Exists"}
    assert created(reader(tolerations=[own]))["spec"]["tolerations"] == [own]


@pytest.mark.parametrize("readable", [True, False])
def test_without_a_dataset_the_pod_is_created_as_it_is_given(cluster, created, readable):
    if not readable:
        cluster.forbidden.add(("get", "datasets"))
    assert "tolerations" not in created(reader())["spec"]


def test_a_resource_quota_of_the_namespace_admits_the_pod(created):
    """A quota refuses a pod that lacks a request or a limit that it counts."""
    [container] = created(reader())["spec"]["containers"]
    assert {kind: set(amounts) for kind, amounts in container["resources"].items()} == {
        "requests": {"cpu", "memory"}, "limits": {"cpu", "memory"}}


@pytest.fixture
def register(cluster):
    """Let the node's kubelet have registered these CSI drivers."""
    def run(*drivers):
        cluster.put(kinds.CSI_NODE, {"metadata": {"name": "node1"}, "spec": {
            "drivers": [{"name": each, "nodeID": "1"} for each in drivers]}})
    return run


def sidecar_label(pod):
    return pod["metadata"]["labels"].get("serverless.fluid.io/inject")


def test_a_sidecar_mounts_the_cache_where_no_node_has_the_driver(created, dataset, register):
    register("ebs.csi.aws.com")
    pod = created(reader())
    assert sidecar_label(pod) == "true"
    assert pod["metadata"]["labels"]["app.kubernetes.io/part-of"] == "hbase-drill"


def test_no_sidecar_beside_the_driver(created, dataset, register):
    register("ebs.csi.aws.com", "fuse.csi.fluid.io")
    assert sidecar_label(created(reader())) is None


def test_no_sidecar_for_a_claim_of_another_owner(created, register):
    register()
    assert sidecar_label(created(reader())) is None


def test_no_sidecar_where_the_drivers_are_unknown(cluster, created, dataset):
    cluster.forbidden.add(("list", "csinodes"))
    assert sidecar_label(created(reader())) is None


def test_nodes_that_no_server_lists_have_no_driver_that_is_known(cluster, run, dataset, monkeypatch):
    """A pod without the sidecar that it needs would wait for its mount in vain."""
    def unavailable(*_args, **_options):
        raise ServerUnavailable("the API server answered with 503", 503)
    monkeypatch.setattr(lookup, "registered_nodes", unavailable)
    assert "answered with 503" in run("pod", definition=reader())["msg"]
    assert cluster.stored(kinds.POD, "reader", "data") is None


@pytest.fixture
def drilled(cluster, run, monkeypatch):
    """Start the drill's pod, which is ready after it was created."""
    create = cluster.create

    def ready(kind, body, *args, **options):
        cluster.later(1, lambda: cluster.change(kinds.POD, body["metadata"]["name"], "data", {
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}))
        return create(kind, body, *args, **options)
    monkeypatch.setattr(cluster, "create", ready)
    return lambda **options: run("pod", definition=definition_of_drill(), **options)


def test_a_second_drill_deletes_no_pod_of_the_first(cluster, drilled):
    """The second waits for the Lease while the first one reads."""
    first, second = drilled()["name"], drilled()["name"]
    assert first != second
    for name in (first, second):
        assert re.fullmatch(r"hbase-drill-reader-[0-9a-f]{6}", name)
        assert cluster.stored(kinds.POD, name, "data")


@pytest.mark.parametrize(("created", "status", "gone"), [
    ("2026-11-23T10:47:41Z", {"phase": "Failed", "reason": "DeadlineExceeded"}, True),
    ("2026-11-23T10:47:41Z", {"phase": "Pending"}, True),  # no node: its time has not begun
    ("2026-11-23T10:47:43Z", {"phase": "Running"}, False),
    ("2026-11-23T10:47:43Z", {"phase": "Failed"}, False)])  # the other run reads its log
def test_a_drill_deletes_the_pods_of_interrupted_ones(cluster, drilled, created, status, gone):
    """Their time: that of the start, of the wait for another run and of the drill, 1080 s for 300 s each."""
    earlier = definition_of_drill()
    assert earlier["spec"]["activeDeadlineSeconds"] == 1080
    cluster.put(kinds.POD, {**earlier, "status": status, "metadata": {
        **earlier["metadata"], "name": "earlier", "creationTimestamp": created}})
    other = {"app.kubernetes.io/managed-by": "datacache.fluid"}
    cluster.put(kinds.POD, {**earlier, "metadata": {
        "name": "other", "namespace": "data", "labels": other, "creationTimestamp": "2026-11-20T00:00:00Z"}})
    before = cluster.stored(kinds.POD, "earlier", "data")
    predicted = drilled(check=True)
    assert (predicted["changed"], predicted["name"]) == (True, "")
    assert cluster.stored(kinds.POD, "earlier", "data") == before
    drilled()
    assert (cluster.stored(kinds.POD, "earlier", "data") is None) is gone
    assert cluster.stored(kinds.POD, "other", "data")


def test_a_pod_without_labels_deletes_no_other(cluster, drilled, run):
    other = {"name": "other", "namespace": "data", "creationTimestamp": "2026-11-20T00:00:00Z"}
    cluster.put(kinds.POD, {"metadata": other, "spec": {"activeDeadlineSeconds": 1}})
    definition = definition_of_drill()
    del definition["metadata"]["labels"]
    assert run("pod", definition=definition)["changed"]
    assert cluster.stored(kinds.POD, "other", "data")


def test_a_pod_that_does_not_start_is_named_for_its_removal(cluster, run):
    result = run("pod", definition=definition_of_drill(), wait_timeout=5)
    assert result["failed"] and cluster.stored(kinds.POD, result["name"], "data")


@pytest.mark.parametrize(("metadata", "refused"), [
    ({"generateName": "Reader-"}, "generateName with a digit: 'Reader-0' is not a DNS-1123 subdomain"),
    ({}, "name ''")])
def test_a_pod_without_a_usable_name_is_refused(cluster, run, metadata, refused):
    result = run("pod", definition={**definition_of_drill(), "metadata": {"namespace": "data", **metadata}})
    assert refused in result["msg"]
    assert cluster.requests == []
