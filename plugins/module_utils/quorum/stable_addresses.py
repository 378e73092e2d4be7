# SPDX-License-Identifier: GPL-3.0-or-later
"""Replaces the headless Services of a runtime's masters by Services with a cluster IP. IO.

The cluster IP of a Service is immutable, so each Service is deleted and created again, one at a time. The
next one follows only when the running masters resolve and reach the previous one; a majority always has each
other's addresses. The pattern of a Service that is missing is that of another master, or a copy of its own.
"""

from __future__ import annotations

from collections.abc import Set
from contextlib import suppress
from dataclasses import replace
from functools import partial

from ..api import bulk, pod_exec
from ..api.bulk import ref_of
from ..api.client import Client
from ..api.deadline import Deadline
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..apply.reconcile import Outcome
from ..apply.update import require
from ..errors import AlreadyExists, Conflict, FluidError, answer_or
from ..fluid import diagnosis
from ..fluid.components import MASTER, MASTER_CONTAINER, raft_component
from ..fluid.names import master_selector
from ..k8s import kinds, pods as k8s_pods
from ..k8s.kinds import ObjectRef
from ..k8s.wait_status import WaitStatus
from ..masters.lease import held
from . import peer_services
from .services import services_of

# Seconds. kube-proxy and DNS follow a new Service within 2; Java may cache an unresolved name for 10
# (networkaddress.cache.negative.ttl).
_REACHED_WITHIN = 30.0
_PAUSE = 0.5
_PROBE_TIMEOUT = 10.0
# Exits with 0 when a master's name resolves to its cluster IP and, if a port is given, something listens
# there. Arguments: name, address, port.
_PROBE = """[ "$(getent hosts "$1" | cut -d" " -f1)" = "$2" ] &&
  { [ -z "$3" ] || timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3"; }"""


def ensure_for_runtimes(client: Client, items: list[dict], outcomes: list[Outcome | FluidError],
                        deadline: Deadline, wait: bool,
                        dry_run: bool) -> list[Outcome | FluidError]:
    """Give masters of runtimes with stable_peer_addresses a cluster IP each; return the updated outcomes.

    wait: whether to wait until Fluid has created the Services of a new runtime; otherwise the next run
    replaces them.
    """
    waits = wait and not dry_run
    pairs = list(zip(items, outcomes, strict=True))
    desired: dict[ObjectRef, dict] = {}
    new: set[ObjectRef] = set()  # created by this run, so without Services yet
    for item, outcome in pairs:
        if (item["stable_peer_addresses"] and not isinstance(outcome, FluidError) and not outcome.error
                and (waits or not outcome.created)):
            desired[ref_of(item)] = item
            if outcome.created:
                new.add(ref_of(item))
    if not desired:
        return outcomes
    services = _services(desired.keys() - new, client)
    errors: dict[ObjectRef, FluidError] = {}
    if waits:
        awaited = {
            ref: item for ref, item in desired.items() if ref in new or not _has_services(services, item)}
        errors = _await_services(client, awaited, deadline)
        services.update(_services(awaited.keys(), client))

    def stabilize(pair: tuple[dict, Outcome | FluidError]) -> Outcome | FluidError:
        item, outcome = pair
        if isinstance(outcome, FluidError) or ref_of(item) not in desired:
            return outcome
        if ref_of(item) in errors:
            return replace(outcome, error=errors[ref_of(item)])
        return _stabilized(client, item, outcome, services[item["namespace"]], deadline, dry_run)

    return bulk.work(pairs, stabilize)


def ensure(client: Client, runtime: ObjectRef, masters: int) -> list[str]:
    """Replace the headless Services of one runtime; return their names, [] when all are stable.

    The caller holds the Lease of the masters.
    """
    services = services_of(client, runtime.namespace)
    headless = peer_services.unstable(runtime.name, masters, services)
    for name in headless:
        existing, copied = services.get(name), peer_services.copy_name(name) in services
        if existing is not None and len(services.keys() & peer_services.names(runtime.name, masters)) == 1:
            copied = _copy(client, existing) or copied
        if existing is None or not peer_services.is_stable(existing):
            _replace(client, ObjectRef(runtime.namespace, name), existing,
                     peer_services.sibling(runtime.name, masters, services, name))
        if copied:
            _remove_copy(client, ObjectRef(runtime.namespace, peer_services.copy_name(name)))
        _await_reached(client, runtime, name)
    return headless


def _stabilized(client: Client, item: dict, outcome: Outcome, services: dict[str, dict], deadline: Deadline,
                dry_run: bool) -> Outcome:
    masters = item["master_replicas"]
    headless = peer_services.unstable(item["name"], masters, services)
    if not headless:
        return outcome
    before = {name: {"clusterIP": services[name]["spec"].get("clusterIP")} if name in services else {}
              for name in headless}
    after = {name: {"clusterIP": "assigned by the cluster", "publishNotReadyAddresses": True}
             for name in headless}
    # The Services of a new runtime are part of its creation; check mode has no Services of it to show.
    changed = outcome if outcome.created else replace(outcome, changed=True, diff={
        "before": {**outcome.diff["before"], "services": before},
        "after": {**outcome.diff["after"], "services": after}})
    if dry_run:
        return changed
    try:
        with held(client, ref_of(item), deadline.again(), "replace the Services of the masters") as holder:
            ensure(holder, ref_of(item), masters)
    except FluidError as err:
        return replace(changed, error=err)
    return changed


