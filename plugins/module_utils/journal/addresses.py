# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of the masters in ConfigMap <name>-config, which new journals begin with as peers. Pure.

A journal that exists keeps its own peers.
"""

from __future__ import annotations

from ..alluxio import java_options
from ..alluxio.properties import JOURNAL_ADDRESSES
from ..fluid import names as fluid_names
from ..fluid.components import COMMON_JAVA_OPTIONS


def members_of(text: str) -> tuple[str, ...]:
    """Return the journal's addresses, host:port each, in the common Java options."""
    return tuple(each for each in java_options.properties(text).get(JOURNAL_ADDRESSES, "").split(",") if each)


def with_members(text: str, name: str, members: int) -> str:
    """Return the common Java options with the journal's addresses of that many masters."""
    existing = members_of(text)
    if not existing:
        return text
    port = existing[0].rpartition(":")[2]
    desired = tuple(f"{fluid_names.master_pod(name, index)}:{port}" for index in range(members))
    return text if existing == desired else java_options.with_property(
        text, JOURNAL_ADDRESSES, ",".join(desired))


def listing(name: str, members: int, config_map: dict) -> dict | None:
    """Return the merge patch by which the ConfigMap lists that many masters; None for no change."""
    text = (config_map.get("data") or {}).get(COMMON_JAVA_OPTIONS, "")
    desired = with_members(text, name, members)
    return None if desired == text else {"data": {COMMON_JAVA_OPTIONS: desired}}
