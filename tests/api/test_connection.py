# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that cannot be reached, kinds that are not installed, and every way to name the cluster."""

import json

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import Kind
from ansible_collections.datacache.fluid.plugins.modules import dataset as dataset_module


@pytest.fixture
def credentials(api):
    configuration = api.configuration
    return {"host": configuration.host, "ca_cert": configuration.ssl_ca_cert,
            "client_cert": configuration.cert_file,
            "client_key": configuration.key_file}


def test_by_options_alone(succeed, credentials):
    assert succeed("dataset", name="hbase", **credentials)["changed"]


def test_by_a_kubeconfig_as_a_dictionary(run, kubeconfig):
    with open(kubeconfig, encoding="utf-8") as file:
        content = yaml.safe_load(file)
    result = run("dataset", name="hbase", kubeconfig=content)
    assert result["changed"]
    keys = [user["user"].get("client-key-data") for user in content["users"]]
    assert not [key for key in keys if key and key in json.dumps(result)]


MISSING = {"name": "missing"}
ABSENT = {**MISSING, "state": "absent"}
CACHE = {"namespace": None, "dataset": {**MISSING, "mounts": [{"mount_point": "https://host/"}]},
         "runtime": {**MISSING, "network_mode": "ContainerNetwork"}}


@pytest.mark.parametrize(("module", "given"), [
    ("dataset", ABSENT), ("alluxio_runtime", ABSENT), ("dataset_volume", ABSENT),
    ("alluxio_quorum_info", MISSING),
    ("dataset_info", MISSING), ("validate_cache", CACHE),
])
def test_by_the_environment(run, monkeypatch, kubeconfig, module, given):
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", "/nowhere")
    assert "No configuration found" in run(module, **given, kubeconfig=None)["msg"]
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", kubeconfig)
    result = run(module, **given, kubeconfig=None)
    assert "cannot be used" not in result.get("msg", "")


@pytest.mark.parametrize(("changed", "view"), [
    pytest.param({"host": "https://127.0.0.1:1"}, "no API server answers at https://127.0.0.1:1: ",
                 id="nobody-listens"),
    pytest.param({"host": "https://no-such-host.invalid"},
                 "no API server answers at https://no-such-host.invalid: ", id="no-such-host"),
    pytest.param({"ca_cert": None}, "certificate verify failed", id="untrusted-certificate"),
])
def test_a_cluster_that_cannot_be_reached(fail, credentials, changed, view):
    message = fail("dataset", name="hbase", **{**credentials, **changed})["msg"]
    assert view in message
    assert message.endswith("check the kubeconfig or host option and the network")


def test_a_certificate_of_an_authority_that_does_not_exist(fail, credentials):
    message = fail("dataset", name="hbase", **{**credentials, "ca_cert": "/nowhere"})["msg"]
    assert message == ("ca_cert (K8S_AUTH_CA_CERT) is /nowhere, which the host of the tasks cannot read "
                       "(No such file or directory): set it to a file of that host")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_without_checking_certificates(succeed, credentials):
    assert succeed("dataset", name="hbase",
                   **{**credentials, "ca_cert": None, "validate_certs": False})["changed"]


@pytest.mark.parametrize("absent", [
    pytest.param(Kind("Dataset", "datasets", "not-installed.fluid.io", "v1alpha1"), id="group"),
    pytest.param(Kind("Dataset", "nosuchthings", "data.fluid.io", "v1alpha1"), id="resource"),
])
def test_a_kind_that_is_not_installed(succeed, fail, monkeypatch, absent):
    """The server is real; what it is asked for is a kind that it does not have."""
    monkeypatch.setattr(fluid_kinds, "DATASET", absent)
    monkeypatch.setattr(dataset_module.Dataset, "kind", absent)
    for options in ({"name": "hbase"}, {"name": "hbase", "check": True},
                    {"datasets": [{"name": str(n)} for n in "abcd"]}):
        message = fail("dataset", **options)["msg"]
        assert message.startswith(
            f"the cluster does not know the kind Dataset ({absent.resource}): install Fluid first")
    assert "does not know the kind" in fail("dataset_info")["msg"]
    for options in ({"name": "hbase"}, {"name": "hbase", "wait": True},
                    {"datasets": [{"name": n} for n in "abcd"]}):
        assert not succeed("dataset", state="absent", **options)["changed"]


def test_a_namespace_that_does_not_exist(succeed, fail):
    elsewhere = {"name": "hbase", "namespace": "no-such-namespace"}
    assert 'namespaces "no-such-namespace" not found' in fail("dataset", **elsewhere)["msg"]
    assert not succeed("dataset", **elsewhere, state="absent")["changed"]


def test_a_value_that_the_server_refuses(fail):
    message = fail("dataset", name="hbase", spec_overrides={"dataRestoreLocation": {"path": 5}})["msg"]
    assert "was refused: " in message
    assert "dataRestoreLocation" in message


def test_a_field_that_the_kind_does_not_have(fail):
    assert "has no field spec.later" in fail("dataset", name="hbase", spec_overrides={"later": 1})["msg"]


def test_a_namespace_that_is_being_deleted(fail, succeed, api, fluid, namespace):
    succeed("dataset", name="hbase")
    fluid.take_up("datasets", "hbase")
    api.delete("/api/v1/namespaces/" + namespace)
    message = fail("dataset", name="another")["msg"]
    assert "because it is being terminated" in message
    assert "Role" not in message


# -- commands in pods --------------------------------------------------------------------------


def test_masters_that_do_not_exist_are_said_not_to(succeed, fail, fluid):
    succeed("alluxio_runtime", name="hbase", master_replicas=3, network_mode="ContainerNetwork")
    assert "there is no master pod" in fail("alluxio_quorum_info", name="hbase")["msg"]


def test_a_master_that_cannot_be_asked_is_named(succeed, fail, fluid, api, namespace):
    """The pod exists and runs nowhere: the real server refuses the stream."""
    succeed("alluxio_runtime", name="hbase")
    api.create(f"/api/v1/namespaces/{namespace}/pods", {
        "metadata": {"name": "hbase-master-0", "labels": {"release": "hbase", "role": "alluxio-master"}},
        "spec": {"nodeSelector": {"no": "node"},
                 "containers": [{"name": "alluxio-master", "image": "none"}]}})
    message = fail("alluxio_quorum_info", name="hbase")["msg"]
    assert "hbase-master-0: cannot run `alluxio fs masterInfo` in hbase-master-0/alluxio-master" in message
    assert "it needs create on pods/exec and a running container" in message
    message = fail("alluxio_quorum_info", name="hbase", impersonate_user="ann",
                   impersonate_groups=["system:masters"])["msg"]
    assert "commands in pods cannot be run with impersonate_user" in message


def test_a_runtime_that_does_not_exist_has_no_quorum(fail):
    assert "does not exist: check name and namespace" in fail("alluxio_quorum_info", name="hbase")["msg"]
