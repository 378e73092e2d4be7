# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fluid_installation_info: where Fluid is found, and which values its release needs."""

import base64
import gzip
import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.installation import helm
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

MODULE = "fluid_installation_info"
ALLUXIO = {"alluxio": {"enabled": True}}


@pytest.fixture(autouse=True)
def program(monkeypatch):
    """A helm that renders nothing."""
    monkeypatch.setattr(helm, "find", lambda binary: binary or "/usr/bin/helm")
    monkeypatch.setattr(helm, "require_supported", lambda _binary: "v3.18.4")
    monkeypatch.setattr(helm, "compares_by_release", lambda: True)
    monkeypatch.setattr(
        helm, "chart_defaults", lambda *_args: {"csi": {"plugins": {"imagePrefix": "fluid"}}})


@pytest.fixture
def install(cluster):
    """Install Fluid: its controllers, with Helm's annotations unless by hand."""
    def make(namespace="fluid-system", release=("fluid", "fluid-system"), replicas=0):
        notes = {f"meta.helm.sh/release-{part}": value
                 for part, value in zip(("name", "namespace"), release, strict=True)} if release else {}
        for name, count in (("dataset-controller", 1), ("alluxioruntime-controller", replicas)):
            cluster.put(kinds.DEPLOYMENT, {
                "metadata": {"name": name, "namespace": namespace, "annotations": notes,
                             "labels": {"control-plane": name, "app.kubernetes.io/managed-by": "Helm"}},
                "spec": {"replicas": count},
                "status": {"availableReplicas": count, "updatedReplicas": count}})
    return make


@pytest.fixture
def released(cluster):
    """Store the Secret of a release, as Helm does."""
    def make(values=None, status="deployed", version="1.0.8", namespace="fluid-system"):
        content = {"info": {"status": status},
                   "config": {"namespace": "fluid-system", "runtime": ALLUXIO, **(values or {})},
                   "chart": {"metadata": {"name": "fluid", "version": version, "appVersion": version}}}
        packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
        cluster.put(kinds.SECRET, {
            "metadata": {"name": "sh.helm.release.v1.fluid.v1", "namespace": namespace,
                         "labels": {"owner": "helm", "name": "fluid", "status": status, "version": "1"}},
            "data": {"release": packed}})
    return make


def runtime(cluster, kind=fluid_kinds.ALLUXIO_RUNTIME):
    cluster.put(kind, {"metadata": {"name": "hbase", "namespace": "data"}, "spec": {}})


def test_a_cluster_without_fluid(cluster, run):
    cluster.missing_kinds |= set(fluid_kinds.RUNTIMES)
    found = run(MODULE, release_namespace="default")
    assert (found["installed"], found["definitions"], found["adopted"]) == (False, False, False)
    assert found["namespace"] == "fluid-system"
    assert found["release"] == {"name": "fluid", "namespace": "default"}
    assert found["chart_values"] == {"namespace": "fluid-system", "runtime": ALLUXIO}
    assert found["csi"] is True


@pytest.mark.parametrize("option", ["client_cert", "username"])
def test_an_authentication_that_helm_does_not_have(run, option):
    """kubernetes.core passes none of these on, so helm would use the default kubeconfig's user."""
    message = run(MODULE, host="https://a", **{option: "x"})["msg"]
    assert message.startswith(f"helm does not authenticate by {option} (K8S_AUTH_{option.upper()}): set ")
    assert not run(MODULE, kubeconfig="/k", **{option: "x"}).get("failed")


def test_an_authentication_is_not_needed_for_an_unchanged_release(install, released, run):
    install(replicas=1)
    released()
    assert run(MODULE, host="https://a", client_cert="x", client_key="y", chart_ref="fluid/fluid",
               chart_version="1.0.8")["up_to_date"]


def test_helm_does_not_impersonate(run):
    assert run(MODULE, impersonate_user="ann")["warnings"] == [
        "helm does not impersonate: the release is changed with the account's own permissions"]


def test_definitions_of_an_earlier_installation(cluster, run):
    assert run(MODULE)["definitions"] is True


def test_an_own_installation(install, run):
    install()
    found = run(MODULE)
    assert (found["installed"], found["adopted"]) == (True, False)
    assert found["release"] == {"name": "fluid", "namespace": "fluid-system"}
    assert found["warnings"] == []


def test_the_installation_of_fluids_documentation(install, run):
    install(release=("fluid", "default"))
    found = run(MODULE)
    assert (found["release"], found["adopted"]) == ({"name": "fluid", "namespace": "default"}, True)
    assert found["namespace"] == found["chart_values"]["namespace"] == "fluid-system"
    assert run(MODULE, release_namespace="default")["adopted"] is False


def test_an_installation_in_another_namespace(install, run):
    install(namespace="caches", release=("cache", "ops"))
    found = run(MODULE)
    assert (found["namespace"], found["chart_values"]["namespace"]) == ("caches", "caches")
    assert found["release"] == {"name": "cache", "namespace": "ops"}
    assert found["warnings"] == [
        "Fluid is installed in namespace caches, expected fluid-system: the existing one is used. Set "
        "namespace (fluid_system_namespace) to caches"]


