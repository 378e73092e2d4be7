# SPDX-License-Identifier: GPL-3.0-or-later
"""How long after the API shows the awaited state a wait returns.

Ours watches, that of kubernetes.core polls. In this process, so that the start of a module is not in the
figures.
"""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.waiter import Waiter

from ansible_collections.datacache.fluid.plugins.module_utils.api.connection import connect
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import waits

from . import content
from .report import Figure
from .session import Session

WORK = "wait for a phase"
_REPEATS = 20
_POLLING = 5  # seconds between two polls of kubernetes.core, by default
_TIMEOUT = 60
# The state comes at any moment of a polling interval, and never before the wait has begun.
_EARLIEST, _LATEST = 0.5, 0.5 + _POLLING


def measure(session: Session) -> list[Figure]:
    names = content.names(_REPEATS)
    ours = _ours(session)
    try:
        # Without a runtime that could bind it a wait for a Dataset fails at once.
        session.cluster.create(content.runtime(name, session.namespace) for name in names)
        session.cluster.create(content.manifest(name, session.namespace) for name in names)
        watched = [_delay(session, name, ours) for name in names]
        session.cluster.clear("datasets", namespace=session.namespace)
        session.cluster.create(content.manifest(name, session.namespace) for name in names)
        with ThreadPoolExecutor(_REPEATS) as pollers:
            polled = list(pollers.map(lambda name: _delay(session, name, _theirs(session)), names))
    finally:
        session.clear()
    return [
        Figure(WORK, f"delay, median of {_REPEATS}", median(watched), "s", at_most=0.2),
        Figure(WORK, f"delay, worst of {_REPEATS}", max(watched), "s"),
        Figure(WORK, f"delay of kubernetes.core polling every {_POLLING} s, median of {_REPEATS}",
               median(polled), "s"),
    ]


def _delay(session: Session, name: str, wait: Callable[[str], None]) -> float:
    """Seconds from the answer to the status' write to the return of the wait."""
    visible: list[float] = []

    def bind() -> None:
        session.cluster.patch_status(content.manifest(name, session.namespace),
                                     {"phase": "Bound", "conditions": []})
        visible.append(time.monotonic())

    writer = threading.Timer(random.uniform(_EARLIEST, _LATEST), bind)
    writer.start()
    wait(name)
    returned = time.monotonic()
    writer.join()
    # The watch may be told before the writer has its answer.
    return max(0.0, returned - visible[0])


def _ours(session: Session) -> Callable[[str], None]:
    client = connect({"kubeconfig": session.kubeconfig})

    def wait(name: str) -> None:
        ref = ObjectRef(session.namespace, name)
        result = waits.datasets_in_phase(client, [ref._asdict()], "Bound", Deadline(_TIMEOUT))[ref]
        if isinstance(result, Exception):
            raise result

    return wait


def _theirs(session: Session) -> Callable[[str], None]:
    client = get_api_client(kubeconfig=session.kubeconfig)
    resource = client.resource("Dataset", content.API_VERSION)

    def is_bound(existing) -> bool:
        return bool(existing) and (existing.to_dict().get("status") or {}).get("phase") == "Bound"

    def wait(name: str) -> None:
        waiter = Waiter(client, resource, is_bound)
        done, _live, _elapsed = waiter.wait(_TIMEOUT, _POLLING, name, session.namespace)
        if not done:
            raise TimeoutError(f"kubernetes.core has not seen Dataset {name} Bound")

    return wait
