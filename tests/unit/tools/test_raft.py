# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the Raft measures that are computed from records."""

import pytest
from costs.report import Figure
from costs.session import Session
from survival import rows
from survival.cache import Cache, Content, Kind
from survival.watch import Look, fewest_available, seconds_without_leader


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