@pytest.mark.parametrize("plugin", [True, False])
def test_an_installation_without_helm_is_left_alone(install, cluster, run, plugin):
    install(release=None)
    if plugin:
        cluster.put(kinds.DAEMON_SET, {
            "metadata": {"name": "csi-nodeplugin-fluid", "namespace": "fluid-system"},
            "spec": {"template": {"spec": {}}}})
    found = run(MODULE)
    assert (found["release"], found["chart_values"], found["adopted"]) == (None, {}, False)
    assert found["csi"] is plugin


def test_two_installations(install, run):
    install()
    install(namespace="other")
    assert run(MODULE)["msg"] == (
        "Fluid is installed in the namespaces fluid-system, other: expected one installation in a cluster. "
        "Uninstall the others")


def test_caches_keep_their_controllers(install, cluster, run):
    install()
    runtime(cluster)
    runtime(cluster, fluid_kinds.RUNTIMES[2])
    given = {"runtime": {"alluxio": {"enabled": False, "replicas": 2}, "jindo": {"enabled": False}}}
    found = run(MODULE, chart_values=given)
    assert found["chart_values"]["runtime"] == {
        "alluxio": {"enabled": True, "replicas": 2}, "jindo": {"enabled": False},
        "juicefs": {"enabled": True}}
    assert found["idle_controllers"] == ["alluxioruntime-controller"]


@pytest.mark.parametrize(("replicas", "cache"), [(1, True), (0, False)], ids=["running", "no-cache"])
def test_no_controller_is_idle(install, cluster, run, replicas, cache):
    install(replicas=replicas)
    if cache:
        runtime(cluster)
    assert run(MODULE)["idle_controllers"] == []


def test_a_dataset_controller_without_replicas_is_idle(install, released, plugin, cluster, run):
    install(replicas=1)
    released()
    cluster.change(kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {"spec": {"replicas": 0}})
    found = run(MODULE, **REPOSITORY)
    assert (found["idle_controllers"], found["ready"]) == (["dataset-controller"], False)


def test_a_release_whose_definitions_were_deleted_is_not_up_to_date(install, released, plugin, cluster, run):
    install()
    released()
    cluster.missing_kinds |= set(fluid_kinds.RUNTIMES)
    found = run(MODULE, **REPOSITORY)
    assert (found["installed"], found["definitions"], found["up_to_date"]) == (True, False, False)


def test_the_given_values_win_over_the_other_options(run):
    found = run(MODULE, image_registry="registry.local", image_pull_secrets=["one"],
                chart_values={"image": {"imagePullSecrets": []}, "csi": {"enabled": False}})
    assert found["chart_values"] == {
        "namespace": "fluid-system", "runtime": ALLUXIO, "image": {"imagePullSecrets": []},
        "csi": {"enabled": False, "plugins": {"imagePrefix": "registry.local/fluid"}}}
    assert found["csi"] is False


@pytest.mark.parametrize(("given", "gates"), [
    ({}, "FuseRecovery=true"),
    ({"csi": {"featureGates": "Other=true"}}, "Other=true,FuseRecovery=true"),
])
def test_fuse_recovery_is_a_feature_gate(run, given, gates):
    assert "csi" not in run(MODULE)["chart_values"]
    found = run(MODULE, fuse_recovery=True, chart_values=given)
    assert found["chart_values"]["csi"] == {"featureGates": gates}


def test_a_gate_that_is_given_twice_is_refused(run):
    given = {"csi": {"featureGates": "A=true,FuseRecovery=false"}}
    assert run(MODULE, fuse_recovery=True, chart_values=given)["msg"] == (
        "chart_values.csi.featureGates is A=true,FuseRecovery=false: leave FuseRecovery to "
        "fuse_recovery (fluid_fuse_recovery)")


@pytest.mark.parametrize("options", [
    {"namespace": "Fluid"}, {"release_namespace": "a_b"}, {"image_registry": "https://registry.local"},
])
def test_an_invalid_option_is_refused_before_a_request(cluster, run, options):
    assert next(iter(options.values())) in run(MODULE, **options)["msg"]
    assert cluster.requests == []


def test_requests(install, cluster, run):
    install(replicas=1)
    runtime(cluster)
    run(MODULE)
    assert cluster.requests == [("list", "deployments"), *(
        ("list", kind.plural) for kind in fluid_kinds.RUNTIMES),
        ("get", "deployments"), ("get", "namespaces")]


REPOSITORY = {"chart_repo_url": "https://a.host", "chart_version": "1.0.8"}
SECRET = "kept-in-the-cluster"


@pytest.mark.parametrize(("stored", "options", "expected"), [
    ({}, REPOSITORY, True),
    ({}, {}, False),
    ({}, {**REPOSITORY, "chart_version": "1.0.9"}, False),
    ({}, {**REPOSITORY, "chart_values": {"csi": {"enabled": False}}}, False),
    ({"values": {"a": 1}}, REPOSITORY, False),
    ({"values": {"csi": {"enabled": False}}}, {**REPOSITORY, "chart_values": {"csi": {"enabled": False}}},
     True),
    ({"status": "failed"}, REPOSITORY, False),
    ({"status": "pending-upgrade"}, REPOSITORY, False),
    ({"version": "1.0.7"}, REPOSITORY, False),
], ids=["equal", "newest-chart", "other-version", "other-values", "dropped-values", "given-values", "failed",
        "pending", "older"])
