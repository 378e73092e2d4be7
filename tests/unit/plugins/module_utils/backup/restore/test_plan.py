# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration replaces, and which metadata is lost by that."""

from types import SimpleNamespace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import plan
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore.plan import Existing, Plan
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import (
    OLD,
    STARTED,
    STARTING,
    WAITING,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import Restoration

RESTORATION = Restoration("data.hbase.20261123T120000Z", "0" * 64, "2026-11-23T12:00:00Z")
HELD = SimpleNamespace(name=RESTORATION.backup, sha256=RESTORATION.sha256, holds=lambda _tree: True)
OTHER = SimpleNamespace(name=RESTORATION.backup, sha256="1" * 64, holds=lambda _tree: False)


def planned(stages, under_way=False, chosen=OTHER, lost=""):
    found = SimpleNamespace(named=lambda *some: [each for each in stages if each in some], masters=3)
    return Plan(chosen, RESTORATION, found, under_way, Existing(lost=lost))


@pytest.mark.parametrize(("stages", "under_way", "chosen", "replaces", "changes"), [
    ([OLD] * 3, False, OTHER, True, True),
    ([OLD] * 3, False, HELD, True, False),
    ([OLD] * 3, True, HELD, True, True),
    ([WAITING, OLD, OLD], True, OTHER, True, True),
    ([WAITING] * 3, True, OTHER, False, True),
    ([STARTED] * 3, True, HELD, False, True),
], ids=["another tree", "the same tree", "an old template", "interrupted", "all wait", "to be ended"])
def test_masters_are_replaced_unless_all_have_the_prepared_template(
        stages, under_way, chosen, replaces, changes):
    one = planned(stages, under_way, chosen)
    assert (one.replaces, one.changes) == (replaces, changes)


@pytest.mark.parametrize(("stages", "under_way", "lost", "loss"), [
    ([OLD] * 3, False, "no leader", "the present metadata cannot be backed up before it is replaced: no "),
    ([OLD] * 3, False, "", ""),
    ([STARTED, WAITING, WAITING], True, "", "1 of 3 masters have started from the restoration under way"),
    ([STARTED, STARTED, WAITING], True, "", ""),
    ([WAITING] * 3, True, "", ""),
    ([STARTED, STARTING, WAITING], True, "", ""),
], ids=["no leader", "backed up", "a majority waits", "a minority waits", "none has started", "one starts"])
def test_metadata_that_no_safety_backup_has(stages, under_way, lost, loss):
    found = planned(stages, under_way, lost=lost).loss()
    assert found.startswith(loss) and bool(found) == bool(loss)


def test_restoration_of_the_same_backup_is_continued():
    assert plan.continued(HELD, RESTORATION) == RESTORATION
    assert plan.continued(OTHER, RESTORATION) is None
    assert plan.continued(HELD, None) is None
