# SPDX-License-Identifier: GPL-3.0-or-later
"""The Roles that ship, bound on a real API server, which reports that each is enough for its playbook."""

from pathlib import Path

import pytest
import yaml
from generated.rbac import LEFT_OUT, trust

from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import USERS

RBAC = "/apis/rbac.authorization.k8s.io/v1"
FOLDER = Path(__file__).parents[2] / "docs" / "rbac"


@pytest.fixture
def fluid_namespace(api, namespace):
    name = f"{namespace}-fluid"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def account(api, namespace, fluid_namespace):
    """Bind the Roles of a playbook as docs/permissions.md does, and return how to connect as the account.

    lacks: a resource whose rules are left out.
    """
    made = []

    def create(path, body):
        api.create(path, body)
        made.append(f"{path}/{body['metadata']['name']}")

    def make(user, lacks=""):
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        api.create(accounts, {"metadata": {"name": "narrow"}})
        for role in yaml.safe_load_all((FOLDER / trust(user) / f"{user}.yml").read_text()):
            # Tests side by side have the same cluster.
            name = role["metadata"]["name"] = f"{namespace}-{role['metadata']['name']}"
            role["rules"] = [rule for rule in role["rules"] if lacks not in rule["resources"]]
            own = f"{RBAC}/namespaces/{fluid_namespace if name.endswith('-controllers') else namespace}"
            place = RBAC if role["kind"] == "ClusterRole" and not name.endswith("-controllers") else own
            create(f"{RBAC if role['kind'] == 'ClusterRole' else own}/{role['kind'].lower()}s", role)
            binding = "rolebindings" if place == own else "clusterrolebindings"
            create(f"{place}/{binding}", {
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role["kind"], "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": "narrow", "namespace": namespace}]})
        token = api.create(accounts + "/narrow/token", {"spec": {}})["status"]["token"]
        return {"host": api.configuration.host, "api_key": token, "ca_cert": api.configuration.ssl_ca_cert}
    yield make
    for path in made:
        api.delete(path)


@pytest.fixture
def findings(succeed, namespace, fluid_namespace):
    """What the preflight finds about the permissions of an account for a playbook."""
    def found(user, connection):
        cache = {"name": "hbase", "namespace": namespace}
        result = succeed(
            "cache_preflight", namespace=None, fluid_namespace=fluid_namespace, playbooks=[user],
            dataset={**cache, "mounts": [{"mount_point": "https://host/"}]}, runtime=cache, **connection)
        return [each["evidence"] for each in result["findings"] if each["check"] == "permissions"]
    return found


@pytest.mark.parametrize("user", USERS)
def test_the_roles_of_a_playbook_are_enough_for_it(account, findings, user):
    left_out = LEFT_OUT.get(trust(user), ())
    assert [each for each in findings(user, account(user))
            if not any(without in each for without in left_out)] == []


def test_a_rule_that_is_taken_away_is_named(account, findings, namespace):
    user = "rolling_restart"
    assert findings(user, account(user, lacks="pods/eviction")) == [
        f"for the playbook {user} the account lacks in namespace {namespace}: create pods/eviction"]
