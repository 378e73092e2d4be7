# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source: its options, its observations of a cluster in memory, and its loop."""

import asyncio
import runpy
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import connection
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Expired,
    Forbidden,
    InvalidInput,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.module import arguments
from ansible_collections.datacache.fluid.plugins.module_utils.preflight import permissions
from ansible_collections.datacache.fluid.plugins.plugin_utils import cache_reader, cache_watch
from ansible_collections.datacache.fluid.plugins.plugin_utils.cache_events import Faults
from ansible_collections.datacache.fluid.plugins.plugin_utils.clusters import Cluster

SOURCE = Path(__file__).parents[4] / "extensions" / "eda" / "plugins" / "event_source" / "caches.py"
WEB, METRICS = 24110, "/metrics/prometheus/"
LEADER = "hbase-master-2"  # as recorded
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


def put_pod(cluster, name, role, status=None, **spec):
    cluster.put(kinds.POD, {
        "metadata": {"name": name, "namespace": "data", "labels": {"release": "hbase", "role": role}},
        "spec": spec, "status": status or READY})


def put_dataset(cluster, phase="Bound"):
    cluster.put(fluid_kinds.DATASET, {
        "metadata": {"name": "hbase", "namespace": "data"}, "spec": {},
        "status": {"phase": phase, "runtimes": [{"name": "hbase", "type": "alluxio"}],
                   "cacheStates": {"cached": "40.00MiB", "cacheCapacity": "100.00MiB"}}})


@pytest.fixture
def cache(cluster, recorded):
    """A cache of three masters with a FUSE pod, which hbase-master-2 leads."""
    put_dataset(cluster)
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {
        "metadata": {"name": "hbase", "namespace": "data"},
        "spec": {"replicas": 2, "master": {"replicas": 3}}})
    for index in range(3):
        put_pod(cluster, f"hbase-master-{index}", "alluxio-master", {**READY, "podIP": f"10.0.0.{index}"},
                containers=[{"name": "alluxio-master", "ports": [{"name": "web", "containerPort": WEB}]}])
    put_pod(cluster, "hbase-fuse-x", "alluxio-fuse")
    cluster.web[LEADER, WEB, METRICS] = recorded("leader_metrics_master.txt")
    return cluster


def watch_of(cluster, namespaces=(), lasts=0.0):
    return cache_watch.CacheWatch(cluster, namespaces, 15.0, Faults(95, lasts, 600), cluster.clock)


def types(events):
    return [event["type"] for event in events]


def test_a_healthy_cache_costs_its_reads_and_has_no_events(cache):
    assert watch_of(cache).events() == []
    assert Counter(cache.requests) == Counter({
        ("list", "datasets"): 1, ("list", "alluxioruntimes"): 1, ("list", "pods"): 2,
        ("get", "pods/proxy"): cache.requests.count(("get", "pods/proxy"))})
    assert cache.requests.count(("get", "pods/proxy")) <= 4


def test_what_happens_to_a_cache(cache):
    watch = watch_of(cache)
    watch.events()
    put_dataset(cache, "Failed")
    put_pod(cache, "hbase-fuse-x", "alluxio-fuse", {"phase": "Running"})
    cache.vanish(kinds.POD, "hbase-master-0", "data")
    events = watch.events()
    assert sorted(types(events)) == ["dataset_unbound", "fuse_dead", "member_lost", "quorum_at_risk"]
    by_type = {event["type"]: event for event in events}
    assert by_type["member_lost"]["lost"] == ["hbase-master-0"]
    assert by_type["member_lost"]["leader"] == LEADER
    assert by_type["fuse_dead"]["pods"] == ["hbase-fuse-x"]
    assert {event["cache"] for event in events} == {"hbase.data"}
    put_dataset(cache)
    put_pod(cache, "hbase-fuse-x", "alluxio-fuse")
    assert types(watch.events()) == ["restored", "restored"]


