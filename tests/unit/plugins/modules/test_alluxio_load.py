# SPDX-License-Identifier: GPL-3.0-or-later
"""The module alluxio_load: paths that are cached are unchanged, and what is missing is loaded."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Forbidden,
    ServerUnavailable,
    StreamBroken,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

CACHE = {"name": "hbase", "namespace": "data"}
JVM_START = 5
STATE = "\tJob State: {}\n\tBytes Loaded: 1B out of 9B\n"
# As the lab's masters show it with an under-store that sends 1 MB/s.
FAILING = "VERIFYING\n\tBlock load failure rate: 185.21%\n\tFiles Failed: 10"


class Master:
    """The command line of a master. files: the sizes of each path. old: whether it has distributedLoad."""

    def __init__(self, cluster):
        self.files = {"/": [900, 0], "/a": [400, 0], "/b": [500, 500], "/empty": [0, 0]}
        self.old = False
        self.loads = []  # the paths of each load
        self.listed = []  # whether the under-stores were listed again, for each look at sizes
        self.states = ["SUCCEEDED"]  # what the looks at the progress show, the last one from then on
        self.remains = 0  # bytes that a load does not load
        self.rests = []  # the paths of each load of the rest
        self.lefts = []  # bytes that each load of the rest leaves out
        self.never = 0  # bytes that it does not load either
        self.stopped = []  # the paths of each load that was stopped
        self.takes = 0  # seconds for the rest
        self.interruptions = {}  # by task: None, or what its next command raises
        self.pods = []  # in which pod each command ran, by its ordinal
        self.cluster = cluster

    def execute(self, _client, pod, container, command, timeout):
        assert (container, command[:2]) == ("alluxio-master", ["bash", "-c"])
        task, *arguments = command[3:]
        self.pods.append(int(pod.name.rpartition("-")[2]))
        if self.interruptions.get(task) and (interruption := self.interruptions[task].pop(0)):
            raise interruption()
        if timeout < JVM_START:
            return pod_exec.ExecResult(124, "", f"it was ended after {timeout:g} s")
        commands = {"read the sizes of the paths": self._sizes, "load the paths": self._load,
                    "load the rest of the paths": self._load_rest,
                    "stop the load": self._stop, "read the progress of the load": self._progress}
        return commands[task](*arguments)

    def _sizes(self, again, *paths):
        self.listed.append(again)
        if unknown := [path for path in paths if path not in self.files]:
            return pod_exec.ExecResult(255, "", f"Path {unknown[0]} does not exist")
        return pod_exec.ExecResult(0, "".join(
            f"File Size     In Alluxio       Path\n{total:<13} {cached} (0%)          {path}\n"
            for path in paths for total, cached in [self.files[path]]), "")

    def _load(self, *paths):
        self.loads.append(list(paths))
        for path in paths:
            self.files[path][1] = self.files[path][0] - self.remains
        return pod_exec.ExecResult(0, "" if self.old else "Load is submitted.\nsubmitted\n", "")

    def _load_rest(self, *paths):
        self.rests.append(list(paths))
        self.cluster.sleep(self.takes)
        left = self.lefts.pop(0) if self.lefts else self.never
        for path in paths:
            self.files[path][1] = self.files[path][0] - left
        return pod_exec.ExecResult(1, "", "no space") if self.never else pod_exec.ExecResult(0, "", "")

    def _stop(self, *paths):
        self.stopped.append(list(paths))
        return pod_exec.ExecResult(0, "", "")

    def _progress(self, *paths):
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return pod_exec.ExecResult(0, STATE.format(_answer(state)) * len(paths), "")


def _answer(state):
    if isinstance(state, ApiError):
        raise state
    return state


@pytest.fixture
def master(cluster, monkeypatch):
    made = Master(cluster)
    monkeypatch.setattr(pod_exec, "execute", made.execute)
    cluster.put(kinds.POD, {"metadata": {"name": "hbase-master-0", "namespace": "data",
                                         "labels": {"release": "hbase", "role": "alluxio-master"}},
                            "status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    cluster.put(fluid_kinds.ALLUXIO_RUNTIME, {"metadata": {**CACHE}, "spec": {"master": {"replicas": 3}}})
    cluster.put(fluid_kinds.DATASET, {"metadata": {**CACHE}, "status": {
        "phase": "Bound", "cacheStates": {"cacheCapacity": "2.00GiB"}}})
    return made


@pytest.mark.parametrize("old", [False, True], ids=["2.9.4", "2.9.0"])
def test_what_is_missing_is_loaded_once(cluster, run, master, old):
    master.old, options = old, {**CACHE, "paths": ["/a", "/b", "/empty"]}
    predicted = run("alluxio_load", check=True, **options)
    assert (predicted["changed"], predicted["loaded_paths"], master.loads) == (True, ["/a"], [])
    done = run("alluxio_load", **options)
    assert (done["changed"], done["loaded_paths"], master.loads) == (True, ["/a"], [["/a"]])
    assert done["paths"][0] == {
        "path": "/a", "total_bytes": 400, "cached_bytes": 400, "cached_bytes_before": 0}
    cluster.requests.clear()
    again = run("alluxio_load", **options)
    assert (again["changed"], again["loaded_paths"], len(master.loads)) == (False, [], 1)
    assert cluster.requests == [("get", "alluxioruntimes"), ("list", "pods")]
    assert cluster.writes() == []


def test_what_was_evicted_is_loaded_again(run, master):
    run("alluxio_load", **CACHE)
    master.files["/"][1] = 800
    assert run("alluxio_load", **CACHE)["changed"]
    assert master.loads == [["/"], ["/"]]


def test_the_under_stores_are_listed_again_only_before(run, master):
    run("alluxio_load", **CACHE, load_metadata=True)
    run("alluxio_load", check=True, **CACHE, load_metadata=True)
    assert master.listed == ["true", "false", "true"]


def test_the_progress_of_a_submitted_load(cluster, run, master):
    master.states = ["RUNNING", ApiError("the container does not run"), "RUNNING", "SUCCEEDED"]
    assert run("alluxio_load", **CACHE)["changed"]
    assert cluster.now == 9


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED (X: not healthy)"])
def test_what_a_load_misses_is_loaded_block_by_block(run, master, state):
    """As when a worker has too little direct memory for all blocks at once, or no job worker."""
    master.states, master.remains = [state], 10
    done = run("alluxio_load", **CACHE, paths=["/a", "/b"])
    assert (done["changed"], master.loads, master.rests) == (True, [["/a"]], [["/a"]])
    assert not run("alluxio_load", **CACHE, paths=["/a", "/b"])["changed"]


def test_a_load_whose_blocks_time_out_is_stopped_and_goes_on_block_by_block(cluster, run, master):
    """A worker has 30 s to read a block that the masters have submitted; they try it again without end."""
    # The total grows with each block that is tried again.
    master.states, master.remains = [
        FAILING.replace("VERIFYING", f"VERIFYING\n\tBytes Loaded: 1B out of {number}GB")
        for number in range(1, 60)], 300
    done = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert (done["changed"], done["paths"][0]["cached_bytes"]) == (True, 400)
    assert (master.loads, master.stopped, master.rests) == ([["/a"]], [["/a"]], [["/a"]])
    assert cluster.now == 90


def test_blocks_that_the_stopped_load_was_reading_are_loaded_by_another_pass(run, master):
    """While a worker holds such a block temporarily, it does not cache it for a read of a client."""
    master.states, master.remains, master.lefts = [FAILING], 300, [100, 40, 0]
    done = run("alluxio_load", **CACHE, paths=["/a", "/b"], wait_timeout=600)
    assert (done["changed"], done["paths"][0]["cached_bytes"]) == (True, 400)
    assert master.rests == [["/a"]] * 3


def test_a_pass_without_progress_is_the_last(run, master):
    master.states, master.remains, master.lefts = [FAILING], 300, [100, 100, 0]
    result = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert result["failed"] and "has ended without 100 of 400 bytes of /a" in result["msg"]
    assert master.rests == [["/a"]] * 2


@pytest.mark.parametrize("states", [
    ["RUNNING"] * 60 + ["SUCCEEDED"],
    [FAILING.replace("185.21", "0.00").replace(": 10", ": 0")] * 60 + ["SUCCEEDED"],
    [FAILING] * 20 + [FAILING + "\n\tBytes Loaded: 5B out of 9B"] + [FAILING] * 20 + ["SUCCEEDED"],
], ids=["slow", "no failure", "other blocks are loaded meanwhile"])
def test_a_load_that_goes_on_is_not_stopped(run, master, states):
    master.states = states
    assert run("alluxio_load", **CACHE, wait_timeout=600)["changed"]
    assert (master.stopped, master.rests) == ([], [])


def test_a_load_that_is_slower_than_the_time_limit(cluster, run, master):
    master.states, master.remains, master.never = [FAILING], 300, 200
    master.takes = 600
    result = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert result["failed"] and result["changed"]
    assert result["msg"].startswith(
        "timed out after 600 s while waiting for the load into AlluxioRuntime hbase in namespace data: 200 "
        "of 400 bytes of /a are missing: ")
    assert result["msg"].endswith("; run this again to continue")


def test_a_load_whose_stop_is_not_answered_was_stopped_by_no_other_client(run, master):
    """The stream breaks behind the command, and the next look shows that the load is stopped."""
    master.states, master.remains = [*[FAILING] * 31, "STOPPED"], 300
    master.interruptions = {"stop the load": [lambda: StreamBroken("the answer was lost")]}
    done = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert (done["changed"], done["paths"][0]["cached_bytes"], master.rests) == (True, 400, [["/a"]])


@pytest.mark.parametrize(("task", "call", "error"), [
    ("load the paths", 1, StreamBroken), ("load the paths", 1, ServerUnavailable),
    ("load the paths", 1, ApiError), ("load the rest of the paths", 1, StreamBroken),
    ("load the rest of the paths", 1, ServerUnavailable), ("read the sizes of the paths", 1, StreamBroken),
    ("read the sizes of the paths", 2, StreamBroken),
    ("read the sizes of the paths", 2, ApiError), ("read the sizes of the paths", 3, ApiError)])
def test_a_master_that_restarts_does_not_end_the_load(cluster, run, master, task, call, error):
    """Its pod ends with the stream of the command; another master is ready then."""
    pod = cluster.get(kinds.POD, ObjectRef("data", "hbase-master-0"))
    cluster.put(kinds.POD, {**pod, "metadata": {**pod["metadata"], "name": "hbase-master-1"}})

    def restart():
        cluster.change(kinds.POD, "hbase-master-0", "data", {"status": {"conditions": None}})
        return error("the stream broke before the command's end")
    master.interruptions = {task: [None] * (call - 1) + [restart]}
    master.states, master.remains = ["FAILED (X: not healthy)"], 10
    done = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert (done.get("msg"), done["changed"], done["paths"][0]["cached_bytes"]) == (None, True, 400)
    assert (master.pods[0], master.pods[-1]) == (0, 1)


@pytest.mark.parametrize(("task", "call"), [
    ("read the progress of the load", 0), ("read the sizes of the paths", 1), ("load the paths", 0)])
def test_a_permission_that_is_lost_during_a_load_ends_it(cluster, run, master, task, call):
    master.interruptions[task] = [None] * call + [lambda: Forbidden("not allowed to create pods/exec", 403)]
    result = run("alluxio_load", **CACHE, paths=["/a"])
    assert "not allowed to create pods/exec" in result["msg"]
    assert cluster.now < 10


def test_the_only_master_restarts_during_a_load(cluster, run, master):
    def restart():
        cluster.change(kinds.POD, "hbase-master-0", "data", {"status": {"conditions": None}})
        cluster.later(40, lambda: cluster.change(kinds.POD, "hbase-master-0", "data", {
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}))
        return StreamBroken("the stream broke before the command's end")
    master.interruptions = {"load the rest of the paths": [restart]}
    master.states, master.remains = ["FAILED (X: not healthy)"], 10
    done = run("alluxio_load", **CACHE, paths=["/a"], wait_timeout=600)
    assert (done.get("msg"), done["changed"], cluster.now >= 40) == (None, True, True)


def test_no_master_is_ready_again_after_a_restart(cluster, run, master):
    def restart():
        cluster.change(kinds.POD, "hbase-master-0", "data", {"status": {"conditions": None}})
        return StreamBroken("the stream broke before the command's end")
    master.interruptions = {"load the paths": [restart]}
    result = run("alluxio_load", **CACHE, wait_timeout=600)
    assert result["msg"] == (
        "timed out after 120 s while waiting for a master of AlluxioRuntime hbase in namespace data: none is "
        "ready; run this again to continue")
    assert cluster.now == 120


def test_a_load_with_missing_files_fails_with_what_it_changed(run, master):
    master.states, master.remains, master.never = ["FAILED (X: not healthy)"], 20, 10
    result = run("alluxio_load", **CACHE)
    assert result["msg"] == (
        "the load into AlluxioRuntime hbase in namespace data has ended without 10 of 900 bytes of /: a load "
        "is FAILED: X: not healthy; cannot load the rest of the paths in pod hbase-master-0: exit code 1: no "
        "space; see the logs of its workers for the reason, then run this again")
    assert result["failed"] and result["changed"] and result["paths"][0]["cached_bytes"] == 890


@pytest.mark.parametrize(("state", "message"), [
    ("STOPPED", "was stopped by another client"),
    ("RUNNING", "timed out after 30 s while waiting for the load into AlluxioRuntime hbase in namespace "
                "data: loaded 1B of 9B; the masters continue it"),
])
def test_a_load_that_does_not_end(run, master, state, message):
    master.states = [state]
    result = run("alluxio_load", **CACHE, wait_timeout=30)
    assert result["failed"] and message in result["msg"]
    assert master.rests == []


@pytest.mark.parametrize(("paths", "message"), [
    (["/absent"], "a path does not exist in AlluxioRuntime hbase in namespace data"),
    (["/large"], "the paths have 3221225472 bytes and the workers of AlluxioRuntime hbase in namespace data "
                 "hold 2147483648"),
])
@pytest.mark.parametrize("check", [True, False], ids=["check", "run"])
def test_refused_before_a_load(run, master, paths, message, check):
    master.files["/large"] = [3 * 2 ** 30, 0]
    result = run("alluxio_load", check=check, **CACHE, paths=paths)
    assert result["failed"] and message in result["msg"]
    assert master.loads == []


def test_a_cached_path_is_never_too_large(run, master):
    master.files["/large"] = [3 * 2 ** 30, 3 * 2 ** 30]
    assert not run("alluxio_load", **CACHE, paths=["/large"])["changed"]


def test_a_ready_master_is_required(cluster, run, master):
    cluster.change(kinds.POD, "hbase-master-0", "data", {"status": {"conditions": None}})
    assert "no master of AlluxioRuntime hbase in namespace data is ready to load" in run(
        "alluxio_load", **CACHE)["msg"]
    assert "does not exist" in run("alluxio_load", name="other")["msg"]


@pytest.mark.parametrize(("options", "message"), [
    ({"paths": ["/", "/a"]}, "lies within /"),
    ({"wait_timeout": 0}, "wait_timeout is 0: expected at least one second"),
    ({"wait_timeout": -5}, "wait_timeout is -5: expected at least one second"),
])
def test_refused_without_a_request(cluster, run, options, message):
    assert message in run("alluxio_load", **CACHE, **options)["msg"]
    assert cluster.requests == []
