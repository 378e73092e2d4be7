# SPDX-License-Identifier: GPL-3.0-or-later
"""The Roles of each playbook that ship: complete, and no more than the trust of the account."""

from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import (
    CACHE,
    CLUSTER,
    FLUID,
    NEEDS,
    USERS,
    findings,
)

FOLDER = Path(__file__).parents[5] / "docs" / "rbac"
FILES = {path.stem: path for path in FOLDER.rglob("*.yml")}
READ = {"get", "list", "watch"}


def granted(user, scope):
    """Return the verbs, groups and resources of a playbook's Role in a scope."""
    roles = yaml.safe_load(FILES[user].read_text())["items"]
    [role] = [each for each in roles if scope == (
        CACHE if each["kind"] == "Role"
        else FLUID if each["metadata"]["name"].endswith("-controllers") else CLUSTER)]
    return {(verb, group, resource) for rule in role["rules"] for verb in rule["verbs"]
            for group in rule["apiGroups"] for resource in rule["resources"]}


def of_trust(level):
    return {each for user, path in FILES.items() if path.parent.name == level
            for scope in (CACHE, FLUID, CLUSTER) for each in granted(user, scope)}


def test_each_playbook_has_its_file():
    assert set(FILES) == set(USERS)


@pytest.mark.parametrize("scope", [CACHE, FLUID, CLUSTER])
@pytest.mark.parametrize("user", USERS)
def test_what_a_playbook_requires_is_granted_and_nothing_else(user, scope):
    own = [need for need in NEEDS if user in need.users and need.scope == scope]
    pairs = {(bool(need.without), verb, need.group, resource) for need in own
             for verb in need.verbs for resource in need.resources}
    assert {each[1:] for each in pairs if not each[0]} <= granted(user, scope)
    assert granted(user, scope) <= {each[1:] for each in pairs}


@pytest.mark.parametrize("user", USERS)
def test_each_permission_that_is_taken_from_a_role_is_named(user):
    """By the preflight, before the playbook begins."""
    spaces = {CACHE: "data", FLUID: "fluid-system", CLUSTER: None}
    rules = {(spaces[scope], *each) for scope in spaces for each in granted(user, scope)}

    def evidence(allowed):
        return [found.evidence for found in findings([user], spaces, lambda access: (
            access.namespace, access.verb, access.group, access.resource) in allowed)]

    complete = evidence(rules)
    for rule in rules:
        _space, verb, group, resource = rule
        name = f"{verb} {resource}.{group}" if group else f"{verb} {resource}"
        assert any(name in line for line in evidence(rules - {rule}) if line not in complete), rule


def test_an_account_that_reads_changes_nothing_and_sees_no_secret():
    assert {verb for verb, _group, _resource in of_trust("read")} <= READ
    assert not {resource for _verb, _group, resource in of_trust("read")} & {"secrets", "pods/exec", "*"}


def test_an_account_that_operates_makes_and_deletes_no_cache():
    assert {verb for verb, group, _resource in of_trust("operate") if group == "data.fluid.io"} <= READ


def test_an_account_that_deploys_does_not_change_the_cluster():
    changed = {(verb, resource) for user, path in FILES.items() if path.parent.name == "deploy"
               for verb, _group, resource in granted(user, CLUSTER) if verb not in READ}
    assert {resource for _verb, resource in changed} == {"persistentvolumes", "namespaces"}