def _services(refs: Set[ObjectRef], client: Client) -> dict[str | None, dict[str, dict]]:
    """Return the masters' Services in each namespace, by name."""
    return {namespace: services_of(client, namespace) for namespace in {ref.namespace for ref in refs}}


def _has_services(services: dict[str | None, dict[str, dict]], item: dict) -> bool:
    """Return whether Fluid has created them: at least one Service, or a copy that replaces it, exists."""
    found = services[item["namespace"]]
    return any(name in found or peer_services.copy_name(name) in found
               for name in peer_services.names(item["name"], item["master_replicas"]))


def _await_services(
        client: Client, items: dict[ObjectRef, dict], deadline: Deadline) -> dict[ObjectRef, FluidError]:
    """Wait until Fluid has created the masters' Services; return the errors of failed waits."""
    errors: dict[ObjectRef, FluidError] = {}
    for ref, item in items.items():
        waiter = Waiter(client, deadline.again(), partial(_explain, client, ref))
        predicates = dict.fromkeys(peer_services.names(ref.name, item["master_replicas"]), _exists)
        found = waiter.until_each("exist", kinds.SERVICE, ref.namespace, predicates)
        failed = [each for each in found.values() if isinstance(each, FluidError)]
        if failed:
            errors[ref] = failed[0]
    return errors


def _explain(client: Client, runtime: ObjectRef, _service: str) -> list[str]:
    return diagnosis.explain_runtime(client, runtime)


def _exists(existing: dict | None) -> WaitStatus:
    return WaitStatus(existing is not None, "Fluid has not created it yet")


def _copy(client: Client, existing: dict) -> bool:
    """Create the copy of an unstable Service that has no sibling; return whether there is one now.

    A quota or an admission controller refuses it before anything is deleted.
    """
    if peer_services.is_stable(existing):
        return False
    with suppress(AlreadyExists):
        client.create(kinds.SERVICE, peer_services.copy_of(existing), MANAGER)
    return True


def _remove_copy(client: Client, ref: ObjectRef) -> None:
    copy = client.get(kinds.SERVICE, ref)
    if copy is not None:
        client.delete(kinds.SERVICE, ref, copy["metadata"]["uid"])


def _replace(client: Client, ref: ObjectRef, existing: dict | None, pattern: dict) -> None:
    """Delete the Service and create the stable one; after an interruption the next run creates it."""
    if existing is not None:
        client.delete(kinds.SERVICE, ref, existing["metadata"]["uid"])
    try:
        client.create(kinds.SERVICE, peer_services.stable(pattern, ref.name), MANAGER)
    except AlreadyExists as err:
        created = client.get(kinds.SERVICE, ref)
        if created is None or not peer_services.is_stable(created):
            raise Conflict(f"{kinds.SERVICE.describe(ref)} was created by another client while it was being "
                           "replaced, without a cluster IP: find out which client creates it, then run this "
                           "again") from err


def _await_reached(client: Client, runtime: ObjectRef, name: str) -> None:
    """Wait until the other running masters reach the master at its new address."""
    service = require(client, kinds.SERVICE, ObjectRef(runtime.namespace, name))
    pods = client.list(kinds.POD, runtime.namespace, master_selector(runtime.name))
    ready = {pod["metadata"]["name"] for pod in pods if k8s_pods.is_ready(pod)}
    raft_port = raft_component(MASTER).raft_port
    port = next((str(each["port"]) for each in service["spec"]["ports"] if each.get("name") == raft_port), "")
    address = service["spec"]["clusterIP"]
    deadline = Deadline(_REACHED_WITHIN)
    for pod in sorted(ready - {name}):
        command = ["bash", "-c", _PROBE, "probe", name, address, port if name in ready else ""]
        probe = partial(_probe, client, ObjectRef(runtime.namespace, pod), command)
        deadline.poll_until(f"{pod} to reach {name}", probe, _PAUSE, partial(_unreached, pod, name, address))


def _probe(client: Client, pod: ObjectRef, command: list[str]) -> WaitStatus:
    result = answer_or(None, partial(
        pod_exec.execute, client, pod, MASTER_CONTAINER, command, _PROBE_TIMEOUT))
    return WaitStatus(result is not None and result.code == 0)


def _unreached(pod: str, name: str, address: str, _progress: str) -> Conflict:
    return Conflict(f"master {pod} does not reach {name} by the cluster IP of its Service {address} after "
                    f"{_REACHED_WITHIN:.0f} seconds: the other Services of the masters are unchanged; check "
                    "kube-proxy and the cluster's DNS, then run this again")
