# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is lost for good with the claim of a master, and that master rebuilt elsewhere."""

import sys
import time

from costs.playing import play
from costs.report import Figure

from ansible_collections.datacache.fluid.plugins.module_utils.errors import FluidError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import DOMAINS
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.nodes import OUT_OF_SERVICE

from .cache import MASTERS, Cache
from .changes import writing
from .lab import Lab

_SECONDS = 600
# Seconds in which the lost node, powered on again, is looked at: an old process would ask for votes.
_SECONDS_AFTER = 45


def rebuilt(cache: Cache, lab: Lab) -> list[Figure]:
    """The leader's node where the worker runs elsewhere, a follower's otherwise."""
    cache.until_whole()
    lost, node = _victim(cache)
    with writing(cache) as written:
        try:
            lab.kill(node)
            _taint(cache, node, [{"key": OUT_OF_SERVICE, "value": "nodeshutdown", "effect": "NoExecute"}])
            began = time.monotonic()
            play([{"datacache.fluid.alluxio_quorum": {
                **cache.identity(), "rebuild": lost, "wait_timeout": _SECONDS}}], cache.session.kubeconfig)
            took = time.monotonic() - began
            cache.until_whole()
            elsewhere = cache.pods()[lost]["spec"]["nodeName"]
        finally:
            _taint(cache, node, [])
            lab.start(node)
        more = _most_peers(cache)
        cache.until_whole()
    print(f"  {lost} of {node} rebuilt on {elsewhere} after {took:.0f} s", file=sys.stderr, flush=True)
    work = f"a node lost for good with a claim, {cache.kind.network}"
    return [Figure(work, "master rebuilt, both quorums complete after", took, "s"),
            Figure(work, "rebuilt on the lost node", int(elsewhere == node), at_most=0),
            Figure(work, "voters beyond the declared masters, also when the node is back", more - MASTERS,
                   at_most=0),
            Figure(work, "acknowledged directories", len(written["acknowledged"])),
            Figure(work, "acknowledged and lost", len(written["lost"]), at_most=0)]


def _victim(cache: Cache) -> tuple[str, str]:
    """A master and its node, which is not that of the writer."""
    worker = cache.client.get(kinds.POD, ObjectRef(cache.namespace, cache.name + "-worker-0"))
    assert worker
    leader = cache.leader()["metadata"]["name"]
    pods = [pod for pod in cache.pods().values() if pod["spec"]["nodeName"] != worker["spec"]["nodeName"]]
    chosen = min(pods, key=lambda pod: (pod["metadata"]["name"] != leader, pod["metadata"]["name"]))
    return chosen["metadata"]["name"], chosen["spec"]["nodeName"]


def _taint(cache: Cache, node: str, taints: list[dict]) -> None:
    ref = ObjectRef(None, node)
    existing = (cache.client.get(kinds.NODE, ref) or {}).get("spec", {}).get("taints") or []
    kept = [taint for taint in existing if taint["key"] != OUT_OF_SERVICE]
    cache.client.patch(kinds.NODE, ref, {"metadata": {}, "spec": {"taints": kept + taints}}, "raft")


def _most_peers(cache: Cache) -> int:
    """The most peers that a leader lists while the lost node is back."""
    most, ends = 0, time.monotonic() + _SECONDS_AFTER
    while time.monotonic() < ends:
        for domain in DOMAINS:
            try:
                most = max(most, cache.healer().observe(domain).listed)
            except FluidError:
                continue
        time.sleep(1)
    return most
