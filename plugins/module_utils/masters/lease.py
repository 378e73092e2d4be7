# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease <name>-masters, which whatever acts on a runtime's masters holds: one run at a time. IO.

Clocks are never compared. A Lease has expired when its object did not change for its duration, by the clock
of the observer. So a holder that was killed costs the next run at most that duration. The holder renews in
the background, and before a request if the last renewal is old; it stops if another run has the Lease.
"""

from __future__ import annotations

import getpass
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from ..api.client import Client
from ..api.deadline import Clock, Deadline
from ..api.guarded import GuardedClient
from ..api.transport import ATTEMPTS
from ..apply.field_manager import MANAGER, ROUNDS
from ..errors import (
    AlreadyExists,
    ApiError,
    FluidError,
    LeaseHeld,
    LeaseLost,
    ServerUnavailable,
    WriteConflict,
)
from ..fluid import kinds as fluid_kinds
from ..fluid.names import lease_name
from ..k8s.kinds import LEASE, ObjectRef
from ..k8s.wait_status import WaitStatus
from ..progress import CALLER

# Seconds without a renewal after which another run takes the Lease over.
DURATION = 40
# Seconds between two renewals: three may fail before another run can take over.
RENEW_EVERY = 10.0
# Seconds. An act on a master needs a younger renewal: a Lease that a person deletes is free at once.
_FRESH = 1.0
# Seconds between two attempts to acquire the Lease.
_PAUSE = 1.0
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class HeldByOthers:
    """Whether another run holds one Lease, by the clock of the observer."""

    def __init__(self) -> None:
        # The version of the Lease, and the time of its first observation.
        self._observed = ("", 0.0)

    def hold(self, lease: dict, now: float) -> bool:
        """Return whether a run holds the Lease that was read now, and renews it."""
        spec = _spec(lease)
        if not spec.get("holderIdentity"):
            return False
        version = lease["metadata"]["resourceVersion"]
        if self._observed[0] != version:
            self._observed = (version, now)
        return now - self._observed[1] < min(spec.get("leaseDurationSeconds") or DURATION, DURATION)


class Lease:
    """One Lease. holder: identifies this run. owner: reads the runtime, with which the Lease is deleted."""

    def __init__(self, client: Client, ref: ObjectRef, holder: str, clock: Clock,
                 owner: Callable[[], dict | None] = lambda: None) -> None:
        self._client = client
        self._ref = ref
        self._holder = holder
        self._clock = clock
        self._owner = owner
        self._lock = threading.Lock()
        self._held: dict | None = None
        self._lost = ""
        self._renewed = 0.0
        self._others = HeldByOthers()

    def acquire(self) -> WaitStatus:
        """Try to acquire the Lease once; the progress names its holder."""
        existing = self._client.get(LEASE, self._ref)
        try:
            if existing is None:
                self._store(lambda: self._client.create(LEASE, self._manifest(), MANAGER))
            elif self._is_free(existing):
                self._store(partial(self._take, existing))
            else:
                return WaitStatus(False, _described(existing))
        except (AlreadyExists, WriteConflict):
            return WaitStatus(False, "another run is acquiring it")
        return WaitStatus(True)

    def require_now(self) -> None:
        """Raise LeaseLost unless this run holds the Lease at present, before an act on a master."""
        self.require(_FRESH)

    def require(self, renewed_within: float | None = None) -> None:
        """Raise LeaseLost unless this run holds the Lease; renew it if the last renewal is old.

        renewed_within: seconds, RENEW_EVERY by default.
        """
        with self._lock:
            if self._held is None or self._lost:
                raise self._loss()
            limit = RENEW_EVERY if renewed_within is None else renewed_within
            if self._clock.monotonic() - self._renewed >= limit:
                self._renew()

    def release(self) -> None:
        """Give the Lease up for the next run, if this run holds it."""
        with self._lock:
            if self._held is None or self._lost:
                return
            metadata, self._held = self._held["metadata"], None
            with suppress(FluidError):
                if metadata.get("ownerReferences"):
                    self._client.patch(LEASE, self._ref, {
                        "metadata": {"resourceVersion": metadata["resourceVersion"]},
                        "spec": {"holderIdentity": ""}}, MANAGER)
                else:  # nothing would delete it
                    self._client.once().delete(LEASE, self._ref, metadata["uid"])

    def _renew(self) -> None:
        """Renew the Lease. Sets the reason of its loss if another run has it.

        After a conflict its holder is read: the answer to an earlier write was lost, or a client that does
        not act on masters has changed its metadata. A refusal is no error of the request that follows, which
        some callers do without.
        """
        existing: dict | None = self._held
        for _round in range(ROUNDS):
            try:
                return self._store(partial(self._take, existing or {}))
            except WriteConflict:
                pass
            except ServerUnavailable:
                raise
            except ApiError as err:
                if err.status != 404:
                    raise self._loss(f"its renewal is refused: {err}") from err
                if self._create_again():
                    return
            existing = self._client.get(LEASE, self._ref)
            if existing is None or _spec(existing).get("holderIdentity") != self._holder:
                self._lose(existing)
        raise self._loss("other clients change it continuously")

    def _create_again(self) -> bool:
        """Return whether the Lease is created that was deleted with a runtime that is recreated."""
        try:
            self._store(lambda: self._client.create(LEASE, self._manifest(), MANAGER))
        except AlreadyExists:
            return False
        except ServerUnavailable:
            raise
        except ApiError as err:
            raise self._loss(f"it was deleted, and its creation is refused: {err}") from err
        return True

    def _lose(self, existing: dict | None) -> None:
        self._lost = _described(existing) if existing else "it was deleted"
        raise self._loss()

    def _loss(self, reason: str = "") -> LeaseLost:
        reason = reason or self._lost or "this run does not hold it"
        return LeaseLost(f"{LEASE.describe(self._ref)} was lost: {reason}. Nothing more was changed; run "
                         "this again, and the next run continues")

    def _store(self, write: Callable[[], dict]) -> None:
        """Record a successful write; its age counts from before the request."""
        began = self._clock.monotonic()
        self._held = write()
        self._renewed = began

    def _is_free(self, existing: dict) -> bool:
        return (_spec(existing).get("holderIdentity") == self._holder
                or not self._others.hold(existing, self._clock.monotonic()))

    def _take(self, existing: dict) -> dict:
        spec = _spec(existing)
        renewal = {"renewTime": self._now(), "leaseDurationSeconds": DURATION}
        if spec.get("holderIdentity") != self._holder:
            renewal.update(holderIdentity=self._holder, acquireTime=self._now(),
                           leaseTransitions=(spec.get("leaseTransitions") or 0) + 1)
        return self._client.patch(LEASE, self._ref, {
            "metadata": {"resourceVersion": existing["metadata"]["resourceVersion"]}, "spec": renewal},
            MANAGER)

    def _manifest(self) -> dict:
        metadata: dict = {"name": self._ref.name, "namespace": self._ref.namespace}
        owner = self._owner()
        if owner is not None:
            metadata["ownerReferences"] = [
                fluid_kinds.owned_by_runtime(owner["metadata"]["name"], owner["metadata"]["uid"])]
        return {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata, "spec": {
            "holderIdentity": self._holder, "leaseDurationSeconds": DURATION, "acquireTime": self._now(),
            "renewTime": self._now(), "leaseTransitions": 0}}

    def _now(self) -> str:
        return self._clock.utc_now().strftime(_TIME)


@contextmanager
def held(client: Client, runtime: ObjectRef, deadline: Deadline, purpose: str) -> Iterator[Client]:
    """Hold the Lease of a runtime's masters; yield a client that requires it before each request.

    purpose: what the run does, for the message of another run. The yielded client also outlasts an
    unavailable API server until the deadline. Raises LeaseHeld if another run holds the Lease until the
    deadline. In the block, requests raise LeaseLost once another run has taken over.
    """
    patient = GuardedClient(client, deadline)
    ref = _lease_of(runtime)
    # An outage is outlasted not here but by the request that needs the renewal, which checks again. A late
    # repetition conflicts with the Lease's newer version.
    lease = Lease(client.once(attempts=ATTEMPTS), ref, identity(purpose), deadline.clock,
                  lambda: patient.get(fluid_kinds.ALLUXIO_RUNTIME, runtime))
    deadline.poll_until(f"the masters of {fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)}", lease.acquire,
                        _PAUSE, partial(_held_by_another, runtime, deadline))
    try:
        with _ended_by_sigterm(), _renewed(lease):
            yield GuardedClient(client, deadline, lease.require, lease.require_now, answered=True)
    finally:
        lease.release()


def await_end(client: Client, runtime: ObjectRef, deadline: Deadline) -> None:
    """Wait while another run holds the Lease, without acquiring it.

    Raises LeaseHeld if a run holds it until the deadline.
    """
    ref, others = _lease_of(runtime), HeldByOthers()

    def ended() -> WaitStatus:
        existing = client.get(LEASE, ref)
        if existing is None or not others.hold(existing, deadline.clock.monotonic()):
            return WaitStatus(True)
        return WaitStatus(False, _described(existing))
    deadline.poll_until(f"the masters of {fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)}", ended, _PAUSE,
                        partial(_held_by_another, runtime, deadline))


def identity(purpose: str) -> str:
    """Return the identity of this run: user, host, purpose and play, and a part that makes it unique."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # the user has no name
        user = str(os.getuid())
    caller = os.environ.get(CALLER, "")
    described = f"{purpose} ({caller})" if caller else purpose
    return f"{user}@{socket.gethostname()}: {described} [{secrets.token_hex(4)}]"


def _spec(existing: dict) -> dict:
    return existing.get("spec") or {}  # optional in the API


def _described(existing: dict) -> str:
    spec = _spec(existing)
    since = spec.get("acquireTime") or "an unknown time"
    return f"{spec.get('holderIdentity') or 'nobody'} holds it since {since}"


def _lease_of(runtime: ObjectRef) -> ObjectRef:
    return ObjectRef(runtime.namespace, lease_name(runtime.name))


def _held_by_another(runtime: ObjectRef, deadline: Deadline, progress: str) -> LeaseHeld:
    lease = LEASE.describe(_lease_of(runtime))
    return LeaseHeld(f"another run acts on the masters of {fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)}: "
                     f"{lease}: {progress}; waited {deadline.seconds:g} s and changed nothing: run this "
                     "again after its end")


@contextmanager
def _renewed(lease: Lease) -> Iterator[None]:
    """Renew the Lease in the background, while a long command runs and no request is sent."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_EVERY):
            with suppress(FluidError):  # the next request raises it
                lease.require()

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM, by which AWX cancels a job, end the run with the release of the Lease."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return

    def end(_number: int, _frame: object) -> None:
        raise SystemExit("terminated by SIGTERM")

    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
