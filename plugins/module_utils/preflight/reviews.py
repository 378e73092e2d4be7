# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of the account in use, as the API server reports them. IO, read-only.

The reviews are answered but not stored; each authenticated account may send them.
"""

from __future__ import annotations

from ..api.client import Client
from ..apply.field_manager import MANAGER
from ..k8s.kinds import Kind
from .permissions import Access

_GROUP = "authorization.k8s.io"
RULES_REVIEW = Kind("SelfSubjectRulesReview", "selfsubjectrulesreviews", _GROUP, namespaced=False)
ACCESS_REVIEW = Kind("SelfSubjectAccessReview", "selfsubjectaccessreviews", _GROUP, namespaced=False)


def rules(client: Client, namespace: str) -> tuple[list[dict], bool]:
    """Return the rules that hold in a namespace, and whether the server knows all of them.

    It does not if an authorizer other than RBAC decides, such as a webhook.
    """
    found = _review(client, RULES_REVIEW, {"namespace": namespace})
    return found.get("resourceRules") or [], not found.get("incomplete")


def is_allowed(client: Client, access: Access) -> bool:
    """Return whether the account may send such a request."""
    resource, _slash, subresource = access.resource.partition("/")
    attributes = {"group": access.group, "resource": resource, "subresource": subresource,
                  "verb": access.verb, "namespace": access.namespace or ""}
    return bool(_review(client, ACCESS_REVIEW, {"resourceAttributes": attributes}).get("allowed"))


def _review(client: Client, kind: Kind, spec: dict) -> dict:
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {}, "spec": spec}
    return client.create(kind, body, MANAGER).get("status") or {}