def test_whether_helm_has_nothing_to_do(install, released, run, stored, options, expected):
    install()
    released(**stored)
    assert run(MODULE, **options)["up_to_date"] is expected


def test_the_values_of_an_adopted_release_are_compared_but_not_returned(install, released, run):
    install(release=("fluid", "default"))
    released({"a": SECRET}, namespace="default")
    found = run(MODULE, **REPOSITORY)
    assert (found["adopted"], found["up_to_date"]) == (True, True)
    assert SECRET not in str(found)
    assert not run(MODULE, release_namespace="default", **REPOSITORY)["up_to_date"]


def test_a_release_that_cannot_be_read_is_left_to_helm(install, released, cluster, run):
    install()
    cluster.forbidden.add(("list", "secrets"))
    found = run(MODULE, **REPOSITORY)
    assert (found["up_to_date"], found["ready"], found["warnings"]) == (False, False, [])


def test_plugins_leave_the_comparison_to_helm(install, released, run, monkeypatch):
    monkeypatch.setattr(helm, "compares_by_release", lambda: False)
    install()
    released()
    assert run(MODULE, **REPOSITORY)["up_to_date"] is False


def test_an_up_to_date_release_needs_no_supported_helm(install, released, run, monkeypatch):
    def refuse(_binary):
        raise InvalidInput("it is too new")
    monkeypatch.setattr(helm, "require_supported", refuse)
    install()
    assert run(MODULE, **REPOSITORY)["msg"] == "it is too new"
    released()
    assert run(MODULE, **REPOSITORY)["up_to_date"]


@pytest.fixture
def plugin(cluster):
    """The CSI plugin, ready on one node."""
    name = "csi-nodeplugin-fluid"
    cluster.put(kinds.DAEMON_SET, {"metadata": {"name": name, "namespace": "fluid-system"},
                                   "spec": {"template": {"spec": {}}}})
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.put(kinds.NODE, {"metadata": {"name": "n0"}, "spec": {}, "status": ready})
    cluster.put(kinds.CSI_NODE, {
        "metadata": {"name": "n0"}, "spec": {"drivers": [{"name": "fuse.csi.fluid.io"}]}})
    cluster.put(kinds.POD, {
        "metadata": {"name": "csi-0", "namespace": "fluid-system", "labels": {"app": name}},
        "spec": {"nodeName": "n0"}, "status": ready})


def test_a_ready_installation(install, released, plugin, cluster, run):
    install(replicas=1)
    released()
    cluster.requests.clear()
    assert run(MODULE, **REPOSITORY)["ready"]
    assert cluster.writes() == []
    assert cluster.requests[-6:-1] == [("list", "deployments"), ("get", "daemonsets"), ("list", "nodes"),
                                       ("list", "pods"), ("list", "csinodes")]


def test_a_ready_installation_without_helm(install, plugin, run):
    install(release=None)
    assert run(MODULE)["ready"]


def test_an_installation_without_its_plugin_is_not_ready(install, released, run):
    install()
    released()
    found = run(MODULE, **REPOSITORY)
    assert (found["up_to_date"], found["ready"]) == (True, False)


@pytest.mark.parametrize("spoil", [
    lambda cluster: cluster.change(kinds.NODE, "n0", None, {"spec": {"unschedulable": True}}),
    lambda cluster: cluster.change(
        kinds.DEPLOYMENT, "dataset-controller", "fluid-system", {"status": {"availableReplicas": 0}}),
    lambda cluster: cluster.forbidden.add(("list", "csinodes")),
    runtime,
], ids=["excluded-node", "unavailable", "forbidden", "idle-controller"])
def test_what_fluid_ready_would_wait_for_or_warn_of_is_not_ready(
        install, released, plugin, cluster, run, spoil):
    install()
    released()
    spoil(cluster)
    found = run(MODULE, **REPOSITORY)
    assert (found["up_to_date"], found["ready"]) == (True, False)


def test_the_cluster_is_identified_whatever_its_address(cluster, run):
    assert run(MODULE)["cluster"] == ""
    cluster.put(kinds.NAMESPACE, {"metadata": {"name": "kube-system", "uid": "5f0c2a3e"}})
    assert run(MODULE)["cluster"] == "5f0c2a3e"
    cluster.forbidden.add(("get", "namespaces"))
    assert run(MODULE)["cluster"] == ""


def test_the_digest_tells_installations_apart(run):
    digests = {run(MODULE, **options)["digest"] for options in (
        {}, {"binary_path": "/opt/helm"}, {"chart_version": "1.0.7"}, {"release_name": "other"},
        {"chart_values": {"csi": {"enabled": False}}})}
    assert len(digests) == 4
