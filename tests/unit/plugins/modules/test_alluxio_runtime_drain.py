# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_runtime drains workers before a smaller number of replicas removes them."""

import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds

OWN = {"name": "hbase", "namespace": "data", "network_mode": "ContainerNetwork", "disruption_budget": False,
       "stable_peer_addresses": False}
DRAIN = "datacache.fluid/drain"
READY = [{"type": "Ready", "status": "True"}]
LINE = "-rw-r--r--  root  root  {size}  {state} 11-27-2026 10:00:00:123 {cached}% {path}\n"


class Alluxio:
    """The command line of a master. files: by path: size, cached percentage, state."""

    def __init__(self):
        self.files = {"/a/x": [100, 100, "PERSISTED"], "/a/y": [100, 100, "PERSISTED"],
                      "/b": [50, 0, "PERSISTED"]}
        self.answers = {}  # of decommissionWorker, by its hosts
        self.persists, self.loads_all = True, True
        self.written = {}  # files that clients write until they know that workers are drained
        self.log = []

    def execute(self, _client, _pod, _container, command, _timeout):
        task, *args = command[3:]
        self.log.append((task, *args))
        return {"list the files": self._list, "persist files": self._persist, "drain workers": self._drain,
                "read the sizes of the paths": self._sizes, "load the paths": self._load,
                "load the rest of the paths": self._load}[task](*args)

    def _list(self):
        return done("".join(LINE.format(size=size, state=state, cached=cached, path=path)
                            for path, (size, cached, state) in self.files.items()))

    def _persist(self, *paths):
        for path in paths if self.persists else ():
            self.files[path][2] = "PERSISTED"
        return done("")

    def _drain(self, hosts, _wait):
        answer = self.answers.get(hosts, "idle")
        if answer == "dies":
            raise ApiError("the stream broke")
        if answer == "idle":
            self.files["/a/y"][1] = 0
            self.files.update(self.written)
        return done(answer)

    def _below(self, path):
        return [each for name, each in self.files.items() if (name + "/").startswith(path.rstrip("/") + "/")]

    def _sizes(self, _again, *paths):
        return done("".join(
            f"{sum(size for size, _cached, _state in self._below(path))} "
            f"{sum(size * cached // 100 for size, cached, _state in self._below(path))} (0%) {path}\n"
            for path in paths))

    def _load(self, *paths):
        for path in paths if self.loads_all else ():
            for each in self._below(path):
                each[1] = 100
        return done("")


def done(text):
    return pod_exec.ExecResult(0, text, "")


def put_pod(cluster, name, role, ready=True, host="10.0.0.9"):
    cluster.put(kinds.POD, {
        "metadata": {"name": name, "namespace": "data", "labels": {"release": "hbase", "role": role}},
        "spec": {}, "status": {"hostIP": host, "conditions": READY if ready else []}})


@pytest.fixture
def alluxio(cluster, run, monkeypatch):
    """A cache with one master and three workers."""
    made = Alluxio()
    monkeypatch.setattr(pod_exec, "execute", made.execute)
    assert run("alluxio_runtime", worker_replicas=3, **OWN)["changed"]
    put_pod(cluster, "hbase-master-0", "alluxio-master")
    for index in range(3):
        put_pod(cluster, f"hbase-worker-{index}", "alluxio-worker", host=f"10.0.0.{index}")
    cluster.put(kinds.STATEFUL_SET, {"metadata": {"name": "hbase-worker", "namespace": "data"},
                                     "spec": {"replicas": 3}})
    cluster.put(fluid_kinds.DATASET, {"metadata": {"name": "hbase", "namespace": "data"},
                                      "status": {"phase": "Bound", "cacheStates": {"cacheCapacity": "2GiB"}}})
    cluster.requests.clear()
    return made


