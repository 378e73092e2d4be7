# SPDX-License-Identifier: GPL-3.0-or-later
"""1000 Datasets, unchanged and new: one task of ours, a loop of kubernetes.core.k8s, kubectl, raw requests.

A task of Ansible's that does nothing with the same list stands beside them: no module can be faster than it,
and none that creates the objects faster than it and the raw requests together.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from . import content, tasks
from .playing import play
from .report import Figure, times
from .session import Session

SIZE = 1000
UNCHANGED = f"{SIZE} unchanged Datasets"
NEW = f"{SIZE} new Datasets"
# The loop takes two thirds of a second for each object, kubectl without --server-side a tenth; their time
# grows with the number.
_LOOP = 50
_CLIENT_SIDE = 100
_IDLE = "time of a module that does nothing, with the same list"

Run = Callable[[], float]


def measure_unchanged(session: Session) -> list[Figure]:
    runs = _runs(session)
    try:
        session.cluster.create(content.manifest(name, session.namespace) for name in content.names(SIZE))
        # A first run of each settles who owns the fields, and fills the caches.
        for run in runs.values():
            run()
        ours, loop, kubectl, client_side, idle = _in_turn(session.rounds, list(runs.values()))
        requests = _requests(session)
    finally:
        session.clear()
    return [
        Figure(UNCHANGED, "requests", len(requests), at_most=5),
        *_compared(UNCHANGED, ours, loop, kubectl, client_side, of_loop=1 / 300, of_kubectl=1 / 40),
        Figure(UNCHANGED, _IDLE, idle, "s"),
    ]


def measure_new(session: Session) -> list[Figure]:
    try:
        requests = _requests(session)
        runs = {**_runs(session), "raw": lambda: _replay(session, requests)}
        ours, loop, kubectl, client_side, idle, raw = _in_turn(
            session.rounds, [_afresh(session, run) for run in runs.values()])
    finally:
        session.clear()
    return [
        Figure(NEW, "requests", len(requests)),
        *_compared(NEW, ours, loop, kubectl, client_side, of_loop=1 / 50, of_kubectl=1 / 10),
        Figure(NEW, "time of the same requests, raw", raw, "s"),
        times(NEW, "the time of the same requests, raw", ours, raw, at_most=1.5),
        Figure(NEW, _IDLE, idle, "s"),
        times(NEW, "the time of that module and the raw requests together", ours, idle + raw),
    ]


def _runs(session: Session) -> dict[str, Run]:
    """What is compared; each returns its seconds."""
    names = content.names(SIZE)
    ours, loop = tasks.datasets(names, session.namespace), tasks.core_loop(names[:_LOOP], session.namespace)
    idle = tasks.idle(names, session.namespace)
    manifests, first = _manifests(session, names), _manifests(session, names[:_CLIENT_SIDE])
    return {
        "ours": lambda: sum(play([ours], session.kubeconfig)),
        "loop": lambda: sum(play([loop], session.kubeconfig)) * SIZE / _LOOP,
        "kubectl": lambda: _kubectl(session, "--server-side", "-f", manifests),
        "kubectl without --server-side": lambda: _kubectl(session, "-f", first) * SIZE / _CLIENT_SIDE,
        "idle": lambda: sum(play([idle], session.kubeconfig)),
    }


def _manifests(session: Session, names: list[str]) -> Path:
    path = Path(session.folder, f"datasets-{len(names)}.json")
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [
        content.manifest(name, session.namespace) for name in names]}))
    return path


def _in_turn(rounds: int, runs: list[Run]) -> list[float]:
    """The median of each run's seconds; they take turns, so that all meet the same load of the machine."""
    seconds = [[run() for run in runs] for _round in range(rounds)]
    return [median(each) for each in zip(*seconds, strict=True)]


def _afresh(session: Session, run: Run) -> Run:
    def in_an_empty_namespace() -> float:
        session.clear()
        return run()

    return in_an_empty_namespace


def _compared(work: str, ours: float, loop: float, kubectl: float, client_side: float, of_loop: float,
              of_kubectl: float) -> list[Figure]:
    core, apply = f"a kubernetes.core.k8s loop (of {_LOOP}, scaled)", "kubectl apply --server-side -f"
    return [
        Figure(work, "time of the task", ours, "s"),
        Figure(work, f"time of {core}", loop, "s"),
        Figure(work, f"time of {apply}", kubectl, "s"),
        Figure(work, f"time of kubectl apply -f (of {_CLIENT_SIDE}, scaled)", client_side, "s"),
        times(work, f"the time of {core}", ours, loop, at_most=of_loop),
        times(work, f"the time of {apply}", ours, kubectl, at_most=of_kubectl),
    ]


def _requests(session: Session) -> list:
    """The requests of our task on the namespace as it is."""
    session.proxy.take()
    play([tasks.datasets(content.names(SIZE), session.namespace)], session.proxy.kubeconfig)
    return session.proxy.take()


def _kubectl(session: Session, *options: str | Path) -> float:
    start = time.monotonic()
    # Without a record of its own kubectl warns about every object on standard error.
    subprocess.run(["kubectl", "apply", *options], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL,
                   env=os.environ | {"KUBECONFIG": session.kubeconfig})
    return time.monotonic() - start


def _replay(session: Session, requests: list) -> float:
    """Reads one after the other, as each page names the next; then the writes at once."""
    start = time.monotonic()
    for request in requests:
        if request.method == "GET":
            session.cluster.send(request)
    session.cluster.send_all(request for request in requests if request.method != "GET")
    return time.monotonic() - start
