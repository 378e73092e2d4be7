# SPDX-License-Identifier: GPL-3.0-or-later
"""Masters rolled and scaled by alluxio_rollout, with the quorum watched meanwhile."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from costs.playing import PlayFailed, play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import jvm_arguments
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import (
    RAFT_PROFILES,
    RAFT_PROPERTIES,
)
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.drill.writer import ProbeWriter
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import (
    MASTER,
    container_of,
    raft_component,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import MasterWebApi

from .cache import MASTERS, Cache, NotInTime, until
from .interrupting import interruptible
from .watch import fewest_available, seconds_without_leader, watched

_SECONDS = 1800
_LISTS_WITHIN = 120
_MORE = 5
_TREE = "alluxio fs ls -R / | grep -v '/.datacache-drill' | awk '{print $1, $2, $NF}' | sort | sha256sum"


def configuration(cache: Cache) -> list[Figure]:
    """The Raft timeouts of the profile fast, declared and rolled out on masters that run with others."""
    tasks = [cache.runtime(raft={"profile": "fast"}), rollout(cache)]
    with watched(cache) as record:
        seconds = play(tasks, cache.session.kubeconfig)
    cache.until_whole()
    work = "Raft configuration changed on 3 masters"
    return [
        Figure(work, "masters that were away at once, at most", MASTERS - fewest_available(record.looks),
               at_most=1),
        Figure(work, "without a leader, all times together", seconds_without_leader(record.looks), "s", 5),
        Figure(work, "masters without the property in their process", _without(cache, RAFT_PROFILES["fast"]),
               at_most=0),
        Figure(work, "second run that changes something", _changes(cache, tasks), at_most=0),
        Figure(work, "time of the rollout", seconds[-1], "s"),
    ]


def interrupted(cache: Cache) -> list[Figure]:
    """A rolling restart whose ansible-playbook is killed once a master was restarted, and its next run."""
    task = rollout(cache, restarted_after=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
    before = {pod["metadata"]["uid"] for pod in cache.pods().values()}

    def old() -> int:
        return sum(pod["metadata"]["uid"] in before for pod in cache.pods().values())

    with watched(cache) as record:
        with interruptible([task], cache.session.kubeconfig):
            until("a first restarted master", lambda: old() < MASTERS, _SECONDS)
        left = old()
        play([task], cache.session.kubeconfig)
    cache.until_whole()
    work = "rolling restart killed (kill -9) in its middle"
    return [Figure(work, "masters that were left when it was killed", left),
            Figure(work, "masters that the next run left", old(), at_most=0),
            Figure(work, "masters that were away at once, at most", MASTERS - fewest_available(record.looks),
                   at_most=1),
            Figure(work, "next run that changes something more", _changes(cache, [task]), at_most=0)]


def scale(cache: Cache) -> list[Figure]:
    """3 to 5 to 3 masters, with a writer all the time."""
    before = _tree(cache)
    with writing(cache) as written:
        for masters in (_MORE, MASTERS):
            [*_declared, took] = play([cache.runtime(master_replicas=masters), rollout(cache)],
                                      cache.session.kubeconfig)
            print(f"  {masters} masters after {took:.0f} s", file=sys.stderr, flush=True)
            cache.until_whole(masters)
    work = "3 to 5 to 3 masters"
    return [Figure(work, "acknowledged directories", len(written["acknowledged"])),
            Figure(work, "acknowledged and lost", len(written["lost"]), at_most=0),
            Figure(work, "trees of files that differ", 0 if _tree(cache) == before else 1, at_most=0)]


@contextmanager
def writing(cache: Cache) -> Iterator[dict[str, set]]:
    """Directories made from the worker's pod, which stays, until the block ends.

    The dictionary then has those that were acknowledged, and those of them that the leader does not list.
    """
    worker = ObjectRef(cache.namespace, f"{cache.name}-worker-0")
    # A drill removes all directories of its own root.
    writer = ProbeWriter(cache.client, worker, secrets.token_hex(4), 2 * _SECONDS, "alluxio-worker",
                         "/.datacache-bench")
    written: dict[str, set] = {}
    writer.start()
    try:
        until("the first acknowledged directory", writer.count, 60)
        yield written
        written["acknowledged"] = writer.stop()
        # A listing of many directories may take a busy leader longer than one request may last.
        listed = until("the leader to list the directories", lambda: _listed(writer, cache), _LISTS_WITHIN)
        written["lost"] = written["acknowledged"] - listed[0]
    finally:
        writer.remove()


def _listed(writer: ProbeWriter, cache: Cache) -> tuple[set[str]] | None:
    """What the leader lists; None if it answers no request, or leads no longer."""
    with suppress(QuorumUnknown, NotInTime):
        return (writer.listed(MasterWebApi(cache.client), cache.leader()),)
    return None


def rollout(cache: Cache, **options) -> dict:
    """The task that applies what the runtime declares to the running masters."""
    return {"name": "Roll out",
            "datacache.fluid.alluxio_rollout": {**cache.identity(), "wait_timeout": _SECONDS, **options}}


def _changes(cache: Cache, tasks: list[dict]) -> int:
    """1 when the tasks change something in this run, else 0."""
    judged = [{**task, "register": "done", "failed_when": "done is failed or done is changed"}
              for task in tasks]
    try:
        play(judged, cache.session.kubeconfig)
    except PlayFailed as failed:
        print(f"  second run: {str(failed)[-1000:]}", file=sys.stderr, flush=True)
        return 1
    return 0


def _without(cache: Cache, options: dict[str, str]) -> int:
    """How many masters' processes lack one of the Raft options among their arguments."""
    desired = {RAFT_PROPERTIES[option]: value for option, value in options.items()}
    found = [jvm_arguments.options_of(_run(cache, pod, jvm_arguments.COMMAND),
                                      raft_component(MASTER).main_class)
             for pod in cache.pods()]
    return sum(options is None or bool(jvm_arguments.mismatches(options, desired, ())) for options in found)


def _tree(cache: Cache) -> str:
    return _run(cache, min(cache.pods()), ["bash", "-c", _TREE])


def _run(cache: Cache, pod: str, command: list[str]) -> str:
    ref = ObjectRef(cache.namespace, pod)
    return pod_exec.execute(cache.client, ref, container_of(MASTER), command, 60).stdout
