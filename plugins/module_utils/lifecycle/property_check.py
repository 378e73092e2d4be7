# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running Alluxio knows the declared properties. IO, read-only.

Alluxio accepts any `-D` option and silently ignores unknown keys: a misspelt election timeout leaves the
default in force. `alluxio getConf` lists the keys that it knows; it has the same table of keys as the masters
(PropertyKey.java).
"""

from __future__ import annotations

from contextlib import suppress

from ..alluxio.properties import FIRST_ELECTION_TIMEOUTS, RAFT_PROPERTIES
from ..api.bulk import ref_of
from ..api.client import Client
from ..apply.merge import Change
from ..errors import Forbidden, InvalidInput, QuorumUnknown
from ..fluid import kinds as fluid_kinds
from ..fluid.runtime import raft_options
from ..k8s.kinds import ObjectRef
from ..masters.group import Masters

PREFIX = "alluxio."

_MAPS = (("spec", "properties"), ("spec", "master", "properties"))


def declared(params: dict) -> list[str]:
    """Return the keys of Alluxio's properties that a runtime's options set for its masters. Pure."""
    master = (params.get("master") or {}).get("properties") or {}
    keys = {**(params.get("properties") or {}), **master,
            **{RAFT_PROPERTIES[option]: "" for option in raft_options(params)}}
    return sorted(key for key in keys if key.startswith(PREFIX))


def changed(changes: tuple[Change, ...]) -> list[str]:
    """Return the keys of Alluxio's properties that a write sets for the masters. Pure."""
    return sorted(change.path[-1] for change in changes
                  if not change.removed and change.path[:-1] in _MAPS and change.path[-1].startswith(PREFIX))


def require_known(client: Client, ref: ObjectRef, keys: list[str]) -> None:
    """Raise InvalidInput, naming them, for keys that the running Alluxio does not know.

    FIRST_ELECTION_TIMEOUTS are not checked, since Alluxio does not list them.
    Checks nothing while no master runs. Raises ApiError without the permission create on pods/exec. All keys
    together cost the start of one JVM, 1 to 3 seconds, and of a second one if a key is not listed.
    """
    keys = [key for key in keys if key not in FIRST_ELECTION_TIMEOUTS]
    if not keys:
        return
    try:
        unknown = Masters(client, ref).unknown_properties(keys)
    except QuorumUnknown:
        return
    if unknown:
        raise InvalidInput(
            f"the Alluxio of {fluid_kinds.ALLUXIO_RUNTIME.describe(ref)} does not know {', '.join(unknown)}: "
            f"it would silently ignore {'them' if len(unknown) > 1 else 'it'}; check the spelling against "
            "the Alluxio version of the runtime")


def require_declared_known(client: Client, params: dict) -> None:
    """Call require_known with all properties that a runtime's options set; ignore a missing permission."""
    with suppress(Forbidden):
        require_known(client, ref_of(params), declared(params))
