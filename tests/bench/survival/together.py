# SPDX-License-Identifier: GPL-3.0-or-later
"""Any two jobs on one cache's masters, started together as two people or schedules would.

Each is an ansible-playbook of its own, but for the drain, which is kubectl's. Meanwhile a record of the
masters is taken, and a writer works.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from itertools import combinations_with_replacement

from costs.playing import PlayFailed, play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.names import master_selector

from .cache import MASTERS, Cache, trials
from .changes import rollout, writing
from .lab import Lab
from .watch import Look, below_majority, watched

_PAIRS = 20
_SEED = 14
_MORE = 5
# The second job starts up to so many seconds after the first.
_APART = 2.0
_SECONDS = 900
_CLAIM = "backups"
# Seconds from the start of a job to its middle, and of the API server's pause.
_UNTIL_MIDDLE, _PAUSED = 12, 30
# How a job that has to make room for another one ends: it names the other one, or its own look refused.
_GIVES_WAY = ("another run acts on the masters", "nothing was killed")


@dataclass(frozen=True)
class Outcome:
    """How a job ended. seconds: from its start. failure: its last lines; empty for a success."""

    job: str
    seconds: float
    failure: str

    @property
    def well(self) -> bool:
        return not self.failure or any(reason in self.failure for reason in _GIVES_WAY)


def pairs(jobs: Sequence[str], number: int, seed: int = _SEED) -> list[tuple[str, str]]:
    """Return so many pairs, in an order that only the seed decides; no pair twice before each came once."""
    every = list(combinations_with_replacement(jobs, 2))
    shuffled = random.Random(seed)
    found: list[tuple[str, str]] = []
    while len(found) < number:
        shuffled.shuffle(every)
        found += [pair if shuffled.random() < 0.5 else pair[::-1] for pair in every]
    return found[:number]


def two_jobs(cache: Cache) -> list[Figure]:
    """Pairs of jobs; after each the masters are as declared again."""
    looks: list[Look] = []
    outcomes: list[Outcome] = []
    chosen = random.Random(_SEED)
    jobs = _jobs()
    with claim_for_backups(cache), writing(cache) as written:
        for number, (first, second) in enumerate(pairs(list(jobs), trials(_PAIRS)), 1):
            with watched(cache) as record, ThreadPoolExecutor(2) as both:
                started = [both.submit(_run, cache, first, jobs[first])]
                time.sleep(chosen.uniform(0.0, _APART))
                started.append(both.submit(_run, cache, second, jobs[second]))
                ended = [each.result() for each in started]
            short = below_majority(record.looks)
            print(f"  pair {number} of {trials(_PAIRS)}: {'; '.join(map(_described, ended))}; "
                  f"{len(short)} of {len(record.looks)} looks below a majority {short[:3]}",
                  file=sys.stderr, flush=True)
            outcomes += ended
            looks += record.looks
            play([cache.runtime(), rollout(cache)], cache.session.kubeconfig)
            cache.until_whole()
    work = f"{trials(_PAIRS)} pairs of jobs on the masters of one cache, started together"
    return [
        Figure(work, f"looks of {len(looks)} at fewer masters than a majority", len(below_majority(looks)),
               at_most=0),
        Figure(work, "jobs that failed without the other one's name",
               sum(not each.well for each in outcomes), at_most=0),
        Figure(work, "jobs that gave way", sum(bool(each.failure) and each.well for each in outcomes)),
        Figure(work, "longest job", max(each.seconds for each in outcomes), "s"),
        Figure(work, "acknowledged directories", len(written["acknowledged"])),
        Figure(work, "acknowledged and lost", len(written["lost"]), at_most=0),
    ]


def drains(cache: Cache) -> list[Figure]:
    """Two nodes of masters drained at once by kubectl while a rolling restart runs."""
    with writing(cache) as written, watched(cache) as record, ThreadPoolExecutor(3) as all_at_once:
        nodes = sorted(pod["spec"]["nodeName"] for pod in cache.pods().values())[:2]
        started = [all_at_once.submit(_run, cache, "rolling restart", _restart)]
        time.sleep(_APART)
        started += [all_at_once.submit(_run, cache, f"drain of {node}", partial(_drain_node, node=node))
                    for node in nodes]
        ended = [each.result() for each in started]
        cache.until_whole()
    print(f"  {'; '.join(map(_described, ended))}", file=sys.stderr, flush=True)
    work = "kubectl drain of two nodes at once during a rolling restart"
    return [
        Figure(work, f"looks of {len(record.looks)} at fewer masters than a majority",
               len(below_majority(record.looks)), at_most=0),
        Figure(work, "jobs that failed without the other one's name", sum(not each.well for each in ended),
               at_most=0),
        Figure(work, "acknowledged and lost", len(written["lost"]), at_most=0),
    ]


def server_unavailable(cache: Cache, lab: Lab) -> list[Figure]:
    """The API server paused for 30 s in the middle of a rolling restart, of a drill and of a backup."""
    with claim_for_backups(cache):
        jobs = (("rolling restart", _restart), ("drill", _drill), ("backup", _backup))
        return [figure for name, job in jobs
                for figure in _without_server(cache, lab, name, job)]


def _without_server(cache: Cache, lab: Lab, name: str, job: Callable[[Cache], None]) -> list[Figure]:
    with writing(cache) as written, ThreadPoolExecutor(1) as background:
        started = background.submit(_run, cache, name, job)
        time.sleep(_UNTIL_MIDDLE)
        with lab.api_server_paused():
            time.sleep(_PAUSED)
        outcome = started.result()
        cache.until_whole()
    print(f"  {_described(outcome)}", file=sys.stderr, flush=True)
    work = f"API server paused for {_PAUSED} s during a {name}"
    return [Figure(work, "failed", int(bool(outcome.failure)), at_most=0),
            Figure(work, "time", outcome.seconds, "s"),
            Figure(work, "acknowledged and lost", len(written["lost"]), at_most=0)]


def _jobs() -> dict[str, Callable[[Cache], None]]:
    return {"rolling restart": _restart, "property rollout": _property, "heal": _heal, "drill": _drill,
            "scale": _scale, "backup": _backup, "kubectl drain": _drain}


def _run(cache: Cache, job: str, act: Callable[[Cache], None]) -> Outcome:
    began = time.monotonic()
    failure = ""
    try:
        act(cache)
    except (PlayFailed, FluidError) as failed:
        failure = str(failed)
    return Outcome(job, time.monotonic() - began, failure)


def _described(outcome: Outcome) -> str:
    failed = "gave way" if outcome.well else f"FAILED ({outcome.failure[-600:]})"
    return f"{outcome.job} {failed if outcome.failure else 'ended'} after {outcome.seconds:.0f} s"


def _restart(cache: Cache) -> None:
    _play(cache, rollout(cache, restarted_after=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                         wait_timeout=_SECONDS))


def _property(cache: Cache) -> None:
    """A property that changes nothing of the quorum, and another value each time."""
    raft = {"profile": cache.kind.profile, "write_timeout": f"{30 + int(time.time()) % 30}s"}
    _play(cache, cache.runtime(raft=raft), rollout(cache, wait_timeout=_SECONDS))


def _heal(cache: Cache) -> None:
    _play(cache, {"datacache.fluid.alluxio_quorum": {**cache.identity(), "wait_timeout": _SECONDS}})


def _drill(cache: Cache) -> None:
    _play(cache, {"datacache.fluid.alluxio_failover": {
        **cache.identity(), "confirm": cache.name, "wait_timeout": _SECONDS}})


def _scale(cache: Cache) -> None:
    for masters in (_MORE, MASTERS):
        _play(cache, cache.runtime(master_replicas=masters), rollout(cache, wait_timeout=_SECONDS))


def _backup(cache: Cache) -> None:
    _play(cache, {"datacache.fluid.alluxio_backup": {
        **cache.identity(), "claim": _CLAIM, "keep": 2, "wait_timeout": _SECONDS}})


def _drain(cache: Cache) -> None:
    """Drain the node of a master."""
    _drain_node(cache, random.choice(sorted(pod["spec"]["nodeName"] for pod in cache.pods().values()
                                            if "nodeName" in pod["spec"])))


def _drain_node(cache: Cache, node: str) -> None:
    """Drain the node as `kubectl drain` does for its maintenance, and give it back."""
    kubectl = ["kubectl", "--kubeconfig", cache.session.kubeconfig]
    try:
        done = subprocess.run(
            [*kubectl, "drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force",
             f"--pod-selector={master_selector(cache.name)}", f"--timeout={_SECONDS}s"],
            capture_output=True, text=True, check=False)
    finally:
        subprocess.run([*kubectl, "uncordon", node], check=True, stdout=sys.stderr)
    if done.returncode:
        raise PlayFailed(f"kubectl drain {node}: {done.stderr[-600:]}")


def _play(cache: Cache, *tasks: dict) -> None:
    play(tasks, cache.session.kubeconfig)


@contextmanager
def claim_for_backups(cache: Cache) -> Iterator[None]:
    """A claim for backups, on a folder of one node."""
    name = f"{cache.namespace}-{_CLAIM}"
    node = min(pod["spec"]["nodeName"] for pod in cache.pods().values())
    volume = {"apiVersion": "v1", "kind": "PersistentVolume",
              "metadata": {"name": name, "labels": {"bench": cache.namespace}},
              "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                       "storageClassName": "", "persistentVolumeReclaimPolicy": "Retain",
                       "claimRef": {"namespace": cache.namespace, "name": _CLAIM},
                       "hostPath": {"path": f"/var/lib/kubelet/{name}", "type": "DirectoryOrCreate"},
                       "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                           {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
             "metadata": {"name": _CLAIM, "namespace": cache.namespace},
             "spec": {"storageClassName": "", "volumeName": name, "accessModes": ["ReadWriteOnce"],
                      "resources": {"requests": {"storage": "1Gi"}}}}
    cache.session.cluster.create([volume])
    try:
        cache.session.cluster.create([claim])
        yield
    finally:
        cache.session.cluster.clear_volumes(cache.namespace)  # the claim goes with the namespace