def test_an_unavailable_server_is_no_event(cache, caplog):
    watch = watch_of(cache)
    watch.events()
    cache.go_down(1000)
    assert watch.events() == watch.events() == []
    assert [record.message for record in caplog.records] == [
        "the caches could not be observed: no API server answers"]
    cache.back = 0
    assert watch.events() == []
    cache.go_down(1000)
    assert watch.events() == []
    assert len(caplog.records) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_an_account_that_may_not_read_ends_the_source_at_its_start(cache, monkeypatch, caplog, status):
    """ansible-rulebook ends with the reason, instead of a rulebook that sees nothing."""
    watch, late = watch_of(cache), watch_of(cache)
    late.events()
    leaf = Forbidden if status == 403 else ApiError

    def refuse(*_arguments):
        raise leaf("refused", status)
    monkeypatch.setattr(cache, "list", refuse)
    with pytest.raises(leaf, match="refused"):
        watch.events()
    assert late.events() == []
    [warning] = caplog.records
    assert warning.message.startswith("the caches could not be observed: refused")


@pytest.mark.parametrize("status", [401, 403])
def test_an_account_that_is_refused_for_long_ends_the_source(cache, monkeypatch, status):
    """A token that has expired, or a Role that was removed: a source that sees nothing reports no fault."""
    watch, listed = watch_of(cache), cache.list
    watch.events()

    def refuse(*_arguments):
        raise (Forbidden if status == 403 else ApiError)("refused", status)
    for _outage in range(2):
        monkeypatch.setattr(cache, "list", refuse)
        assert watch.events() == []
        cache.sleep(299)
        assert watch.events() == []
        monkeypatch.setattr(cache, "list", listed)
        watch.events()
    monkeypatch.setattr(cache, "list", refuse)
    assert watch.events() == []
    cache.sleep(300)
    with pytest.raises(ApiError, match="refused"):
        watch.events()


def test_an_outage_between_two_refusals_begins_them_anew(cache, monkeypatch):
    """A control plane that starts may refuse each account."""
    watch, listed = watch_of(cache), cache.list
    watch.events()

    def refuse(*_arguments):
        raise Forbidden("refused", 403)
    monkeypatch.setattr(cache, "list", refuse)
    assert watch.events() == []
    cache.sleep(200)
    monkeypatch.setattr(cache, "list", listed)
    cache.go_down(20)
    assert watch.events() == []
    cache.sleep(100)
    monkeypatch.setattr(cache, "list", refuse)
    assert watch.events() == []


def test_only_the_given_namespaces_are_read(cache):
    assert watch_of(cache, ("other",)).events() == []
    assert ("get", "pods/proxy") not in cache.requests


def granted(user, namespace):
    """What the Role of a user grants in a namespace; without one what its ClusterRole grants."""
    scope = permissions.CACHE if namespace else permissions.CLUSTER
    return {access for need in permissions.NEEDS if user in need.users and need.scope == scope
            for access in permissions.accesses(need, {scope: namespace})}


def observe(cluster, namespaces):
    """Also the Lease, which is read for a cache that has lost a master."""
    cluster.vanish(kinds.POD, "hbase-master-0", "data")
    watch = watch_of(cluster, namespaces)
    watch.events()
    for kind in cache_watch._WATCHED:
        watch.watch_once(kind, (namespaces or (None,))[0], lambda: None)


def read(cluster, namespaces):
    cache_reader.read(cluster, Cluster("", {}, namespaces), cache_reader.Selection(), lambda _text: None)


@pytest.mark.parametrize("namespaces", [(), ("data",)], ids=["cluster", "namespace"])
@pytest.mark.parametrize(("user", "act"), [
    pytest.param("events", observe, id="events"), pytest.param("inventory", read, id="inventory")])
def test_the_role_or_the_cluster_role_is_enough(cache, user, act, namespaces):
    act(cache, namespaces)
    # A pod is proxied to in its namespace, which a ClusterRole covers.
    asked = {access._replace(namespace=(namespaces or (None,))[0]) for access in cache.accesses}
    assert asked == granted(user, (namespaces or (None,))[0])


LEASE = ("get", "leases")


def put_lease(cluster, holder):
    cluster.put(kinds.LEASE, {"metadata": {"name": "hbase-masters", "namespace": "data"}, "spec": {
        "holderIdentity": holder, "leaseDurationSeconds": 40}})


