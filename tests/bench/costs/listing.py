# SPDX-License-Identifier: GPL-3.0-or-later
"""10 000 Datasets listed: requests, and the peak resident memory of the module's process."""

from . import content, tasks
from .playing import MemoryMeter, play
from .report import Figure
from .session import Session

SIZE = 10_000
WORK = f"{SIZE} Datasets listed as summary"


def measure(session: Session) -> list[Figure]:
    meter = MemoryMeter(session.folder)
    try:
        session.cluster.create(content.manifest(name, session.namespace) for name in content.names(SIZE))
        ours, core = (_listed(session, task, meter) for task in (
            tasks.summary(session.namespace), tasks.core_info(session.namespace)))
    finally:
        session.clear()
    return [
        Figure(WORK, "requests", ours[0], at_most=25),
        Figure(WORK, "resident memory, peak", ours[1], "MB", at_most=300),
        Figure(WORK, "time of the task", ours[2], "s"),
        Figure(WORK, "resident memory of kubernetes.core.k8s_info, peak", core[1], "MB"),
        Figure(WORK, "time of kubernetes.core.k8s_info", core[2], "s"),
    ]


def _listed(session: Session, task: dict, meter: MemoryMeter) -> tuple[int, float, float]:
    """Requests, memory in MB and seconds of a task; the requests are counted in a run of their own."""
    session.proxy.take()
    play([task], session.proxy.kubeconfig)
    requests = len(session.proxy.take())
    [seconds] = play([task], session.kubeconfig, interpreter=meter.interpreter)
    return requests, meter.take(), seconds
