# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the masters of a runtime addresses that stay: replaces their headless Services. IO.

A Service's cluster IP cannot be set later, so each Service is deleted and made anew, one at a time: the next one only when the
running masters resolve and reach the one before, so that never a majority is without each other's addresses.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Callable, Iterable

from ..api import bulk
from ..api.bulk import Key, key_of
from ..api.client import Client
from ..api.pod_exec import execute
from ..api.waiter import Waiter
from ..apply.field_manager import MANAGER
from ..apply.reconcile import Outcome
from ..errors import AlreadyExists, ApiError, Conflict, FluidError
from ..fluid import diagnosis
from ..fluid.names import master_selector
from ..k8s import kinds, pods as k8s_pods
from ..k8s.wait_status import WaitStatus
from ..progress import Progress
from . import peer_services

# Seconds. kube-proxy and DNS follow a new Service within one or two; a name that was looked up in between may be remembered
# as unknown for 10 (networkaddress.cache.negative.ttl of Java).
_REACHED_WITHIN = 30.0
_PAUSE = 0.5
_PROBE_TIMEOUT = 10.0
# Whether a master's name leads to its cluster IP and, where it runs, something listens there. Arguments: name, address, port.
_PROBE = '[ "$(getent hosts "$1" | cut -d" " -f1)" = "$2" ] && { [ -z "$3" ] || timeout 3 bash -c "exec 3<>/dev/tcp/$2/$3"; }'


def ensure_for_runtimes(client: Client, items: list[dict], outcomes: list[Outcome | FluidError], params: dict,
           dry_run: bool) -> list[Outcome | FluidError]:
    """Give the masters of those runtimes that want it stable addresses; return the outcomes with what that changed.

    With wait in params it waits for Fluid to make the Services of a new runtime; otherwise the next run gives them addresses.
    """
    desired = {key_of(item): item for item, outcome in zip(items, outcomes, strict=True)
              if item["stable_peer_addresses"] and not isinstance(outcome, FluidError) and not outcome.error}
    # Fluid cannot have made the Services of a runtime that was created just now.
    new = {key_of(item) for item, outcome in zip(items, outcomes, strict=True) if key_of(item) in desired and outcome.created}
    waits = params["wait"] and not dry_run
    if not waits:
        desired = {key: item for key, item in desired.items() if key not in new}
    if not desired:
        return outcomes
    objects = _services(client, [key for key in desired if key not in new])
    late = {key: item for key, item in desired.items() if key in new or not _known(objects, item)}
    errors: dict[Key, FluidError] = {}
    if late and waits:
        errors = _await_services(client, late, params["wait_timeout"])
        objects.update(_services(client, late))

    def action(pair: tuple[dict, Outcome | FluidError]) -> Outcome | FluidError:
        item, outcome = pair
        if key_of(item) not in desired:
            return outcome
        if key_of(item) in errors:
            return replace(outcome, error=errors[key_of(item)])
        return _stabilized(client, item, outcome, objects[item["namespace"]], dry_run)

    return bulk.work(list(zip(items, outcomes, strict=True)), action)


def ensure(client: Client, namespace: str, name: str, masters: int) -> list[str]:
    """Replace the headless Services of one runtime, and return their names; [] when all are stable."""
    objects = _listed(client, namespace)
    headless = peer_services.unstable(name, masters, objects)
    for each in headless:
        _replace(client, namespace, objects.get(each), peer_services.sibling(name, masters, objects, each), each)
        _await_reached(client, namespace, name, each)
    return headless


def unstable(client: Client, namespace: str, name: str, masters: int) -> list[str]:
    """Return the names of the Services that ensure() would replace."""
    return peer_services.unstable(name, masters, _listed(client, namespace))


def _stabilized(client: Client, item: dict, outcome: Outcome, objects: dict[str, dict], dry_run: bool) -> Outcome:
    masters = item["master_replicas"]
    headless = peer_services.unstable(item["name"], masters, objects)
    if not headless:
        return outcome
    before = {name: {"clusterIP": objects[name]["spec"].get("clusterIP")} if name in objects else {} for name in headless}
    after = {name: {"clusterIP": "assigned by the cluster", "publishNotReadyAddresses": True} for name in headless}
    # Those of a new runtime belong to its creation, of which check mode knows no Services yet.
    changed = outcome if outcome.created else replace(outcome, changed=True, diff={
        "before": {**outcome.diff["before"], "services": before}, "after": {**outcome.diff["after"], "services": after}})
    if dry_run:
        return changed
    try:
        ensure(client, item["namespace"], item["name"], masters)
    except FluidError as err:
        return replace(changed, error=err)
    return changed


