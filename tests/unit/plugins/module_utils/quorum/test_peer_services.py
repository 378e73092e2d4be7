# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the masters' Services lose their address with their pod, and what takes their place."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.quorum import peer_services


def service(name="hbase-master-0", **spec):
    return {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": "data", "uid": "u", "resourceVersion": "7",
                     "creationTimestamp": "t", "managedFields": [],
                     "labels": {"role": "alluxio-master", "release": "hbase"},
                     "annotations": {"meta.helm.sh/release-name": "hbase"},
                     "ownerReferences": [{"kind": "AlluxioRuntime", "name": "hbase", "uid": "o"}]},
        "spec": {"clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv4"],
                 "ipFamilyPolicy": "SingleStack", "type": "ClusterIP",
                 "ports": [{"name": "embedded", "port": 19200}],
                 "selector": {"role": "alluxio-master", "statefulset.kubernetes.io/pod-name": name}, **spec},
        "status": {"loadBalancer": {}},
    }


STABLE = {"clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"], "publishNotReadyAddresses": True}


@pytest.mark.parametrize(("spec", "stable"), [
    ({}, False), (STABLE, True), ({"clusterIP": ""}, False),
    ({**STABLE, "publishNotReadyAddresses": False}, False),
    ({"publishNotReadyAddresses": True}, False),
])
def test_is_stable(spec, stable):
    assert peer_services.is_stable(service(**spec)) is stable


def test_the_stable_one_keeps_who_owns_it_and_whom_it_leads_to():
    manifest = peer_services.stable(service())
    assert manifest["metadata"] == {key: service()["metadata"][key]
                                    for key
                                    in ("name", "namespace", "labels", "annotations", "ownerReferences")}
    assert manifest["spec"] == {
        "type": "ClusterIP", "publishNotReadyAddresses": True, "ports": [{"name": "embedded", "port": 19200}],
        "selector": {"role": "alluxio-master", "statefulset.kubernetes.io/pod-name": "hbase-master-0"}}
    assert "status" not in manifest


def test_another_masters_service_is_made_from_a_siblings():
    manifest = peer_services.stable(service(**STABLE), "hbase-master-3")
    assert manifest["metadata"]["name"] == "hbase-master-3"
    assert manifest["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] == "hbase-master-3"
    assert "clusterIP" not in manifest["spec"]


@pytest.mark.parametrize(("objects", "names"), [
    pytest.param([], [], id="not-made-yet"),
    pytest.param([service(f"hbase-master-{index}") for index in range(3)],
                 ["hbase-master-0", "hbase-master-1", "hbase-master-2"], id="headless"),
    pytest.param([service(f"hbase-master-{index}", **STABLE) for index in range(3)], [], id="stable"),
    pytest.param([service("hbase-master-0", **STABLE), service("hbase-master-2")],
                 ["hbase-master-1", "hbase-master-2"],
                 id="cut-off-between-delete-and-create"),
    pytest.param([service("other-master-0")], [], id="of-another-runtime"),
])
def test_unstable(objects, names):
    by_name = {existing["metadata"]["name"]: existing for existing in objects}
    assert peer_services.unstable("hbase", 3, by_name) == names
    for name in names:
        assert peer_services.sibling("hbase", 3, by_name,
                                     name)["metadata"]["name"].startswith("hbase-master-")


@pytest.mark.parametrize(("name", "copied"), [
    ("hbase-master-0", "hbase-master-0-replaced"),
    ("x" * 53 + "-master-0", "x" * 53 + "-replaced"),
], ids=["short", "as-long-as-a-label"])
def test_the_name_of_a_copy_is_a_dns_label(name, copied):
    assert peer_services.copy_name(name) == copied
    assert len(copied) <= 63


def test_a_copy_is_headless_and_the_pattern_of_the_missing_one():
    made = peer_services.copy_of(service())
    assert (made["metadata"]["name"], made["spec"]["clusterIP"]) == ("hbase-master-0-replaced", "None")
    objects = {"hbase-master-0-replaced": made}
    assert peer_services.unstable("hbase", 1, objects) == ["hbase-master-0"]
    pattern = peer_services.sibling("hbase", 1, objects, "hbase-master-0")
    assert peer_services.stable(pattern, "hbase-master-0") == peer_services.stable(service())
