# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the Raft measures that are computed from records."""

from types import SimpleNamespace

import pytest
from costs.report import Figure
from costs.session import Session
from survival import reader, rows
from survival.cache import Cache, Content, Kind
from survival.together import Outcome, pairs
from survival.watch import Look, below_majority, fewest_available, seconds_without_leader


def looks(*seen):
    return [Look(float(at), available) for at, available in seen]


@pytest.mark.parametrize(("record", "seconds", "fewest"), [
    pytest.param(looks((0, 3), (1, 3)), 0, 3, id="healthy"),
    pytest.param(looks((0, 3), (1, None), (2, None), (3, 2), (4, 3)), 2, 2, id="one-election"),
    pytest.param(looks((0, None), (1, 3), (5, None), (5.5, 3)), 1.5, 3, id="two-times"),
    pytest.param(looks((0, 3), (1, None), (4, None)), 3, 3, id="never-again"),
    pytest.param(looks((0, None)), 0, 0, id="never"),
])
def test_a_record(record, seconds, fewest):
    assert seconds_without_leader(record) == seconds
    assert fewest_available(record) == fewest


@pytest.mark.parametrize(("look", "below"), [
    (Look(0.0, 3, 3, 3), False), (Look(0.0, 2, 3, 2), False), (Look(0.0, 1, 3, 2), True),
    (Look(0.0, 2, 3, 1), True), (Look(0.0, None, None, 2), False), (Look(0.0, None, None, 1), True),
    (Look(0.0, None, None, None), False), (Look(0.0, 2, 5, 3), True), (Look(0.0, 3, 5, 2), True),
    (Look(0.0, 3, 5, 3), False),
], ids=["whole", "one-less", "one-peer", "one-runs", "election", "election-of-one", "nothing-known",
        "two-peers-of-five", "two-run-of-five", "three-of-five"])
def test_a_majority(look, below):
    assert below_majority([look]) == ([look] if below else [])


def test_without_a_leader_the_group_has_its_last_size():
    election = Look(1.0, None, None, 2)
    assert below_majority([Look(0.0, 5, 5, 5), election]) == [election]


def test_pairs_of_jobs_come_all_before_one_comes_again():
    found = pairs("abc", 6)
    assert {frozenset(pair) for pair in found} == {
        frozenset(pair) for pair in ("a", "b", "c", "ab", "ac", "bc")}
    assert pairs("abc", 20) == pairs("abc", 20) and len(pairs("abc", 20)) == 20
    assert set(pairs("ab", 40)) == {("a", "a"), ("b", "b"), ("a", "b"), ("b", "a")}


@pytest.mark.parametrize(("failure", "well"), [
    ("", True), ("another run acts on the masters of AlluxioRuntime a: Lease a-masters: ann@host", True),
    ("the MASTER quorum is not complete; nothing was killed: run alluxio_quorum", True),
    ("timed out after 900 s", False),
])
def test_a_job_ends_or_names_the_other_one(failure, well):
    assert Outcome("drill", 1.0, failure).well is well


@pytest.fixture
def deployments(monkeypatch):
    """The kinds that were deployed, in order."""
    made = []

    class Deployed:
        def __init__(self, _session, kind, _content):
            self.kind = kind

        def __enter__(self):
            made.append(self.kind)
            return Cache(None, self.kind, Content("", ""), None)

        def __exit__(self, *_error):
            return False

    monkeypatch.setattr(rows, "deployed", Deployed)
    return made


def measured(monkeypatch, *given, desired=(), lab=None):
    monkeypatch.setattr(rows, "ROWS", given)
    return rows.measure(desired or rows.names(), Session("", None, None, "", None, 1), Content("", ""), lab)


def figure(name):
    return lambda *_arguments: [Figure(name, "value", 1)]


def fails(*_arguments):
    raise ValueError("no leader")


def test_the_reading_pod_is_that_of_the_role():
    cache = SimpleNamespace(name="a", namespace="b", content=Content("http://origin", "an-image"))
    pod = reader._manifest(cache)
    assert pod["metadata"]["name"] == "a-reader" and pod["metadata"]["namespace"] == "b"
    assert [each["image"] for each in pod["spec"]["containers"]] == ["an-image"]


def test_each_kind_of_cache_is_deployed_once(monkeypatch, deployments):
    one, two = Kind("fast", "HostNetwork"), Kind("default", "HostNetwork")
    given = [rows.Row("a", one, figure("a")), rows.Row("b", two, figure("b")),
             rows.Row("c", one, figure("c"))]
    figures, broken = measured(monkeypatch, *given)
    assert (sorted(each.work for each in figures), broken, deployments) == (["a", "b", "c"], [], [one, two])


def test_only_requested_and_possible_measures_run(monkeypatch, deployments):
    kind = Kind("fast", "HostNetwork")
    given = [rows.Row("a", kind, figure("a")), rows.Row("b", kind, figure("b")),
             rows.Row("c", kind, figure("c"), needs_lab=True),
             rows.Row("d", kind, figure("d"), needs_module="survival.nothing")]
    assert [each.work for each in measured(monkeypatch, *given, desired=["b", "c", "d"])[0]] == ["b"]
    assert measured(monkeypatch, *given, desired=["c", "d"]) == ([], [])
    assert deployments == [kind]


def test_a_row_that_breaks_does_not_cost_the_others(monkeypatch, deployments):
    kind = Kind("fast", "HostNetwork")
    figures, broken = measured(monkeypatch, rows.Row("a", kind, fails), rows.Row("b", kind, figure("b")))
    assert ([each.work for each in figures], broken) == (["b"], ["a: ValueError: no leader"])
