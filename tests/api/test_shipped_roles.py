# SPDX-License-Identifier: GPL-3.0-or-later
"""The Roles that ship, bound on a real API server, which reports that each is enough for its playbook."""

from pathlib import Path

import pytest
import yaml
from generated.rbac import LEFT_OUT, TRUST, trust

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
    """Bind the Roles of playbooks as docs/permissions.md does, and return how to connect as the account.

    lacks: a resource whose rules are left out.
    """
    made = []

    def create(path, body):
        api.create(path, body)
        made.append(f"{path}/{body['metadata']['name']}")

    def bind(user, lacks):
        for role in yaml.safe_load((FOLDER / trust(user) / f"{user}.yml").read_text())["items"]:
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

    def make(*users, lacks=""):
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        api.create(accounts, {"metadata": {"name": "narrow"}})
        for user in users:
            bind(user, lacks)
        token = api.create(accounts + "/narrow/token", {"spec": {}})["status"]["token"]
        return {"host": api.configuration.host, "api_key": token, "ca_cert": api.configuration.ssl_ca_cert}
    yield make
    for path in made:
        api.delete(path)


@pytest.fixture
def lacking(succeed, namespace, fluid_namespace):
    """What the preflight misses of the permissions for playbooks, but for what their Roles leave out."""
    def found(users, connection):
        cache = {"name": "hbase", "namespace": namespace}
        result = succeed(
            "cache_preflight", namespace=None, fluid_namespace=fluid_namespace, playbooks=list(users),
            dataset={**cache, "mounts": [{"mount_point": "https://host/"}]}, runtime=cache, **connection)
        left_out = [without for user in users for without in LEFT_OUT.get(trust(user), ())]
        return [each["evidence"] for each in result["findings"] if each["check"] == "permissions"
                and not any(without in each["evidence"] for without in left_out)]
    return found


@pytest.mark.parametrize("level", TRUST)
def test_the_roles_of_an_account_are_enough_for_its_playbooks(account, lacking, level):
    assert lacking(TRUST[level], account(*TRUST[level])) == []


def test_a_rule_that_is_taken_away_is_named(account, lacking, namespace):
    user = "rolling_restart"
    assert lacking([user], account(user, lacks="pods/eviction")) == [
        f"for the playbook {user} the account lacks in namespace {namespace}: create pods/eviction"]