def test_a_run_that_adds_masters_is_no_fault(cache):
    """The Lease is read only for a cache that has lost a master; once free it delays nothing."""
    watch = watch_of(cache)
    watch.events()
    assert LEASE not in cache.requests
    cache.vanish(kinds.POD, "hbase-master-0", "data")
    put_lease(cache, "ada@node: a rollout [1]")
    assert watch.events() == []
    cache.sleep(30)
    put_lease(cache, "ada@node: a rollout [1]")  # renewed
    cache.sleep(30)
    assert watch.events() == []
    assert cache.requests.count(LEASE) == 2
    put_lease(cache, "")
    assert sorted(types(watch.events())) == ["member_lost", "quorum_at_risk"]


def test_the_lease_of_a_killed_run_delays_until_it_expires(cache):
    watch = watch_of(cache)
    put_lease(cache, "ada@node: a rollout [1]")
    cache.vanish(kinds.POD, "hbase-master-0", "data")
    assert watch.events() == []
    cache.sleep(39)
    assert watch.events() == []
    cache.sleep(1)
    assert sorted(types(watch.events())) == ["member_lost", "quorum_at_risk"]


def test_an_account_that_may_not_read_leases_gets_each_fault(cache, caplog):
    watch = watch_of(cache)
    put_lease(cache, "ada@node: a rollout [1]")
    cache.forbidden.add(LEASE)
    cache.vanish(kinds.POD, "hbase-master-0", "data")
    assert sorted(types(watch.events())) == ["member_lost", "quorum_at_risk"]
    watch.events()
    [warning] = caplog.records
    assert warning.message.startswith("masters that a run restarts or adds are reported as lost: ")


FORBIDDEN = ("list", "pods")


def only_in(cluster, monkeypatch, *namespaces):
    """Let the account list pods in these namespaces alone."""
    listed = cluster.list

    def list_(kind, namespace=None, *selectors):
        if kind == kinds.POD and namespace not in namespaces:
            raise Forbidden("not allowed to list pods", 403)
        return listed(kind, namespace, *selectors)
    monkeypatch.setattr(cluster, "list", list_)


def test_without_the_pods_the_datasets_are_observed(cache, caplog):
    """docs/rbac/read/events.yml calls the pods optional."""
    watch = watch_of(cache)
    watch.events()
    cache.forbidden.add(FORBIDDEN)
    put_dataset(cache, "Failed")
    assert types(watch.events()) == ["dataset_unbound"]
    assert [record.message for record in caplog.records] == [
        "the masters were left out: not allowed to list pods",
        "the FUSE pods were left out: not allowed to list pods"]


def test_a_namespace_without_its_pods_hides_no_other_one(cache, monkeypatch, caplog):
    only_in(cache, monkeypatch, "data")
    watch = watch_of(cache, ("other", "data"))
    watch.events()
    put_pod(cache, "hbase-fuse-x", "alluxio-fuse", {"phase": "Running"})
    assert types(watch.events()) == ["fuse_dead"]
    assert [record.message for record in caplog.records] == [
        "the FUSE pods of namespace other were left out: not allowed to list pods"]


def test_pods_that_cannot_be_read_for_now_end_no_fault(cache):
    watch = watch_of(cache)
    watch.events()
    put_pod(cache, "hbase-fuse-x", "alluxio-fuse", {"phase": "Running"})
    assert types(watch.events()) == ["fuse_dead"]
    cache.forbidden.add(FORBIDDEN)
    assert watch.events() == []
    cache.forbidden.clear()
    assert watch.events() == []


def test_a_namespace_that_cannot_be_read_for_now_repeats_no_event(cache, monkeypatch):
    """A rulebook would heal again."""
    watch, listed = watch_of(cache, ("data", "other")), cache.list
    cache.vanish(kinds.POD, "hbase-master-0", "data")
    assert "member_lost" in types(watch.events())

    def refuse_data(kind, namespace=None, *selectors):
        if namespace == "data":
            raise Forbidden("refused", 403)
        return listed(kind, namespace, *selectors)
    monkeypatch.setattr(cache, "list", refuse_data)
    assert watch.events() == []
    monkeypatch.setattr(cache, "list", listed)
    assert watch.events() == []


class Ended:
    """Ends the watches after some pauses, which it notes, on the clock of the cluster."""

    def __init__(self, cluster, pauses):
        self.cluster, self.left, self.pauses = cluster, pauses, []

    def is_set(self):
        return len(self.pauses) >= self.left

    def wait(self, seconds):
        self.pauses.append(seconds)
        self.cluster.sleep(seconds)


