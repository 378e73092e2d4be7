# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that manage objects have in common, for a kind that does as little as possible."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline as api_deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.bulk import ref_of
from ansible_collections.datacache.fluid.plugins.module_utils.apply.reconcile import Outcome
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    Conflict,
    InvalidInput,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import waits
from ansible_collections.datacache.fluid.plugins.module_utils.module import (
    arguments,
    resource,
    run as module_run,
)
from ansible_collections.datacache.fluid.plugins.module_utils.module.resource import Resource, items_of

DATASET = fluid_kinds.DATASET
OPTIONS = {"placement": {"type": "str"}}
SPEC = arguments.compose(arguments.fleet("datasets", OPTIONS), arguments.state(), arguments.wait(30),
                         arguments.wait_for())


class Datasets(Resource):
    """Datasets of nothing but a placement. calls: what was asked for beside the writes."""

    kind = DATASET
    plural = "datasets"

    def __init__(self):
        self.calls = []

    def require_valid(self, item):
        if item["placement"] == "Refused":
            raise InvalidInput(f"{item['name']} is refused")

    def manifest(self, item):
        return {"apiVersion": DATASET.api_version, "kind": DATASET.kind,
                "spec": {"placement": item["placement"]},
                "metadata": {"name": item["name"], "namespace": item["namespace"]}}

    def wait(self, client, items, params, deadline):
        self.calls.append(("wait", [item["name"] for item in items]))
        return waits.field_has_value(client, DATASET, items, "status.phase", "Bound", deadline)

    def guard(self, client, item, reporter):
        def refuse(existing, _merged):
            if item["placement"] == "Guarded":
                raise Conflict("the guard refuses it")
            reporter.warn(f"{item['name']} {'changes' if existing else 'is new'}")
        return refuse

    def verify(self, client, item):
        self.calls.append(("verify", item["name"]))


@pytest.fixture
def datasets():
    return Datasets()


@pytest.fixture
def run(end, cluster, monkeypatch, datasets):
    monkeypatch.setattr(module_run, "connect", lambda _params: cluster)
    monkeypatch.setattr(api_deadline, "SYSTEM_CLOCK", cluster.virtual_clock())

    def run_module(**given):
        options = given if "datasets" in given else {"name": "a", "namespace": "data", **given}
        return end(lambda module: resource.run(module, datasets), SPEC, **options)
    return run_module


@pytest.fixture
def becomes_bound(cluster):
    def plan(seconds, name="a"):
        cluster.later(seconds, lambda: cluster.change(DATASET, name, "data", {"status": {"phase": "Bound"}}))
    return plan


def stored(cluster, name="a"):
    return cluster.stored(DATASET, name, "data")


def listed(*names, **given):
    return [{"name": name, "namespace": "data", **given} for name in names]


# -- options -----------------------------------------------------------------------------------


def test_an_object_of_a_list_has_the_modules_value_for_what_it_leaves_out():
    params = {"datasets": [{"name": "a", "namespace": None, "placement": None},
                           {"name": "b", "namespace": "x", "placement": "Shared"}],
              "name": None, "namespace": "data", "placement": "Exclusive"}
    assert items_of(params, "datasets") == [
        {"name": "a", "namespace": "data", "placement": "Exclusive"},
        {"name": "b", "namespace": "x", "placement": "Shared"}]
    single = {**params, "datasets": None, "name": "a"}
    assert items_of(single, "datasets") == [single]


@pytest.mark.parametrize(("given", "message"), [
    ({"placement": "Refused"}, "a is refused"),
    ({"datasets": listed("a") + listed("b", placement="Refused")}, "b is refused"),
    ({"datasets": listed("a", "b", "a")},
     "data/a is in the list twice: describe each object only once"),
    ({"state": "absent", "name": ""}, "name '' is not a DNS-1123 subdomain"),
    ({"wait_for": {"path": "status["}}, "wait_for.path 'status[' is not a JMESPath expression"),
], ids=["single", "in-a-list", "twice", "absent-without-a-name", "no-expression"])
def test_refused_without_a_request(cluster, run, given, message):
    result = run(**given)
    assert result["failed"]
    assert result["msg"].startswith(message)
    assert cluster.requests == []


def test_what_a_present_object_may_not_have_does_not_keep_it_from_being_absent(run):
    assert not run(state="absent", placement="Refused").get("failed")


def test_sensitive_values_are_never_shown(run):
    assert "geheimnis" not in str(run(placement="s3://ann:geheimnis@host/"))


# -- present -----------------------------------------------------------------------------------


def test_present(cluster, run):
    result = run(placement="Shared", diff=True)
    assert (result["changed"], result["result"]["spec"]) == (True, {"placement": "Shared"})
    assert result["diff"] == {"before": {}, "after": {"spec": {"placement": "Shared"}}}
    assert stored(cluster)["spec"] == {"placement": "Shared"}
    assert not run(placement="Shared")["changed"]
    assert result["warnings"] == ["a is new"]


def test_check_mode_changes_and_awaits_nothing(cluster, run, datasets):
    assert run(placement="Shared", check=True, wait=True)["changed"]
    assert (stored(cluster), cluster.now, datasets.calls) == (None, 0, [])


def test_the_guard_stops_the_write(cluster, run):
    assert run(placement="Guarded")["msg"] == "the guard refuses it"
    assert cluster.writes() == []


