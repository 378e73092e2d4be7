# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said, and what still works, with the rights of a ServiceAccount alone."""

import pytest

RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"
READ = ["get", "list", "watch"]


@pytest.fixture
def account(api, namespace):
    """Make a ServiceAccount with these rights and return how to connect as it.

    rights: the verbs by the resource, of data.fluid.io or pods.
    """
    def make(**rights):
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        api.create(path, {"metadata": {"name": "narrow"}})
        api.create(f"{RBAC}/{namespace}/roles", {"metadata": {"name": "narrow"}, "rules": [
            {"apiGroups": ["" if resource == "pods" else "data.fluid.io"], "resources": [resource],
             "verbs": verbs}
            for resource, verbs in rights.items() if verbs]})
        api.create(f"{RBAC}/{namespace}/rolebindings", {
            "metadata": {"name": "narrow"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "narrow"},
            "subjects": [{"kind": "ServiceAccount", "name": "narrow", "namespace": namespace}]})
        token = api.create(path + "/narrow/token", {"spec": {}})["status"]["token"]
        return {"host": api.configuration.host, "api_key": token, "ca_cert": api.configuration.ssl_ca_cert}
    return make


@pytest.mark.parametrize(("verbs", "state", "missing"), [
    pytest.param([], "present", "get", id="get"),
    pytest.param(["get"], "present", "create", id="create"),
    pytest.param([], "absent", "get", id="get-to-delete"),
])
def test_what_is_missing_is_named_by_verb_and_resource(fail, account, verbs, state, missing):
    message = fail("dataset", name="hbase", state=state, **account(datasets=verbs))["msg"]
    assert message.startswith(f"not allowed to {missing} datasets.data.fluid.io at ")
    assert f'cannot {missing} resource "datasets"' in message
    assert "grant a Role with that verb and resource" in message


@pytest.mark.parametrize(("options", "missing"), [
    pytest.param({"placement": "Exclusive"}, "patch", id="patch"),
    pytest.param({"state": "absent"}, "delete", id="delete"),
])
def test_a_right_that_is_missing_for_an_existing_object(succeed, fail, existing, account, options, missing):
    succeed("dataset", name="hbase", placement="Shared")
    connection = account(datasets=[*READ, "create"])
    for check in (True, False):
        assert fail("dataset", check=check, name="hbase", **options, **connection)["msg"].startswith(
            f"not allowed to {missing} datasets.data.fluid.io")
    assert existing("datasets")["spec"]["placement"] == "Shared"


def test_reading_is_enough_where_nothing_changes(succeed, account):
    succeed("dataset", name="hbase", placement="Shared")
    connection = account(datasets=["get"])
    for check in (True, False):
        assert not succeed("dataset", check=check, name="hbase", placement="Shared", **connection)["changed"]
    assert succeed("dataset_info", name="hbase",
                   **connection)["resources"][0]["spec"] == {"placement": "Shared"}


def test_a_list_that_is_missing_is_not_called_a_get(fail, account):
    assert fail("dataset_info",
                **account(datasets=["get"]))["msg"].startswith("not allowed to list datasets.data.fluid.io")


def test_a_watch_that_is_missing_is_named_and_the_change_before_it_reported(succeed, fail, account, fluid):
    succeed("alluxio_runtime", name="hbase")
    connection = account(datasets=["get", "list", "create"], alluxioruntimes=["get"])
    result = fail("dataset", name="hbase", wait=True, wait_timeout=5, **connection)
    assert "not allowed to watch datasets.data.fluid.io" in result["msg"]
    assert result["changed"]


def test_runtimes_of_other_kinds_need_not_be_readable(succeed, account, fluid):
    """A Role that grants Datasets and Alluxio's runtimes alone must not turn a wait into an error."""
    connection = account(datasets=[*READ, "create"], alluxioruntimes=[])
    fluid.later(0.3, lambda: fluid.status("datasets", "hbase", phase="Bound", conditions=[]))
    assert succeed("dataset", name="hbase", wait=True, wait_timeout=30,
                   **connection)["result"]["status"]["phase"] == "Bound"


def test_without_a_look_at_the_nodes_a_runtime_is_made_with_a_warning(succeed, account, fluid):
    connection = account(alluxioruntimes=["get", "create"])
    result = succeed(
        "alluxio_runtime", name="hbase", master_replicas=3, disruption_budget=False, **connection)
    assert result["changed"]
    [warning] = result["warnings"]
    assert warning.startswith(
        "could not check whether each of 3 masters finds its own node: not allowed to list nodes")


def test_a_cache_is_validated_without_any_right(succeed, account, sent):
    identity = {"name": "hbase", "namespace": "not-created-yet"}
    cache = {"namespace": None, "dataset": {**identity, "mounts": [{"mount_point": "https://host/"}]},
             **account()}
    own = {**identity, "master_replicas": 3, "network_mode": "ContainerNetwork"}
    assert succeed("validate_cache", runtime=own, **cache)["warnings"] == []
    for check in (True, False):
        result = succeed("validate_cache", check=check, runtime={**identity, "master_replicas": 3}, **cache)
        assert not result["changed"]
        [warning] = result["warnings"]
        assert warning.startswith(
            "could not check whether each of 3 masters finds its own node: not allowed to list nodes")
    assert sent == [("GET", "/api/v1/nodes")] * 2


def test_a_timeout_without_the_right_to_see_pods_says_so(succeed, fail, account, fluid):
    succeed("alluxio_runtime", name="hbase")
    connection = account(datasets=[*READ, "create"], alluxioruntimes=["get"])
    findings = fail("dataset", name="hbase", wait=True, wait_timeout=1, **connection)["findings"]
    assert "not allowed to list pods" in findings[0] and "the playbook diagnose" in findings[1]


def test_a_token_that_is_not_accepted(fail, api):
    message = fail("dataset", name="hbase", host=api.configuration.host, api_key="no-such-token",
                   ca_cert=api.configuration.ssl_ca_cert)["msg"]
    assert message.startswith(
        f"the API server at {api.configuration.host} does not accept the credentials (401)")


# -- impersonation -----------------------------------------------------------------------------


def test_another_identity_has_its_own_rights(succeed, fail, account, namespace):
    account(datasets=["get"])
    succeed("dataset", name="hbase")
    user = f"system:serviceaccount:{namespace}:narrow"
    assert not succeed("dataset", name="hbase", impersonate_user=user)["changed"]
    message = fail("dataset", name="hbase", placement="Shared", impersonate_user=user)["msg"]
    assert f'User "{user}" cannot patch resource "datasets"' in message


def test_groups_are_impersonated_too(succeed, fail):
    assert succeed("dataset", name="hbase", impersonate_user="ann",
                   impersonate_groups=["system:masters"])["changed"]
    assert 'User "ann" cannot get' in fail("dataset", name="hbase", impersonate_user="ann",
                                           impersonate_groups=["nobody"])["msg"]


def test_a_runtime_that_may_not_be_created_is_not_deleted_to_be_recreated(
        succeed, fail, existing, account, namespace):
    options = {"name": "hbase", "network_mode": "ContainerNetwork", "stable_peer_addresses": False}
    succeed("alluxio_runtime", **options)
    before = existing("alluxioruntimes")
    connection = account(datasets=["get"], alluxioruntimes=[*READ, "patch", "delete"], pods=["list"])
    for check in (True, False):
        message = fail("alluxio_runtime", check=check, master_replicas=3, recreate=f"{namespace}/hbase",
                       **options, **connection)["msg"]
        assert message.startswith("not allowed to create alluxioruntimes.data.fluid.io")
    assert existing("alluxioruntimes") == before
