# SPDX-License-Identifier: GPL-3.0-or-later
"""A restoration that is killed at any request, and finished by the next run."""

from contextlib import suppress
from functools import partial

import actors
import pytest
from fake_masters import Killed
from kills import EVERY_REQUEST, kill_at_each_request

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline
from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput, LeaseHeld
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations

# Other tests measure the coverage, which makes these slower.
pytestmark = pytest.mark.no_cover

LATER = "later"  # what was written after the backup


@pytest.mark.parametrize("members", [3, 5])
def test_the_next_run_finishes_one_that_was_killed_at_any_request(cache_site, monkeypatch, members):
    def make():
        one = cache_site(members)
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        one.cluster.now = 60.0
        one.saved = actors.backup(one)["backup"]["name"]
        one.masters.write(LATER)
        return one

    def then(one, request, survived):
        if not survived:
            one.cluster.sleep(request % 7)
            actors.restore(one, one.saved)
        masters = one.masters
        assert set(masters.content.values()) == {"first"}
        assert masters.groups["MASTER"] == {
            f"hbase-master-{index}:23083": True for index in range(members)}
        assert LATER in masters.backups(), "what was there before is in no backup"
        assert operations.under_way(masters.workload) is None
        assert "" not in masters.served
        assert actors.restore(one, one.saved)["changed"] is False
    stride = 1 if members == 3 else 7
    assert kill_at_each_request(
        make, lambda one: actors.restore(one, one.saved), then, lambda _request: stride) > 60


def test_a_scheduled_backup_that_keeps_one_removes_nothing_that_the_next_run_needs(cache_site, monkeypatch):
    """The restoration is killed after its masters have started, so that a leader can be backed up."""
    continued = 0
    for request in range(40, 400, 3):
        one = cache_site()
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        one.cluster.now = 60.0
        saved = actors.backup(one)["backup"]["name"]
        one.masters.write(LATER)
        one.cluster.sleep(5)
        one.kill_at(request)
        try:
            actors.restore(one)
            break
        except Killed:
            one.kill_at(None)
        one.cluster.sleep(90)  # the Lease expires
        masters = one.masters
        if not (operations.under_way(masters.workload) and masters.leader["MASTER"] is not None
                and all(masters.groups["MASTER"].values())):
            continue
        continued += 1
        params = {**actors.BACKUP, "keep": 1}
        predicted = create.ensure(one.cluster, params, True, actors.reporter())
        assert create.ensure(one.cluster, params, False, actors.reporter())["removed"] == predicted["removed"]
        assert saved + ".gz" in one.masters.files
        assert LATER in one.masters.backups(), "what was there before is in no backup"
        actors.restore(one)
        assert operations.under_way(one.masters.workload) is None
        assert create.ensure(one.cluster, params, False, actors.reporter())["removed"]
    assert continued


@pytest.mark.parametrize("after", [15, 60])
def test_a_scheduled_backup_removes_nothing_that_a_restoration_beside_it_has_chosen(
        cache_site, monkeypatch, after):
    """The backup is recent enough and keeps one, at any request of a restoration that is killed later."""
    continued = 0
    for request in range(1, 90, 1 if EVERY_REQUEST else 4):
        one = cache_site()
        monkeypatch.setattr(deadline, "SYSTEM_CLOCK", one.cluster.virtual_clock(one.masters.now))
        one.cluster.now = 60.0
        saved = actors.backup(one)["backup"]["name"]
        one.masters.write(LATER)
        one.cluster.sleep(60)
        actors.backup(one)
        one.cluster.sleep(60)
        one.kill_at(request)
        one.masters.when_killed = partial(keep_one_beside, one, after)
        with suppress(Killed, InvalidInput, KeyError):  # the removal may come before the choice
            actors.restore(one, saved)
        one.kill_at(None)
        one.cluster.sleep(90)  # the Lease expires
        if operations.under_way(one.masters.workload) is None:
            continue
        continued += 1
        actors.restore(one, saved)
        assert set(one.masters.content.values()) == {"first"}
    assert continued


def keep_one_beside(one, after):
    """Make a backup that keeps one; a run that holds the Lease makes it wait. Kill that run later."""
    one.kill_at(None)
    with suppress(LeaseHeld):
        create.ensure(one.cluster, {**actors.BACKUP, "keep": 1, "max_age": 3600, "wait_timeout": 20}, False,
                      actors.reporter())
    one.masters.when_killed = None
    one.kill_at(after)
