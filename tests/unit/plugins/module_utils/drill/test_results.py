# SPDX-License-Identifier: GPL-3.0-or-later
"""Which promises a drill's figures break."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.drill.reader import Reads
from ansible_collections.datacache.fluid.plugins.module_utils.drill.results import DrillResult, Writes

GOOD = Reads(5, (), (), 0.2)


@pytest.mark.parametrize(("options", "within", "broken"), [
    pytest.param({}, None, [], id="no-limit"),
    pytest.param({}, 3.0, [], id="just-in-time"),
    pytest.param({}, 2.9, ["m-1 served 3.0 s after m-0 was killed, expected 2.9 s or less"], id="late"),
    pytest.param({"writes": Writes(1, 3, ("/d/2", "/d/3"))}, None,
                 ["2 of 3 acknowledged directories are lost, such as /d/2"], id="lost"),
    pytest.param({"reads": Reads(5, ("EIO", "gone"), ("b" * 64,), 0.2)}, None,
                 ["2 reads failed: EIO", "the file was read with 1 other checksums"], id="reads"),
    pytest.param({"writes": Writes(1, 3, ()), "reads": GOOD}, 3.0, [], id="all-is-well"),
])
def test_broken(options, within, broken):
    assert DrillResult("m-0", "m-1", 3.0, 12.0, **options).broken(within) == broken


def test_as_dict_has_what_the_module_returns():
    assert DrillResult("m-0", "m-1", 3.004, 12.0, Writes(1, 3, ("/d/2",)), GOOD).as_dict() == {
        "killed": "m-0", "leader": "m-1", "seconds_without_leader": 3.0, "seconds_until_complete": 12.0,
        "writes": {"acknowledged_before": 1, "acknowledged": 3, "lost": ["/d/2"]},
        "reads": {"good": 5, "errors": [], "different": [], "longest": 0.2}}
    assert DrillResult("m-0", "m-1", 3.0, 12.0).as_dict()["writes"] is None
