# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module may lose when something else happens while it works."""

from dataclasses import replace

import pytest
from fake_failover import IDENTITY
from fake_journals import FILES
from fake_raft import NAMESPACE, FakeRaft, address
from restorations import CLAIM, LATEST, killed, template

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.backup import restore_template
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.restorer import Restorer
from ansible_collections.datacache.fluid.plugins.module_utils.errors import Conflict, Forbidden
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds, operations
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import healer, stable_addresses


def test_drill_does_not_kill_after_a_master_became_unavailable_since_its_look(
        cluster, run, failover, monkeypatch):
    """While the writer starts (a JVM, seconds) a rollout or a drain takes a follower; the drill still kills
    the leader.
    """
    real = failover.execute

    def execute(client, pod, container, command, timeout):
        answer = real(client, pod, container, command, timeout)
        if len(failover.commands) == 1:  # the writer has been started; now a rollout deletes master 2
            cluster.vanish(kinds.POD, "hbase-master-2", NAMESPACE)
            failover.raft.lose(2)
        return answer
    monkeypatch.setattr(pod_exec, "execute", execute)
    run("alluxio_failover", wait_timeout=30, **IDENTITY)
    assert (failover.raft.actions, ("delete", "pods") in cluster.writes()) == ([], False), (
        "the leader was killed although another master was unavailable: 1 of 3 is left")


def test_drill_kills_the_one_that_leads(cluster, run, failover, monkeypatch):
    """The leadership moves while the writer starts: the pod that is killed is no leader any more, and the
    figure is of nothing.
    """
    real = failover.execute

    def execute(client, pod, container, command, timeout):
        answer = real(client, pod, container, command, timeout)
        if len(failover.commands) == 1:
            failover.raft.leaders["MASTER"] = "hbase-master-1:19200"
        return answer
    monkeypatch.setattr(pod_exec, "execute", execute)
    failover.elected_after = 0.0
    result = run("alluxio_failover", **IDENTITY)
    assert failover.raft.actions == ["kill MASTER hbase-master-1"], result.get("seconds_without_leader")


def test_drill_believes_no_old_silence(cluster, run, failover):
    """With Alluxio's default threshold of 20 s a follower whose node lost its power 19 s ago is AVAILABLE and
    its pod is Ready.
    """
    quorum = failover.raft.quorum

    def view(domain, pods=None):
        found, pod = quorum(domain, pods)
        return replace(found, peers=tuple(
            replace(peer, silent=19.0) if "master-2" in peer.address else peer for peer in found.peers)), pod
    failover.raft.quorum = view
    run("alluxio_failover", **IDENTITY)
    assert (failover.raft.actions, ("delete", "pods") in cluster.writes()) == ([], False), (
        "the leader was killed though nothing was heard of a follower for 19 s")


@pytest.fixture
def five(cluster, monkeypatch):
    made = FakeRaft(cluster, masters=5)
    monkeypatch.setattr(healer, "Masters", lambda *_args: made)
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME,
                {"metadata": {"name": "hbase", "namespace": NAMESPACE}, "spec": {"master": {"replicas": 3}}})
    return made


def test_quorum_does_not_remove_members_that_run(run, five):
    """5 masters run, 3 are declared and no rollout has come yet: a scheduled alluxio_quorum shrinks the group
    by itself.
    """
    result = run("alluxio_quorum", name="hbase", namespace=NAMESPACE)
    assert five.actions == [], [action["reason"] for action in result["actions"]]


def test_a_late_leader_is_no_lost_majority(cache, run, saved, cluster):
    """All three masters run and hold the namespace; the next leader serves 45 s later, as with defaults and
    many inodes.
    """
    cache.lead("")
    cluster.later(45, lambda: cache.lead("hbase-master-2"))
    result = run("alluxio_restore", **LATEST)
    assert result.get("safety_backup") or not result[
        "changed"], f"healthy journals were deleted without a copy: {result['warnings']}"


def test_a_restoration_that_timed_out_does_not_cost_the_next_one_its_safety_backup(
        cache, run, saved, time, monkeypatch):
    """The first run's wait timed out (a large backup); the cache came up by itself and was used for days."""
    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "await_quorum", killed)
        run("alluxio_restore", **LATEST)
    assert cache.tree() == FILES
    since = [*FILES, "drwxr-xr-x root root 0 PERSISTED 11-27-2026 11:00:00:000 DIR /three-days-of-work"]
    cache.set_tree(since)
    time.forward(days=3)
    [other] = [each for each in run("alluxio_backup_info", **CLAIM)["backups"] if each["made_before"]]
    result = run("alluxio_restore", **{**LATEST, "backup": other["name"]})
    assert result["safety_backup"], (
        f"three days of metadata were replaced with no copy and no warning: {result['warnings']}")