def test_the_failure_of_one_object_does_not_stop_the_others(cluster, run):
    result = run(datasets=listed("a", placement="Guarded") + listed("b", placement="Shared"))
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"] == "1 of 2 objects failed: data/a: the guard refuses it"
    assert stored(cluster, "b")["spec"] == {"placement": "Shared"}


def test_what_was_awaited_is_the_result(run, becomes_bound, datasets, cluster):
    becomes_bound(7)
    assert run(placement="Shared", wait=True)["result"]["status"] == {"phase": "Bound"}
    assert cluster.now == 7
    assert datasets.calls == [("wait", ["a"]), ("verify", "a")]


def test_only_what_was_created_is_verified(cluster, run, becomes_bound, datasets):
    run(placement="Shared")
    becomes_bound(7)
    run(placement="Exclusive", wait=True)
    assert datasets.calls == [("wait", ["a"])]


def test_what_verification_finds_is_told_with_what_was_changed(run, becomes_bound, datasets, monkeypatch):
    def verify(_client, _item):
        raise InvalidInput("it is not as desired")
    monkeypatch.setattr(datasets, "verify", verify)
    becomes_bound(7)
    result = run(placement="Shared", wait=True)
    assert (result["failed"], result["changed"], result["msg"]) == (True, True, "it is not as desired")


def test_a_wait_that_times_out_keeps_what_was_changed(cluster, run, datasets):
    result = run(placement="Shared", wait=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert result["msg"].startswith(
        "timed out after 30 s while waiting for Dataset a in namespace data to have")
    assert (cluster.now, datasets.calls) == (30, [("wait", ["a"])])


def test_a_wait_that_fails_as_a_whole_keeps_what_was_changed(run, datasets, monkeypatch):
    def wait(*_args):
        raise WaitTimeout("too late")
    monkeypatch.setattr(datasets, "wait", wait)
    result = run(datasets=listed("a", "b", placement="Shared"), wait=True)
    assert result["msg"] == "2 of 2 objects failed: data/a: too late; data/b: too late"
    assert [entry["changed"] for entry in result["results"]] == [True, True]


def test_what_failed_is_not_waited_for(run, becomes_bound, datasets):
    becomes_bound(7, "b")
    run(datasets=listed("a", placement="Guarded") + listed("b", placement="Shared"), wait=True)
    assert datasets.calls == [("wait", ["b"]), ("verify", "b")]


def test_a_field_is_waited_for_instead(cluster, run, datasets):
    cluster.later(5, lambda: cluster.change(DATASET, "a", "data", {"status": {"fileNum": "15"}}))
    run(placement="Shared", wait=True, wait_for={"path": "status.fileNum", "value": 15})
    assert (cluster.now, datasets.calls) == (5, [("verify", "a")])


def test_an_object_that_is_recreated_is_not_applied(cluster, run, datasets, monkeypatch):
    run(placement="Shared")
    cluster.requests.clear()
    made = Outcome(True, stored(cluster), created=True)

    def recreate(_client, _item, existing, _write, deadline, _reporter):
        datasets.calls.append(("recreate", existing["metadata"]["name"], deadline.seconds))
        return made
    monkeypatch.setattr(datasets, "recreate", recreate)
    assert run(placement="Exclusive")["changed"]
    assert datasets.calls == [("recreate", "a", 30)]
    assert cluster.writes() == []


def test_what_belongs_to_the_objects_is_done_after_their_writes(cluster, run, datasets, monkeypatch):
    def finish(_client, items, outcomes, params, _deadline, check_mode):
        datasets.calls.append((list(map(ref_of, items)), params["placement"], check_mode, cluster.writes()))
        return [Conflict("it is not done") for _outcome in outcomes]
    monkeypatch.setattr(datasets, "finish", finish)
    assert run(placement="Shared")["msg"] == "it is not done"
    assert datasets.calls == [([("data", "a")], "Shared", False, [("create", "datasets")])]


# -- absent ------------------------------------------------------------------------------------


def test_absent(cluster, run):
    run(placement="Shared")
    assert run(state="absent", check=True)["changed"]
    assert stored(cluster) is not None
    result = run(state="absent", diff=True)
    assert (result["changed"], result["result"], stored(cluster)) == (True, {}, None)
    assert result["diff"] == {"before": {"state": "present"}, "after": {"state": "absent"}}
    assert not run(state="absent")["changed"]


def test_absent_is_waited_for(cluster, run):
    run(placement="Shared")
    cluster.change(DATASET, "a", "data", {"metadata": {"finalizers": ["f"]}})
    cluster.later(9, lambda: cluster.vanish(DATASET, "a", "data"))
    assert run(state="absent", wait=True)["changed"]
    assert cluster.now == 9


def test_what_is_absent_already_is_not_waited_for(cluster, run):
    assert not run(state="absent", wait=True)["changed"]
    assert cluster.requests == [("get", "datasets")]


def test_an_object_that_does_not_go_is_told_as_a_change(cluster, run):
    run(placement="Shared")
    cluster.change(DATASET, "a", "data", {"metadata": {"finalizers": ["f"]}})
    result = run(state="absent", wait=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "to be absent: it still exists, held by f" in result["msg"]


def test_of_a_kind_that_is_not_installed_all_objects_are_absent(cluster, run):
    cluster.missing_kinds.add(DATASET)
    result = run(state="absent", wait=True)
    assert not (result["changed"] or result.get("failed"))
