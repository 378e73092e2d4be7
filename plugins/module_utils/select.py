# SPDX-License-Identifier: GPL-3.0-or-later
"""What the info modules of the kinds have in common: read what matches, and exit."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from . import manage
from .client import Client
from .connection import connect
from .kinds import Kind
from .record import visible


def run(module: AnsibleModule, kind: Kind) -> None:
    """Return the objects that the selection options choose, and exit."""
    manage.finish(module, lambda: {
        "changed": False, "resources": [visible(live) for live in read(connect(module.params), kind, module.params)]})


def read(client: Client, kind: Kind, params: dict) -> list[dict]:
    """Return the matching objects; a name with its namespace and no selector costs one GET."""
    fields = list(params["field_selectors"])
    if params["name"] and params["namespace"] and not fields and not params["label_selectors"]:
        live = client.get(kind, params["name"], params["namespace"])
        return [live] if live else []
    if params["name"]:
        fields.append("metadata.name=" + params["name"])
    return list(client.list(kind, params["namespace"], ",".join(params["label_selectors"]), ",".join(fields)))
