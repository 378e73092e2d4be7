# SPDX-License-Identifier: GPL-3.0-or-later
"""The Role and ClusterRoles of each playbook, from the permissions that the preflight examines."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import (
    CACHE,
    CLUSTER,
    FLUID,
    NEEDS,
    USERS,
    Need,
)

# What a leaked token of an account can do, from the least to the most.
TRUST = {
    "read": ("diagnose", "report", "inventory", "events"),
    "operate": ("verify", "heal", "switch_leader", "rolling_restart", "roll_workers", "rebuild_master",
                "remount", "failover_drill", "backup", "restore"),
    "deploy": ("deploy", "deploy_ha", "scale_masters", "scale_workers", "cleanup", "data_operations"),
    "install": ("install", "upgrade"),
}
# Optional permissions that are worth more than the account's trust, by what is missing without them.
LEFT_OUT = {
    "read": ("the mounts in running pods are unknown, and masters answer by pods/proxy alone",
             "the page shows no sample of the files"),
    "operate": ("declared masters are not added, and no journal moves onto a claim",),
    "deploy": ("cleanup_fluid fails", "cleanup_force leaves labels on nodes"),
}
HEADER = """\
# SPDX-License-Identifier: GPL-3.0-or-later
# Written by `make generate` from plugins/module_utils/preflight/permissions.py; do not edit.
# {user}, of the accounts that {trust}. docs/permissions.md binds these.
---
apiVersion: v1
kind: List
items:
"""
# By scope: the kind, what its name ends in, and where it is bound.
KINDS = {CACHE: ("Role", "", "the namespace of the cache"),
         FLUID: ("ClusterRole", "-controllers", "the namespace of Fluid, by a RoleBinding"),
         CLUSTER: ("ClusterRole", "", "the cluster, by a ClusterRoleBinding")}


def texts(_checkout: Path) -> dict[str, str]:
    """Return the file of each playbook, of the data operations and of the inventory, by its path."""
    return {f"docs/rbac/{trust(user)}/{user}.yml": text(user) for user in USERS}


def trust(user: str) -> str:
    return next(level for level, users in TRUST.items() if user in users)


def text(user: str) -> str:
    items = [_item(user, scope) for scope in KINDS]
    return HEADER.format(user=user, trust=trust(user)) + "".join(items)


def _item(user: str, scope: str) -> str:
    """Return one Role as an item of a List: ansible-test's yamllint refuses several documents in a file."""
    kind, ending, place = KINDS[scope]
    left_out = LEFT_OUT.get(trust(user), ())
    own = [need for need in NEEDS
           if user in need.users and need.scope == scope and need.without not in left_out]
    name = f"datacache-fluid-{user.replace('_', '-')}{ending}"
    lines = [f"kind: {kind}", "metadata:", f"  name: {name}",
             *(["rules:", *_rules(own)] if own else ["rules: []"])]
    return (f"  # Bound in {place}.\n  - apiVersion: rbac.authorization.k8s.io/v1\n"
            + indent("\n".join(lines) + "\n", "    "))


def _rules(needs: list[Need]) -> Iterator[str]:
    """Yield the lines of the rules, the optional ones with what is missing without them."""
    for need in sorted(needs, key=lambda each: bool(each.without)):
        if need.without:
            yield f"  # Optional. Without it {need.without}."
        yield f"  - apiGroups: [{_quoted(need.group)}]"
        yield f"    resources: [{', '.join(map(_quoted, need.resources))}]"
        yield f"    verbs: [{', '.join(need.verbs)}]"


def _quoted(resource: str) -> str:
    return json.dumps(resource) if resource in ("", "*") else resource
