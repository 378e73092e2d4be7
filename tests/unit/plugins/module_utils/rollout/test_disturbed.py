# SPDX-License-Identifier: GPL-3.0-or-later
"""Each run ends with the same result where the clock is off, and where no API server answers for 30 s."""

from datetime import timedelta

import actors
import pytest
from fake_claims import FakeClaims
from kills import EVERY_REQUEST
from rollout_site import Site

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline

# Other tests measure the coverage, which makes these slower.
pytestmark = pytest.mark.no_cover

OUTAGE = 30  # seconds
PARTS = 60 if EVERY_REQUEST else 6  # the moments in a run at which an outage begins


class ClaimSite(Site):
    MASTERS = FakeClaims


def prepare(one, name):
    """Arrange what the run needs. A heal's follower closes its Raft server when the run begins."""
    if name == "restore":
        actors.backup(one)
        one.masters.write("later")
    if name == "rebuild":
        one.masters.lose_node(1)


def outcome(one, name, result):
    """What has to be the same."""
    masters = one.masters
    return {
        "changed": result["changed"], "failed": result.get("failed"),
        # After a restoration the pods are of the template that it has undone.
        "whole": all(all(group.values()) for group in masters.groups.values()) and (
            name == "restore" or masters.whole()),
        "lost": masters.lost_majority, "content": getattr(masters, "content", None),
        "backups": sorted(masters.backups()) if name in ("backup", "restore") else None,
        "leader": masters.leader["MASTER"] if name == "heal" else None,
        "done": [(each["action"], each["pod"]) for each in result.get("done", [])],
        **{key: result.get(key) for key in ("killed", "writes", "restarted", "trees")},
    }


@pytest.fixture
def run(recorded, monkeypatch, cache_site):
    """Perform a run; return its outcome and its seconds. skew: of this machine's clock. outage: the seconds
    from the run's begin to that of an outage.
    """
    def perform(name, skew=timedelta(), outage=None):
        one = ClaimSite(recorded, monkeypatch, 3) if name == "rebuild" else cache_site()
        one.cluster.now = 60.0
        monkeypatch.setattr(
            deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(lambda: one.masters.now() + skew))
        if name != "rebuild":
            one.masters.latency, one.masters.outage = lambda _task: one.cluster.sleep(3), OUTAGE
        prepare(one, name)
        one.cluster.sleep(30)
        began = one.cluster.now
        if outage is not None:
            one.cluster.later(outage, lambda: one.cluster.go_down(OUTAGE))
        result = getattr(actors, name)(one)
        took = one.cluster.now - began
        one.cluster.sleep(60)
        return outcome(one, name, result), took
    return perform


RUNS = ["property_rollout", "scale", "heal", "drill", "backup", "restore", "rebuild"]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("minutes", [-15, 15])
def test_a_clock_that_is_off_changes_nothing(run, name, minutes):
    undisturbed, _seconds = run(name)
    assert undisturbed["changed"] and undisturbed["whole"] and not undisturbed["lost"]
    assert run(name, skew=timedelta(minutes=minutes))[0] == undisturbed


@pytest.mark.parametrize("name", RUNS)
def test_an_api_server_that_is_away_for_half_a_minute_changes_nothing(run, name):
    undisturbed, seconds = run(name)
    for part in range(PARTS):
        outage = seconds * part / PARTS
        assert run(name, outage=outage)[0] == undisturbed, f"away after {outage:.1f} of {seconds:.1f} s"