def _services(client: Client, keys: Iterable[Key]) -> dict[str, dict[str, dict]]:
    """The masters' Services of each namespace, by their names."""
    return {namespace: _listed(client, namespace) for namespace in {namespace for namespace, _name in keys}}


def _listed(client: Client, namespace: str) -> dict[str, dict]:
    return {existing["metadata"]["name"]: existing for existing in client.list(kinds.SERVICE, namespace, peer_services.SELECTOR)}


def _known(objects: dict[str, dict[str, dict]], item: dict) -> bool:
    return any(name in objects[item["namespace"]] for name in peer_services.names(item["name"], item["master_replicas"]))


def _await_services(client: Client, items: dict[Key, dict], timeout: float) -> dict[Key, FluidError]:
    """Wait until Fluid has made the masters' Services; return the errors of the waits that failed."""
    errors: dict[Key, FluidError] = {}
    report_progress = Progress.from_environment().report_progress
    for (namespace, name), item in items.items():
        waiter = Waiter(client, timeout, partial(_explain, client, namespace, name), report_progress)
        predicates = {service: _exists for service in peer_services.names(name, item["master_replicas"])}
        found = waiter.until_each("exist", kinds.SERVICE, namespace, predicates)
        failed = [each for each in found.values() if isinstance(each, FluidError)]
        if failed:
            errors[namespace, name] = failed[0]
    return errors


def _exists(existing: dict | None) -> WaitStatus:
    return WaitStatus(existing is not None, "Fluid has not made it yet")


def _explain(client: Client, namespace: str, name: str, _service: str) -> list[str]:
    return diagnosis.explain_runtime(client, namespace, name)


def _replace(client: Client, namespace: str, existing: dict | None, pattern: dict, name: str) -> None:
    """Delete the Service and make the stable one; a run that was cut off in between finds it missing and makes it."""
    manifest = peer_services.stable(pattern, name)
    if existing is not None:
        client.delete(kinds.SERVICE, name, namespace, existing["metadata"]["uid"])
    try:
        client.create(kinds.SERVICE, manifest, MANAGER)
    except AlreadyExists as err:
        made = client.get(kinds.SERVICE, name, namespace)
        if made is None or not peer_services.is_stable(made):
            raise Conflict(f"{kinds.SERVICE.describe(name, namespace)} was made by somebody else while it was being replaced, without a "
                           "cluster IP: find out who makes it, then run this again") from err


def _await_reached(client: Client, namespace: str, runtime: str, name: str,
                   clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait until the other running masters reach the master by its new address."""
    service = client.get(kinds.SERVICE, name, namespace)
    pods = {pod["metadata"]["name"]: pod for pod in client.list(kinds.POD, namespace, master_selector(runtime))}
    ready = {pod_name for pod_name, pod in pods.items() if k8s_pods.is_ready(pod)}
    port = next((str(each["port"]) for each in service["spec"]["ports"] if each.get("name") == "embedded"), "")
    deadline = clock() + _REACHED_WITHIN
    for pod in sorted(ready - {name}):
        command = ["bash", "-c", _PROBE, "probe", name, service["spec"]["clusterIP"], port if name in ready else ""]
        while not _succeeds(client, namespace, pod, command):
            if clock() > deadline:
                raise Conflict(
                    f"master {pod} does not reach {name} by the cluster IP of its Service {service['spec']['clusterIP']} after "
                    f"{_REACHED_WITHIN:.0f} seconds: the masters' other Services are left as they are; look at kube-proxy and the "
                    "cluster's DNS, then run this again")
            sleep(_PAUSE)


def _succeeds(client: Client, namespace: str, pod: str, command: Iterable[str]) -> bool:
    try:
        return execute(client, namespace, pod, "alluxio-master", list(command), _PROBE_TIMEOUT).code == 0
    except ApiError as err:
        if err.status == 403:
            raise
        return False
