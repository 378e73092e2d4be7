# SPDX-License-Identifier: GPL-3.0-or-later
"""One unchanged Dataset: requests, and the task's time beside kubernetes.core.k8s on the same object."""

from statistics import median

from . import content, tasks
from .playing import play
from .report import Figure, times
from .session import Session

WORK = "one unchanged Dataset"
_PAIRS_A_ROUND = 10


def measure(session: Session) -> list[Figure]:
    [name] = content.names(1)
    ours, theirs = tasks.dataset(name, session.namespace), tasks.core(name, session.namespace)
    session.cluster.create([content.manifest(name, session.namespace)])
    try:
        requests, core_requests = (_requests(session, task) for task in (ours, theirs))
        # Tasks in turn, so that both meet the same load of the machine.
        pairs = [ours, theirs] * _PAIRS_A_ROUND * session.rounds
        seconds = play(pairs, session.kubeconfig)
    finally:
        session.clear()
    our_seconds, core_seconds = median(seconds[::2]), median(seconds[1::2])
    return [
        Figure(WORK, "requests", requests, at_most=1),
        Figure(WORK, "requests of kubernetes.core.k8s", core_requests),
        Figure(WORK, "time of the task", our_seconds, "s"),
        Figure(WORK, "time of kubernetes.core.k8s", core_seconds, "s"),
        times(WORK, "the time of kubernetes.core.k8s", our_seconds, core_seconds, at_most=0.8),
    ]


def _requests(session: Session, task: dict) -> int:
    """The requests of an unchanged run; a first one lets the tool fill its caches and settles the object."""
    play([task], session.proxy.kubeconfig)
    session.proxy.take()
    play([task], session.proxy.kubeconfig)
    return len(session.proxy.take())