def watched(cache, monkeypatch, events, pauses=3):
    """The pauses and the lists of a watch whose streams are these; a stream is an error or events."""
    watch = watch_of(cache)
    watch._stopped = Ended(cache, pauses)

    def stream(*_arguments):
        if isinstance(events, Exception):
            raise events
        yield from events
    monkeypatch.setattr(cache, "watch", stream)
    changes = []
    watch._watch_forever(fluid_kinds.DATASET, "data", lambda: changes.append(cache.now))
    return watch._stopped.pauses, cache.requests.count(("list", "datasets")), changes


@pytest.mark.parametrize(("events", "warnings"), [
    # A proxy ends each watch at once.
    ([], []),
    # The resource version is too old: the objects are read again.
    (Expired("too old resource version", 410), []),
    (Forbidden("not allowed to watch", 403), ["datasets are not watched: not allowed to watch"]),
], ids=["ended", "expired", "forbidden"])
def test_a_watch_that_ends_at_once_is_repeated_after_a_pause(cache, monkeypatch, caplog, events, warnings):
    pauses, lists, changes = watched(cache, monkeypatch, events)
    assert (pauses, lists, len(changes)) == ([5.0, 5.0, 5.0], 3, 3)
    assert [record.message for record in caplog.records] == warnings


def test_a_stopped_watch_reports_nothing(cache):
    watch, changes = watch_of(cache), []
    cache.later(1, lambda: put_dataset(cache, "Failed"))
    cache.later(2, watch.stop)
    cache.later(3, lambda: put_dataset(cache))
    watch.watch_once(fluid_kinds.DATASET, None, lambda: changes.append(cache.now))
    assert changes == [0, 1]
    watch._watch_forever(fluid_kinds.DATASET, None, lambda: changes.append(cache.now))
    assert changes == [0, 1]


def test_a_watch_reports_each_change_of_a_cache(cache):
    def labelled(app):
        return {"metadata": {"name": app, "namespace": "data", "labels": {"app": app}}, "spec": {}}
    changes = []
    for seconds, app in ((1, "alluxio"), (2, "postgres"), (3, "alluxio")):
        cache.later(seconds, lambda app=app: cache.put(kinds.STATEFUL_SET, labelled(app)))
    watch_of(cache).watch_once(kinds.STATEFUL_SET, "data", lambda: changes.append(cache.now))
    assert len(changes) == 3 and changes[0] == 0
    cache.later(1, lambda: put_dataset(cache, "Failed"))
    began = cache.now
    watch_of(cache).watch_once(fluid_kinds.DATASET, None, lambda: changes.append(cache.now - began))
    assert changes[3:] == [0, 301] or len(changes) == 5


@pytest.mark.parametrize("name", cache_watch._ENVIRONMENT)
def test_the_connection_falls_back_to_the_environment_of_the_modules(name):
    suffixes = cache_watch._ENVIRONMENT[name]
    _function, variables = arguments.connection()[name]["fallback"]
    assert [f"K8S_AUTH_{suffix}" for suffix in suffixes] == list(variables)
    environment = {f"K8S_AUTH_{suffixes[-1]}": "from-environment"}
    if name != "validate_certs":
        assert cache_watch.options({}, environment)["params"][name] == "from-environment"
        assert cache_watch.options({name: "given"}, environment)["params"][name] == "given"


@pytest.mark.parametrize(("args", "environment", "verifies"), [
    ({}, {}, None), ({}, {"K8S_AUTH_VERIFY_SSL": "False"}, False),
    ({}, {"K8S_AUTH_VERIFY_SSL": "True"}, True),
    ({"validate_certs": False}, {"K8S_AUTH_VERIFY_SSL": "True"}, False),
    ({"validate_certs": "no"}, {}, False), ({"validate_certs": True}, {}, True)])
def test_the_verification_of_the_server(args, environment, verifies):
    assert cache_watch.options(args, environment)["params"]["validate_certs"] is verifies


