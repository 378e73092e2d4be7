# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds that are killed at a request: with connections, with conflicts, with a claim that goes."""

import pytest
from fake_claims import FakeClaims
from fake_cluster import FakeCluster
from fake_masters import NAMESPACE, PORTS
from kills import kill_at_each_request

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import REBUILD
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure

POD, CLAIM = "hbase-master-1", "alluxio-journal-hbase-master-1"


def rebuild(masters, timeout=300):
    params = {"name": "hbase", "namespace": NAMESPACE, "leader": None, "exclude_node": None,
              "stable_peer_addresses": True, "rebuild": POD, "wait_timeout": timeout}
    return quorum_ensure.ensure(
        masters.cluster, params, False, Reporter(lambda _text: None, lambda _text: None))


def lost(masters):
    masters.lose_node(1)


def connected(masters):
    masters.keep = None
    masters.lose_node(1)


def conflict(masters):
    masters.conflict(1)


def claim_goes(masters):
    masters.lose_node(1)
    masters.cluster.change(kinds.PERSISTENT_VOLUME_CLAIM, CLAIM, NAMESPACE, {
        "metadata": {"deletionTimestamp": "2026-11-26T12:00:00Z"}})
    masters._end_protection(CLAIM)


@pytest.mark.no_cover
@pytest.mark.parametrize(("arrange", "members", "on_claims", "every"), [
    (connected, 3, True, 7), (connected, 5, True, 11), (conflict, 3, True, 3), (conflict, 3, False, 3),
    (claim_goes, 3, True, 3), (lost, 3, False, 5)])
def test_the_next_run_finishes_one_that_was_killed(recorded, monkeypatch, arrange, members, on_claims, every):
    problems = []

    def make():
        masters = FakeClaims(FakeCluster(), recorded, monkeypatch, members, on_claims=on_claims)
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", masters.cluster.virtual_clock())
        monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
        masters.cluster.now = 60.0
        masters.old = masters.pod(1)["metadata"]["uid"]
        arrange(masters)
        return masters

    def then(masters, request, survived):
        if not survived:
            masters.cluster.sleep(request % 12)
            rebuild(masters)
        deleted = [masters.actions.index(each) for each in (f"delete {CLAIM}", f"restart {POD}")
                   if each in masters.actions]
        before = set(masters.actions[:min(deleted, default=0)])
        removed = {f"remove {domain} {POD}" for domain in PORTS} <= before
        twice = max(masters.actions.count(f"delete {CLAIM}"), masters.actions.count(f"restart {POD}") - 1)
        if not (masters.whole() and removed and twice <= 1 and masters.workload["metadata"].get(
                "annotations", {}).get(REBUILD) is None and masters.pod(1)["metadata"]["uid"] != masters.old):
            problems.append((request, masters.whole(), removed, twice, masters.actions))
    kill_at_each_request(make, rebuild, then, lambda _request: every)
    assert problems == [], f"{len(problems)} of the kills: {problems[:3]}"
