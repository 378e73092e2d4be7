# SPDX-License-Identifier: GPL-3.0-or-later
"""The common part of the info modules: read the selected objects and exit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible.module_utils.basic import AnsibleModule

from ..api.client import Client
from ..k8s.kinds import Kind, ObjectRef
from ..k8s.names import require_name, require_namespace
from ..k8s.output import visible
from ..progress import Reporter
from . import run as module_run


def run(module: AnsibleModule, kind: Kind, summary: Callable[[dict], dict]) -> None:
    """Exit with the selected objects, complete or summarized.

    summary: summarizes one object. It is called for each page as it arrives, to bound the memory.
    """
    def select(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
        key, convert = ("summaries", summary) if params["summary"] else ("resources", visible)
        return {"changed": False, key: [convert(existing) for existing in read(client, kind, params)]}

    module_run.run(module, select)


def read(client: Client, kind: Kind, params: dict) -> Iterator[dict]:
    """Yield the selected objects in pages; names with namespaces and without selectors cost one GET each."""
    names = _either(params["names"], params["name"])
    namespaces = _either(params["namespaces"], params["namespace"])
    for name in names or []:
        require_name(name)
    for namespace in namespaces or []:
        require_namespace(namespace)
    if names == [] or namespaces == []:
        return  # an empty list selects nothing, not everything
    labels, fields = ",".join(params["label_selectors"]), list(params["field_selectors"])
    if names and namespaces and not labels and not fields:
        found = (client.get(kind, ObjectRef(namespace, name)) for namespace in namespaces for name in names)
        yield from (existing for existing in found if existing is not None)
        return
    if names and len(names) == 1:
        fields.append("metadata.name=" + names[0])
    scopes: list[str | None] = [*namespaces] if namespaces else [None]
    for scope in scopes:
        for existing in client.list(kind, scope, labels, ",".join(fields)):
            if not names or existing["metadata"]["name"] in names:
                yield existing


def _either(several: list[str] | None, one: str | None) -> list[str] | None:
    """Return the list, or a list of the single value; None without both."""
    return [one] if several is None and one is not None else several
