# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running Alluxio knows the properties that are asked for. IO, read-only.

Alluxio accepts any `-D` option, and one that it does not know does nothing: a misspelt election timeout leaves the default in
force. `alluxio getConf KEY` tells by its exit code, from the same table of keys that the masters have (PropertyKey.java).
"""

from __future__ import annotations

from ..alluxio.properties import RAFT_PROPERTIES
from ..api.client import Client
from ..apply.merge import Change
from ..errors import ApiError, InvalidInput, QuorumUnknown
from ..fluid import kinds as fluid_kinds
from ..fluid.runtime import raft_options
from ..masters.group import Masters

PREFIX = "alluxio."

_WHERE = (("spec", "properties"), ("spec", "master", "properties"))


def asked_for(params: dict) -> list[str]:
    """The properties of Alluxio that a runtime's options set for its masters, by their keys. Pure."""
    master = (params.get("master") or {}).get("properties") or {}
    keys = {**(params.get("properties") or {}), **master, **{RAFT_PROPERTIES[option]: "" for option in raft_options(params)}}
    return sorted(key for key in keys if key.startswith(PREFIX))


def changed(changes: tuple[Change, ...]) -> list[str]:
    """The properties of Alluxio that a write sets for the masters, by their keys. Pure."""
    return sorted(change.path[-1] for change in changes
                  if not change.removed and change.path[:-1] in _WHERE and change.path[-1].startswith(PREFIX))


def require_known(client: Client, namespace: str, name: str, keys: list[str]) -> None:
    """Raise InvalidInput, naming them, for keys that the running Alluxio does not know.

    Nothing is asked without keys, and nothing is known while no master runs. Raises ApiError without the permission for create on
    pods/exec. A key costs the start of a JVM, 1 to 3 seconds.
    """
    if not keys:
        return
    try:
        unknown = Masters(client, namespace, name).unknown_properties(keys)
    except QuorumUnknown:
        return
    if unknown:
        raise InvalidInput(
            f"the Alluxio of {fluid_kinds.ALLUXIO_RUNTIME.describe(name, namespace)} does not know {', '.join(unknown)}: it would ignore "
            f"{'them' if len(unknown) > 1 else 'it'} without a word; check the spelling against the version that runs")


def prove(client: Client, params: dict) -> None:
    """As require_known, for all that the options of a runtime set. Without the permission nothing is proven, and that is no error."""
    try:
        require_known(client, params["namespace"], params["name"], asked_for(params))
    except ApiError as err:
        if err.status != 403:
            raise
