# SPDX-License-Identifier: GPL-3.0-or-later
"""Small caches with three masters, made by the collection's own modules."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from costs.playing import play
from costs.session import Session

from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.connection import connect
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.drill.failover import FailoverDrill
from ansible_collections.datacache.fluid.plugins.module_utils.drill.observed import is_complete, shortcomings
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import DOMAINS, MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef, ref_to
from ansible_collections.datacache.fluid.plugins.module_utils.module import arguments
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.healer import QuorumHealer

PUBLIC_MOUNT = "https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/"
PUBLIC_IMAGE = "docker.io/library/nginx:1.29"
MASTERS = 3

_SECONDS_TO_DEPLOY = 900
_SECONDS_TO_BE_WHOLE = 420
_PAUSE = 0.25


def trials(usual: int) -> int:
    """How often a row tries: RAFT_TRIALS, or as often as usual."""
    return int(os.environ.get("RAFT_TRIALS") or usual)


class NotInTime(Exception):
    """What a row waits for did not come."""


@dataclass(frozen=True)
class Kind:
    """What a cache is made like. profile: of its Raft timeouts. journal: the type of the journals' volumes.

    inodes_cached: most inodes that a master keeps in its heap, and a tenth of them in an answer that lists.
    """

    profile: str
    network: str
    journal: str = "emptyDir"
    inodes_cached: int = 0

    @property
    def name(self) -> str:
        network = "host" if self.network == "HostNetwork" else "container"
        parts = ("claim" if self.journal == "claim" else "", "disk" if self.inodes_cached else "")
        return "-".join(["raft", self.profile, network, *filter(None, parts)])

    def properties(self) -> dict[str, str]:
        limits = {"alluxio.master.metastore.inode.cache.max.size": str(self.inodes_cached),
                  "alluxio.master.filesystem.liststatus.result.message.length": str(self.inodes_cached // 10)}
        return limits if self.inodes_cached else {}


@dataclass(frozen=True)
class Content:
    """What the caches hold, and the image of the pod that reads it."""

    mount: str
    image: str


@dataclass(frozen=True)
class Cache:
    session: Session
    kind: Kind
    content: Content
    client: Client

    @property
    def name(self) -> str:
        return self.kind.name

    @property
    def namespace(self) -> str:
        return self.session.namespace

    @property
    def ref(self) -> ObjectRef:
        """Of the runtime."""
        return ObjectRef(self.namespace, self.name)

    def identity(self) -> dict:
        return self.ref._asdict()

    def drill(self, seconds: float = _SECONDS_TO_BE_WHOLE) -> FailoverDrill:
        return FailoverDrill(self.client, self.ref, MASTERS, Deadline(seconds))

    def healer(self, masters: int = MASTERS) -> QuorumHealer:
        return QuorumHealer(self.client, self.ref, masters, Deadline(_SECONDS_TO_BE_WHOLE))

    def pods(self) -> dict[str, dict]:
        """The masters' pods by name."""
        return {pod["metadata"]["name"]: pod for pod in self.healer().masters.pods()}

    def leader(self) -> dict:
        """The pod that leads the masters."""
        leading = self.healer().observe(MASTER).leading()
        if leading is None:
            raise NotInTime(f"{self.name} has no leader")
        return self.pods()[leading.pod]

    def lacks(self, masters: int = MASTERS) -> str:
        """What keeps the quorums from being whole; empty when they are."""
        groups = [self.healer(masters).observe(domain) for domain in DOMAINS]
        return "; ".join(f"{group.domain}: {shortcomings(group) or 'not complete'}" for group in groups
                         if not is_complete(group))

    def until_whole(self, masters: int = MASTERS) -> None:
        until("both quorums to be whole", lambda: not self.lacks(masters), _SECONDS_TO_BE_WHOLE,
              lambda: self.lacks(masters))

    def runtime(self, **options) -> dict:
        """The task that declares the runtime, with other options than the cache was made with."""
        return {"name": "Declare the runtime", "datacache.fluid.alluxio_runtime": {
            **self.identity(), "master_replicas": MASTERS, "worker_replicas": 1,
            "network_mode": self.kind.network, "journal_volume": {"type": self.kind.journal},
            "raft": {"profile": self.kind.profile}, "properties": self.kind.properties(),
            "tieredstore": [{"mediumtype": "MEM", "path": "/dev/shm", "quota": "256Mi", "high": "0.95",
                             "low": "0.7"}], **options}}


def until(what: str, look: Callable, seconds: float, explain: Callable[[], str] = lambda: "",
          pause: float = _PAUSE):
    """Look until something is there; return it. Raises NotInTime."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotInTime(f"timed out after {seconds:g} s while waiting for {what}: {explain()}")
        time.sleep(pause)
    return found


def connected(kubeconfig: str) -> Client:
    """The collection's own client."""
    options = ArgumentSpecValidator(arguments.connection()).validate({"kubeconfig": kubeconfig})
    return connect(options.validated_parameters)


@contextmanager
def deployed(session: Session, kind: Kind, content: Content) -> Iterator[Cache]:
    """A cache whose quorums are whole; removed afterwards."""
    cache = Cache(session, kind, content, connected(session.kubeconfig))
    dataset = {"name": "Declare the Dataset", "datacache.fluid.dataset": {
        **cache.identity(), "mounts": [{"name": "data", "mount_point": content.mount}]}}
    try:
        play([dataset, cache.runtime(wait=True, wait_timeout=_SECONDS_TO_DEPLOY)], session.kubeconfig)
        cache.until_whole()
        yield cache
    finally:
        gone = {**cache.identity(), "state": "absent", "wait": True, "wait_timeout": _SECONDS_TO_DEPLOY}
        play([{"datacache.fluid.dataset": gone}, {"datacache.fluid.alluxio_runtime": gone}],
             session.kubeconfig)


def kill(cache: Cache, pod: dict) -> None:
    """Delete the pod by force, as `kubectl delete --force --grace-period=0` does."""
    cache.client.delete(kinds.POD, ref_to(pod), pod["metadata"]["uid"], grace=0)