@pytest.fixture
def state(cluster):
    def read():
        workers = cluster.stored(kinds.STATEFUL_SET, "hbase-worker", "data")
        runtime = cluster.stored(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data")
        return runtime["spec"]["replicas"], (workers["metadata"].get("annotations") or {}).get(DRAIN)
    return read


def tasks(alluxio):
    return [entry[0] for entry in alluxio.log]


def test_what_leaves_is_loaded_into_the_others(run, alluxio, state):
    result = run("alluxio_runtime", worker_replicas=1, **OWN)
    assert (result["changed"], result["warnings"]) == (True, [])
    assert alluxio.log == [
        ("list the files",), ("drain workers", "10.0.0.2,10.0.0.1", "300s"), ("list the files",),
        ("read the sizes of the paths", "false", "/a"), ("load the paths", "/a"),
        ("read the sizes of the paths", "false", "/a")]
    assert (alluxio.files["/a/y"][1], alluxio.files["/b"][1], state()) == (100, 0, (1, None))
    alluxio.log.clear()
    assert not run("alluxio_runtime", worker_replicas=1, **OWN)["changed"]
    assert alluxio.log == []


@pytest.mark.parametrize(("options", "check"), [
    ({"worker_replicas": 1}, True), ({"worker_replicas": 1, "drain_workers": False}, False),
    ({"worker_replicas": 4}, False), ({"worker_replicas": 3, "labels": {"a": "b"}}, False),
], ids=["check", "not-asked", "more", "equal"])
def test_nothing_is_drained(run, alluxio, options, check):
    assert run("alluxio_runtime", check=check, **options, **OWN)["changed"]
    assert alluxio.log == []


def test_a_worker_that_is_not_ready_holds_nothing_to_keep(cluster, run, alluxio, state):
    put_pod(cluster, "hbase-worker-2", "alluxio-worker", ready=False)
    run("alluxio_runtime", worker_replicas=2, **OWN)
    assert (alluxio.log, state()) == ([], (2, None))


def test_files_in_alluxio_alone_are_persisted_first(run, alluxio, state):
    alluxio.files["/own"] = [10, 100, "NOT_PERSISTED"]
    run("alluxio_runtime", worker_replicas=0, **OWN)
    assert alluxio.log == [("list the files",), ("persist files", "/own"), ("list the files",)]
    assert state() == (0, None)


def test_files_that_cannot_be_persisted_keep_the_workers(run, alluxio, state):
    alluxio.files["/own"], alluxio.persists = [10, 100, "TO_BE_PERSISTED"], False
    result = run("alluxio_runtime", worker_replicas=1, **OWN)
    assert result["msg"].startswith(
        "AlluxioRuntime hbase in namespace data: 1 files are in Alluxio alone, such as /own, and could not "
        "be persisted")
    assert ("drain workers" in tasks(alluxio), state()) == (False, (3, None))


@pytest.mark.parametrize("persists", [True, False])
def test_files_that_clients_wrote_until_the_drain_are_kept(run, alluxio, state, persists):
    alluxio.written["/late"], alluxio.persists = [10, 100, "NOT_PERSISTED"], persists
    result = run("alluxio_runtime", worker_replicas=1, **OWN)
    assert state()[0] == (1 if persists else 3)
    assert alluxio.files["/late"][2] == ("PERSISTED" if persists else "NOT_PERSISTED")
    if not persists:
        assert "1 files are in Alluxio alone, such as /late, and could not be persisted" in result["msg"]
        assert "Restart the drained workers, which Alluxio then takes in again" in result["msg"]


def test_a_busy_worker_is_not_removed(run, alluxio, state):
    alluxio.answers["10.0.0.2"] = "busy"
    result = run("alluxio_runtime", worker_replicas=2, **OWN)
    assert "still serve requests, so none was removed: run this again" in result["msg"]
    assert state() == (3, '["/a"]')


@pytest.mark.parametrize("answer", ["dies", "busy"])
def test_an_interrupted_run_is_continued(run, alluxio, state, answer):
    """The state that the note keeps is no longer to be seen."""
    alluxio.answers["10.0.0.2"] = answer
    assert run("alluxio_runtime", worker_replicas=2, **OWN)["failed"]
    assert json.loads(state()[1]) == ["/a"]
    alluxio.files["/a/y"][1] = 0
    alluxio.answers["10.0.0.2"] = "unknown-worker"
    assert run("alluxio_runtime", worker_replicas=2, **OWN)["changed"]
    assert (alluxio.files["/a/y"][1], state()) == (100, (2, None))


def test_a_worker_that_is_drained_already_does_not_hide_the_others(run, alluxio):
    alluxio.answers["10.0.0.2,10.0.0.1"] = alluxio.answers["10.0.0.2"] = "unknown-worker"
    run("alluxio_runtime", worker_replicas=1, **OWN)
    assert [entry[1] for entry in alluxio.log if entry[0] == "drain workers"] == [
        "10.0.0.2,10.0.0.1", "10.0.0.2", "10.0.0.1"]


@pytest.mark.parametrize(("answer", "host", "warning"), [
    ("unknown-command", "10.0.0.2", "this Alluxio cannot drain workers"),
    ("idle", "10.0.0.1", "10.0.0.1 runs several workers, which Alluxio does not distinguish"),
])
def test_workers_that_cannot_be_drained_are_removed_with_a_warning(
        cluster, run, alluxio, state, answer, host, warning):
    put_pod(cluster, "hbase-worker-2", "alluxio-worker", host=host)
    alluxio.answers["10.0.0.2"] = answer
    result = run("alluxio_runtime", worker_replicas=2, **OWN)
    assert [warning in text for text in result["warnings"]] == [True]
    assert ("load the paths" in tasks(alluxio), state()) == (False, (2, None))


def test_what_does_not_fit_is_no_failure(run, alluxio, state):
    alluxio.loads_all = False
    result = run("alluxio_runtime", worker_replicas=2, **OWN)
    assert ["not all of what the drained workers held is cached in the others" in text
            for text in result["warnings"]] == [True]
    assert state() == (2, None)


def test_no_ready_master(cluster, run, alluxio, state):
    put_pod(cluster, "hbase-master-0", "alluxio-master", ready=False)
    assert "no master of AlluxioRuntime hbase in namespace data is ready to drain workers" in run(
        "alluxio_runtime", worker_replicas=2, **OWN)["msg"]
    assert state() == (3, None)


def test_several_runtimes(run, alluxio, state):
    options = {key: value for key, value in OWN.items() if key != "name"}
    result = run("alluxio_runtime", runtimes=[{"name": "hbase", "worker_replicas": 2}], **options)
    assert (result["changed"], state()) == (True, (2, None))