def test_a_restoration_ends_only_itself(cache, run, saved, monkeypatch):
    """Run A has waited for its quorum; run B has begun with another backup meanwhile. A's end() removes B's
    template.
    """
    begun = []
    real_wait = Restorer.await_quorum

    def wait_then_other(self):
        real_wait(self)
        if not begun:
            begun.append(True)
            sts = cache.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data")
            other = operations.Restoration("data.hbase.20261124T190000Z", "b" * 64, "2026-11-24T19:30:00Z")
            cache.cluster.patch(kinds.STATEFUL_SET, ObjectRef("data", "hbase-master"),
                                restore_template.begin(sts, other), "other")
    monkeypatch.setattr(Restorer, "await_quorum", wait_then_other)
    run("alluxio_restore", **LATEST)
    left = operations.under_way(cache.cluster.stored(kinds.STATEFUL_SET, "hbase-master", "data"))
    assert left and left.sha256 == "b" * 64, (
        "B deletes masters that now come back empty and without an init container")


def test_two_restorations_leave_no_empty_namespace(cache, run, saved, time, monkeypatch):
    """The same with a real second run B: what the masters hold in the end."""
    safety = run("alluxio_restore", **LATEST)["safety_backup"]
    time.forward(hours=1)
    cache.set_tree([*FILES, "drwxr-xr-x root root 0 DIR /x"])
    started = []
    real_start = cache._start

    def start(name):
        real_start(name)
        waits = any(each["name"] == "datacache-restore" for each in template(cache)["spec"]["initContainers"])
        if started and not waits:
            cache.set_tree([])  # an empty journal, formatted anew
            cache.lead(name)
    monkeypatch.setattr(cache, "_start", start)
    # A sits at its last step while B replaces the masters: A's end() comes after B's begin() and its
    # deletions.
    real_replace = Restorer.replace

    ended = []
    other = operations.Restoration("data.hbase.20261124T180000Z", "b" * 64, "2026-11-24T18:30:00Z")

    def replace(self):
        started.append(True)
        deleted = []
        real_delete = cache.cluster.delete

        def delete(kind, ref, *rest, **more):
            done = real_delete(kind, ref, *rest, **more)
            deleted.append(ref.name)
            if len(deleted) == 3:  # what run A does in this moment, having seen its own quorum complete
                with pytest.raises(Conflict, match="another run restores backup"):
                    Restorer(self._cache, other).end()
                ended.append(True)
            return done
        monkeypatch.setattr(cache.cluster, "delete", delete)
        return real_replace(self)
    monkeypatch.setattr(Restorer, "replace", replace)
    result = run("alluxio_restore", skip_safety_backup=True, wait_timeout=60,
                 **{**LATEST, "backup": safety["name"]})
    deletions = [request for request in cache.cluster.requests if request == ("delete", "pods")]
    assert ended
    assert cache.tree(), (
        f"an empty namespace is served; {len(deletions)} deletions of masters in 60 s; "
        f"{result.get('msg', '')[:200]}")


def test_helper_pod_outlives_what_is_done_with_it(cache, run, cluster):
    """A backup is tree + dump + fetch + tree + put, each of which may take `wait_timeout` seconds."""
    objects = []
    real = cluster.create

    def create(kind, body, *rest, **more):
        if kind == kinds.POD:
            objects.append(body["spec"]["activeDeadlineSeconds"])
        return real(kind, body, *rest, **more)
    cluster.create = create
    run("alluxio_backup", wait_timeout=900, **CLAIM)
    assert objects[0] >= 5 * 900, f"the pod ends after {objects[0]} s in all"


def test_a_copy_beside_the_backups_is_no_second_one(cache, run, time):
    """Somebody keeps a copy under another name that still ends like a backup's; `keep: 1` then removes the
    newest itself.
    """
    made = run("alluxio_backup", **CLAIM)["backup"]
    for file in [each for each in cache.claim.rglob("*") if each.is_file()]:
        (file.parent / ("copy.of." + file.name)).write_bytes(file.read_bytes())
    result = run("alluxio_backup", keep=1, max_age=86400, **CLAIM)
    assert result["removed"] == [] and made["name"] + ".gz" in cache.files(), result


def test_a_single_masters_service_is_never_lost(cluster, monkeypatch):
    """Deleted, and the create is refused (quota, admission) or the process killed: the next run has to make
    it.
    """
    FakeRaft(cluster, masters=1, cluster_ips=False)
    monkeypatch.setattr(pod_exec, "execute", lambda *_args: ExecResult(0, "", ""))
    real = cluster.create

    def refuse(*_args, **_more):
        raise Forbidden("exceeded quota: services.count", 403)
    cluster.create = refuse
    with pytest.raises(Forbidden):
        stable_addresses.ensure(cluster, ObjectRef(NAMESPACE, "hbase"), 1)
    cluster.create = real
    stable_addresses.ensure(cluster, ObjectRef(NAMESPACE, "hbase"), 1)  # the next run
    assert cluster.stored(kinds.SERVICE, "hbase-master-0",
                          NAMESPACE), "the master has no Service any more, and no run makes it"


def test_quorum_waits_for_an_unavailable_api_server(cluster, run, five):
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"spec": {"master": {"replicas": 5}}})
    five.lose(2)
    five.heals = set()
    cluster.later(20, lambda: cluster.go_down(5))
    cluster.later(40, lambda: five.states["MASTER"].update({address("MASTER", 2): "AVAILABLE"}))
    result = run("alluxio_quorum", name="hbase", namespace=NAMESPACE)
    assert not result.get("failed"), result["msg"][:120]
