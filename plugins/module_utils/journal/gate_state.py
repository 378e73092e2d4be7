# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes the gate of a runtime's masters. IO."""

from __future__ import annotations

from ..api.client import Client
from ..apply import update
from ..fluid import names as fluid_names
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from . import gate


def close(client: Client, runtime: ObjectRef) -> None:
    """Close the gate unless it is closed. Call it only after both groups were seen complete.

    Without the ConfigMap, which Fluid renders, there is no gate.
    """
    config = ObjectRef(runtime.namespace, fluid_names.config_map_name(runtime.name))
    existing = client.get(kinds.CONFIG_MAP, config)
    if existing is not None and gate.closing(existing):
        update.change(client, kinds.CONFIG_MAP, config, gate.closing)