def test_the_other_options():
    found = cache_watch.options({"namespaces": "a, b", "lasts": "5"}, {})
    assert (found["namespaces"], found["lasts"], found["interval"]) == (("a", "b"), 5.0, 15.0)
    assert cache_watch.options({"namespaces": ["a"]}, {})["namespaces"] == ("a",)
    assert cache_watch.options({"namespaces": ""}, {})["namespaces"] == ()


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_text_and_null_are_no_values(empty):
    """As for the playbooks: forms and templates give them for what is left out."""
    names = [*cache_watch._ENVIRONMENT, *cache_watch._NUMBERS, "namespaces"]
    environment = {"K8S_AUTH_VERIFY_SSL": "False", "K8S_AUTH_HOST": "https://host"}
    assert cache_watch.options(dict.fromkeys(names, empty), environment) == cache_watch.options(
        {}, environment)


@pytest.mark.parametrize(("given", "namespaces"), [
    (2026, ("2026",)), ((1, "a"), ("1", "a")), ([" a ", ""], ("a",))])
def test_a_rulebook_makes_numbers_and_tuples_of_text(given, namespaces):
    """ansible-rulebook renders templates by Jinja's native types."""
    assert cache_watch.options({"namespaces": given}, {})["namespaces"] == namespaces


@pytest.mark.parametrize(("args", "sentence"), [
    ({"namespace": "a"}, "the event source has no option namespace: expected one of api_key, ca_cert"),
    ({"lasts": "soon"}, "lasts is 'soon': expected a number of 0 or more, such as 20"),
    ({"repeat": -1}, "repeat is -1: expected a number of 0 or more, such as 600"),
    ({"lasts": "nan"}, "lasts is 'nan': expected a number of 0 or more, such as 20"),
    ({"lasts": True}, "lasts is True: expected a number of 0 or more, such as 20"),
    ({"full_percentage": 950}, "full_percentage is 950: expected a number of 0 to 100, such as 95"),
    ({"full_percentage": "95%"}, "full_percentage is '95%': expected a number of 0 to 100, such as 95"),
    ({"namespaces": "a b"}, "namespace 'a b' is not a DNS-1123 label"),
])
def test_wrong_options_get_a_sentence(args, sentence):
    with pytest.raises(InvalidInput) as refused:
        cache_watch.options(args, {})
    assert str(refused.value).startswith(sentence)


def test_the_source_puts_events_into_the_queue(cache, monkeypatch):
    """As ansible-rulebook runs it: by its path. A watch reports the change, so no interval passes."""
    monkeypatch.setattr(connection, "connect", lambda _params: cache)
    reported = []
    monkeypatch.setattr(cache_watch.CacheWatch, "start", lambda _self, changed: reported.append(changed))
    stopped = []
    monkeypatch.setattr(cache_watch.CacheWatch, "stop", lambda _self: stopped.append(True))
    module = runpy.run_path(str(SOURCE))

    async def play():
        queue = asyncio.Queue()
        task = asyncio.create_task(module["main"](queue, {"lasts": 0, "interval": 600}))
        while not reported and not task.done():
            await asyncio.sleep(0.01)
        while cache.requests.count(("list", "pods")) < 2 and not task.done():
            await asyncio.sleep(0.01)
        put_dataset(cache, "Failed")
        reported[0]()
        event = await asyncio.wait_for(queue.get(), 60)
        task.cancel()
        return event
    event = asyncio.run(play())
    assert stopped == [True]
    assert (event["type"], event["phase"], event["cache"]) == ("dataset_unbound", "Failed", "hbase.data")


@pytest.mark.parametrize("options", [{"interval": 0}, {"repeat": 0}], ids=str)
def test_two_observations_have_a_pause(cache, monkeypatch, options):
    """Also while a fault is due and no API server answers."""
    monkeypatch.setattr(connection, "connect", lambda _params: cache)
    monkeypatch.setattr(cache_watch.CacheWatch, "start", lambda _self, _changed: None)
    put_dataset(cache, "Failed")
    observed = []
    events = cache_watch.CacheWatch.events
    monkeypatch.setattr(cache_watch.CacheWatch, "events", lambda self: observed.append(1) or events(self))

    async def play():
        task = asyncio.create_task(runpy.run_path(str(SOURCE))["main"](
            asyncio.Queue(), {"lasts": 0, **options}))
        await asyncio.sleep(0.8)
        task.cancel()
    asyncio.run(play())
    assert len(observed) == 1


def test_the_source_refuses_wrong_options():
    with pytest.raises(InvalidInput):
        asyncio.run(runpy.run_path(str(SOURCE))["main"](asyncio.Queue(), {"lasts": "soon"}))
