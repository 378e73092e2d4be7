# SPDX-License-Identifier: GPL-3.0-or-later
"""What the info modules of the kinds have in common: read what matches, and exit."""

from __future__ import annotations

from typing import Callable, Iterator

from ansible.module_utils.basic import AnsibleModule

from ..api.client import Client
from ..api.connection import connect
from ..k8s.kinds import Kind
from ..k8s.names import require_name, require_namespace
from ..k8s.output import visible
from . import exit as module_exit


def run(module: AnsibleModule, kind: Kind, summary: Callable[[dict], dict]) -> None:
    """Return the objects that the selection options choose, whole or summed up, and exit.

    Objects are summed up as their page arrives, so that a large cluster does not fill the memory.
    """
    params = module.params
    key, convert = ("summaries", summary) if params["summary"] else ("resources", visible)
    module_exit.finish(module, lambda: {
        "changed": False, key: [convert(existing) for existing in read(connect(params), kind, params)]})


def read(client: Client, kind: Kind, params: dict) -> Iterator[dict]:
    """Yield the matching objects, in pages; names with their namespace and without selectors cost one GET each."""
    names = _either(params["names"], params["name"])
    namespaces = _either(params["namespaces"], params["namespace"])
    for name in names or []:
        require_name(name)
    for namespace in namespaces or []:
        require_namespace(namespace)
    if names == [] or namespaces == []:
        return  # a list that came out empty chooses nothing, not everything
    labels, fields = ",".join(params["label_selectors"]), list(params["field_selectors"])
    if names and namespaces and not labels and not fields:
        found = (client.get(kind, name, namespace) for namespace in namespaces for name in names)
        yield from (existing for existing in found if existing is not None)
        return
    if names and len(names) == 1:
        fields.append("metadata.name=" + names[0])
    for namespace in namespaces or [None]:
        for existing in client.list(kind, namespace, labels, ",".join(fields)):
            if not names or existing["metadata"]["name"] in names:
                yield existing


def _either(several: list[str] | None, one: str | None) -> list[str] | None:
    """The list, or the one as a list; None when neither is given."""
    return [one] if several is None and one is not None else several
