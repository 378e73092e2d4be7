# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions that playbooks need: the data equal docs/rbac.yml, and what an account lacks is found."""

from itertools import product
from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.preflight import permissions
from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import (
    CACHE,
    CLUSTER,
    FLUID,
    NEEDS,
    USERS,
    Access,
    grants,
)

EVERYTHING = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
CHECKOUT = Path(__file__).parents[5]
ROLES = yaml.safe_load((CHECKOUT / "docs" / "rbac.yml").read_text())["items"]


def scope_of(role):
    if role["kind"] == "ClusterRole":
        return CLUSTER
    return FLUID if role["metadata"].get("namespace") == "fluid-system" else CACHE


def granted(scope):
    return {each for role in ROLES if scope_of(role) == scope for rule in role["rules"]
            for each in product(rule["apiGroups"], rule["resources"], rule["verbs"])}


def needed(scope):
    return {(need.group, *each) for need in NEEDS if need.scope == scope
            for each in product(need.resources, need.verbs)}


@pytest.mark.parametrize("scope", [CACHE, FLUID, CLUSTER])
def test_the_data_equal_the_documented_roles(scope):
    assert needed(scope) == granted(scope)


def test_the_users_are_the_playbooks():
    playbooks = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")}
    assert set(USERS) - {"data_operations", "inventory", "events"} == playbooks - {
        "deploy-ha", "preflight", "awx"}
    assert {user for need in NEEDS for user in need.users} == set(USERS)


@pytest.mark.parametrize(("rule", "access", "holds"), [
    ({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}, ("", "pods", "list"), True),
    ({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}, ("", "pods/log", "list"), False),
    ({"apiGroups": [""], "resources": ["*/log"], "verbs": ["*"]}, ("", "pods/log", "get"), True),
    ({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["a"]},
     ("", "pods", "get"), False),
    ({"apiGroups": ["apps"], "resources": ["*"], "verbs": ["*"]}, ("", "pods", "get"), False),
    (EVERYTHING, ("apps", "statefulsets", "patch"), True),
])
def test_a_rule_grants_an_access(rule, access, holds):
    assert grants([rule], Access(*access)) is holds


def test_what_the_account_lacks_is_named_for_each_playbook(found, account):
    account.rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
    errors = [evidence for severity, check, evidence in found(playbooks=["deploy_ha", "verify"])
              if (severity, check) == ("error", "permissions")]
    assert len(errors) == 3
    assert errors[0].startswith("for the playbook deploy_ha the account lacks in namespace data: ")
    assert "create, patch datasets.data.fluid.io" in errors[0]
    assert errors[1].startswith("for the playbook deploy_ha the account lacks on the cluster: ")
    assert errors[2].startswith("for the playbook verify the account lacks in namespace data: create, delete")


def test_what_a_playbook_succeeds_without_is_information(preflight, account):
    rules = [{"apiGroups": [group], "resources": [resource], "verbs": [verb]}
             for group, resource, verb in needed(CACHE) | needed(CLUSTER) | needed(FLUID)
             if resource not in ("nodes", "controllerrevisions")]
    account.rules = rules
    report = preflight(playbooks=["rolling_restart"])["report"]
    assert [line for line in report if "permissions" in line] == [
        "info: permissions: the account lacks in namespace data list controllerrevisions.apps: "
        "a reverted change restarts all masters (rolling_restart)",
        "info: permissions: the account lacks on the cluster list nodes: "
        "nothing checks that each master finds a node (rolling_restart)"]


def test_rules_that_the_server_does_not_know_are_asked_for_singly(preflight, account, monkeypatch):
    account.complete = False
    account.rules = []
    result = preflight(playbooks=["cleanup"])
    assert not result["passed"]
    assert account.reviews.count("SelfSubjectAccessReview") > len(
        [access for need in NEEDS if "cleanup" in need.users and need.scope == permissions.CACHE
         for access in permissions.accesses(need, {CACHE: "data"})]) / 2
