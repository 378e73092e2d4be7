# SPDX-License-Identifier: GPL-3.0-or-later
"""Observations of the caches of one cluster, made when a watch shows a change and at intervals. IO.

No object shows which master leads, so the leaders are asked at each observation.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..module_utils.api import connection
from ..module_utils.api.client import Client
from ..module_utils.errors import ApiError, Expired, FluidError, Forbidden, InvalidInput
from ..module_utils.fluid.kinds import ALLUXIO_RUNTIME, DATASET
from ..module_utils.fluid.names import lease_name
from ..module_utils.k8s.kinds import LEASE, POD, STATEFUL_SET, Kind, ObjectRef
from ..module_utils.k8s.names import require_namespace
from ..module_utils.k8s.pods import is_ready
from ..module_utils.masters.lease import HeldByOthers
from . import cache_reader
from .cache_events import Faults, Observation, has_lost_masters
from .clusters import Cluster

_LOG = logging.getLogger(__name__)
# What shows a change: the StatefulSets have the ready masters and workers, the runtime the ready FUSE pods.
_WATCHED = (DATASET, ALLUXIO_RUNTIME, STATEFUL_SET)
_APP = "alluxio"
_FUSES = "role=alluxio-fuse"
# What no wait mends: refused credentials, and a missing permission.
_REFUSED = (401, 403)
_REFUSED_FOR = 300.0  # seconds after which the source ends; credentials are exchanged in less
_LONGEST_WATCH = 300.0  # seconds
_PAUSE = 5.0  # seconds after a watch that failed, or that a proxy ended at once
# The variables of the environment that hold connection options, as for the modules.
_ENVIRONMENT = {
    "kubeconfig": ("KUBECONFIG",), "context": ("CONTEXT",), "host": ("HOST",), "api_key": ("API_KEY",),
    "username": ("USERNAME",), "password": ("PASSWORD",), "validate_certs": ("VALIDATE_CERTS", "VERIFY_SSL"),
    "ca_cert": ("CA_CERT", "SSL_CA_CERT"), "client_cert": ("CLIENT_CERT", "CERT_FILE"),
    "client_key": ("CLIENT_KEY", "KEY_FILE"), "proxy": ("PROXY",), "no_proxy": ("NO_PROXY",),
}
_PERCENTAGE = "full_percentage"
_NUMBERS = {_PERCENTAGE: 95.0, "lasts": 20.0, "repeat": 600.0, "interval": 15.0}
_FALSE = ("0", "false", "no", "off", "n", "f")


def options(args: Mapping, environment: Mapping[str, str]) -> dict:
    """Return the options of the event source with their defaults, and params with those of the connection.

    An empty text and null are no values. Raises InvalidInput for an unknown option, a number that is none or
    out of its range, and an invalid namespace.
    """
    unknown = sorted(args.keys() - {*_ENVIRONMENT, *_NUMBERS, "namespaces"})
    if unknown:
        raise InvalidInput(f"the event source has no option {unknown[0]}: expected one of "
                           f"{', '.join(sorted({*_ENVIRONMENT, *_NUMBERS, 'namespaces'}))}")
    args = {name: value for name, value in args.items() if value not in ("", None)}
    params = {name: args.get(name) or _first(environment, suffixes)
              for name, suffixes in _ENVIRONMENT.items()}
    # A boolean False of the rulebook is an answer too.
    verified = args.get("validate_certs", params["validate_certs"])
    params["validate_certs"] = None if verified is None else str(verified).lower() not in _FALSE
    return {"params": params, "namespaces": _namespaces(args.get("namespaces") or []),
            **{name: _number(name, args.get(name, default)) for name, default in _NUMBERS.items()}}


def _namespaces(given: object) -> tuple[str, ...]:
    """Return the namespaces of a list, or of a text with commas.

    ansible-rulebook makes a number of a text of digits.
    """
    names = given if isinstance(given, (list, tuple)) else str(given).split(",")
    found = tuple(name for name in (str(each).strip() for each in names) if name)
    for name in found:
        require_namespace(name)
    return found


def _first(environment: Mapping[str, str], suffixes: Iterable[str]) -> str | None:
    return next((environment[f"K8S_AUTH_{suffix}"] for suffix in suffixes
                 if environment.get(f"K8S_AUTH_{suffix}")), None)


def _number(name: str, value: object) -> float:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= (100 if name == _PERCENTAGE else math.inf):
        limit = "to 100" if name == _PERCENTAGE else "or more"
        raise InvalidInput(f"{name} is {value!r}: expected a number of 0 {limit}, such as {_NUMBERS[name]:g}")
    return number


def from_args(args: Mapping) -> CacheWatch:
    """Return the watch of the cluster that the options of the event source, or the environment, name."""
    found = options(args, os.environ)
    return CacheWatch(connection.connect(found["params"]), found["namespaces"], found["interval"], Faults(
        found["full_percentage"], found["lasts"], found["repeat"]))


class CacheWatch:
    """Observes the caches. namespaces: empty for all. interval: seconds between two observations at most."""

    def __init__(self, client: Client, namespaces: tuple[str, ...], interval: float, faults: Faults,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._cluster = Cluster("", {}, namespaces)
        self._interval = interval
        self._faults = faults
        self._now = now
        # The Leases of caches that have lost masters.
        self._leases: dict[ObjectRef, HeldByOthers] = {}
        self._warned: set[str] = set()
        self._outage = ""
        self._observed = False
        # Since when the account is refused; None if it is not.
        self._refused: float | None = None
        self._stopped = threading.Event()

    def events(self) -> list[dict]:
        """Observe all caches once and return what has happened; nothing if the API server does not answer.

        Raises the ApiError of an account that is refused at the first observation, or for long.
        """
        try:
            observations, unread = self._observe()
        except FluidError as err:
            if self._is_refused(err):
                raise
            self._outage = f"the caches could not be observed: {err}"
            self._warn(self._outage)
            return []
        self._observed, self._refused = True, None
        # The next outage is another one.
        self._warned.discard(self._outage)
        return self._faults.events(observations, self._now(), unread)

    def _is_refused(self, err: FluidError) -> bool:
        """Return whether the account is refused, and no wait mends it."""
        if not (isinstance(err, ApiError) and err.status in _REFUSED):
            self._refused = None
            return False
        if self._refused is None:
            self._refused = self._now()
        return not self._observed or self._now() - self._refused >= _REFUSED_FOR

    def pause(self) -> float:
        """Return the seconds until the next observation, unless a watch shows a change before."""
        return self._faults.pause(self._now(), self._interval)

    def start(self, changed: Callable[[], object]) -> None:
        """Watch in the background. changed: called in a thread of the watch for each change."""
        for namespace in self._cluster.namespaces or (None,):
            for kind in _WATCHED:
                threading.Thread(target=self._watch_forever, args=(kind, namespace, changed),
                                 daemon=True).start()

    def stop(self) -> None:
        """End the watches, each after its present request, and report no change any more."""
        self._stopped.set()

    def _watch_forever(self, kind: Kind, namespace: str | None, changed: Callable[[], object]) -> None:
        while not self._stopped.is_set():
            began = self._now()
            failed = False
            try:
                self.watch_once(kind, namespace, changed)
            except Expired:
                pass
            except FluidError as err:
                # Without the watch the interval remains.
                self._warn(f"{kind.plural} are not watched: {err}")
                failed = True
            if failed or self._now() - began < _PAUSE:
                self._stopped.wait(_PAUSE)

    def watch_once(self, kind: Kind, namespace: str | None, changed: Callable[[], object]) -> None:
        """Watch the objects of a kind until the watch ends. A change may have preceded it."""
        _objects, version = self._client.snapshot(kind, namespace)
        self._report(changed)
        for event in self._client.watch(kind, namespace, "", version, _LONGEST_WATCH):
            labels = event["object"]["metadata"].get("labels") or {}
            if self._stopped.is_set():
                return
            if kind != STATEFUL_SET or labels.get("app") == _APP:
                self._report(changed)

    def _report(self, changed: Callable[[], object]) -> None:
        if not self._stopped.is_set():
            changed()

    def _observe(self) -> tuple[list[Observation], frozenset[str]]:
        """Return the caches, and the namespaces that could not be read."""
        caches = cache_reader.read(self._client, self._cluster, cache_reader.Selection(), self._warn)
        dead: dict[tuple[str, str], list[str]] = {}
        without_pods: set[str | None] = set()
        for namespace in self._cluster.namespaces or (None,):
            try:
                for release, pod in self._dead_fuses(namespace):
                    dead.setdefault(release, []).append(pod)
            except Forbidden as err:
                without_pods.add(namespace)
                where = f" of namespace {namespace}" if namespace else ""
                self._warn(f"the FUSE pods{where} were left out: {err}")
        held = self._held(caches.records)
        return [Observation(
            each, None if without_pods & {None, each["namespace"]}
            else tuple(sorted(dead.get((each["namespace"], each["name"]), ()))),
            _lease_of(each) in held) for each in caches.records], caches.unread

    def _held(self, records: list[dict]) -> set[ObjectRef]:
        """Return the Leases that runs hold, of the caches that have lost masters."""
        refs = [_lease_of(each) for each in records if has_lost_masters(each)]
        self._leases = {ref: self._leases.get(ref, HeldByOthers()) for ref in refs}
        return {ref for ref in refs if self._is_held(ref)}

    def _is_held(self, ref: ObjectRef) -> bool:
        try:
            lease = self._client.get(LEASE, ref)
        except Forbidden as err:
            self._warn(f"masters that a run restarts or adds are reported as lost: {err}")
            return False
        return lease is not None and self._leases[ref].hold(lease, self._now())

    def _dead_fuses(self, namespace: str | None) -> Iterator[tuple[tuple[str, str], str]]:
        """Yield the namespace and the name of a cache with the name of a FUSE pod that is not ready."""
        for pod in self._client.list(POD, namespace, _FUSES):
            metadata = pod["metadata"]
            if not is_ready(pod) and not metadata.get("deletionTimestamp"):
                release = (metadata.get("labels") or {}).get("release", "")
                yield (metadata["namespace"], release), metadata["name"]

    def _warn(self, text: str) -> None:
        """Log a warning once."""
        if text not in self._warned:
            self._warned.add(text)
            _LOG.warning("%s", text)


def _lease_of(record: Mapping) -> ObjectRef:
    return ObjectRef(record["namespace"], lease_name(record["name"]))
