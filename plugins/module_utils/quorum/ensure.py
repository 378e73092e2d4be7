# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module alluxio_quorum. Drives IO."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..errors import FluidError
from ..fluid.components import MASTER
from ..fluid.lookup import require_quorum
from ..progress import Reporter
from . import services, stable_addresses
from .client_notes import ClientNotes
from .healer import QuorumHealer


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Complete the quorums, or plan that in check mode; an error carries the actions before it."""
    runtime, leader, excluded = ref_of(params), params["leader"] or "", params["exclude_node"] or ""
    masters = require_quorum(client, runtime, ", which has no quorum: there is nothing to heal")
    healer = QuorumHealer(client, runtime, masters, Deadline(params["wait_timeout"], reporter.progress))
    if leader:
        healer.require_master(leader)
        ClientNotes(client, runtime).require_known(leader)
    replaced = _replace_services(client, params, masters, check_mode)
    if check_mode:
        plan = replaced + [each.as_dict() for each in healer.plan(leader) or (
            healer.plan(healer.candidate_off_node(excluded)) if excluded else [])]
        return {"changed": bool(plan), "plan": plan, "actions": [], "diff": _diff(plan)}
    try:
        group = healer.ensure_complete(leader)[0]
        if excluded and (successor := healer.candidate_off_node(excluded)):
            group = healer.ensure_complete(successor)[0]
    except FluidError as err:
        actions = replaced + [each.as_dict() for each in healer.actions]
        err.details.update(actions=actions, changed=bool(actions))
        raise
    actions = replaced + [each.as_dict() for each in healer.actions]
    leading = group.leading()
    return {"changed": bool(actions), "actions": actions, "leader": leading.pod if leading else None,
            "diff": _diff(actions)}


def _replace_services(client: Client, params: dict, masters: int, check_mode: bool) -> list[dict]:
    """Replace headless Services if stable_peer_addresses is set; return the actions."""
    if not params["stable_peer_addresses"]:
        return []
    find = services.unstable if check_mode else stable_addresses.ensure
    return [{"domain": MASTER, "action": "replace_service", "target": name,
             "reason": "its name does not resolve while its pod is absent"}
            for name in find(client, ref_of(params), masters)]


def _diff(actions: list[dict]) -> dict:
    """Return a diff with one line for each action."""
    lines = [f"{each['domain']}: {each['action']} {each['target']} ({each['reason']})\n" for each in actions]
    return {"before": "", "after": "".join(lines)}
