# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the Services that the Raft peers of a runtime use. IO, read-only."""

from __future__ import annotations

from ..api.client import Client
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from . import peer_services


def services_of(client: Client, namespace: str | None, release: str = "") -> dict[str, dict]:
    """Return the Services of all masters in a namespace, by name. release: a runtime, for its own alone."""
    selector = f"release={release},{peer_services.SELECTOR}" if release else peer_services.SELECTOR
    listed = client.list(kinds.SERVICE, namespace, selector)
    return {existing["metadata"]["name"]: existing for existing in listed}


def unstable(client: Client, runtime: ObjectRef, masters: int) -> list[str]:
    """Return the names of the runtime's Services that are headless, or missing after an interruption."""
    return peer_services.unstable(runtime.name, masters, services_of(client, runtime.namespace))
