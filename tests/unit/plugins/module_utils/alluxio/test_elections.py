# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a leader hands over or is simply restarted."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import elections

PREFIX = "alluxio.master.embedded.journal.election.timeout."
FAST = {PREFIX + "min": "1s", PREFIX + "max": "2000ms"}
DEFAULT = {}


@pytest.mark.parametrize(("leader", "followers", "sooner"), [
    (DEFAULT, DEFAULT, False), (DEFAULT, FAST, False), (FAST, FAST, False), (FAST, DEFAULT, True),
    ({PREFIX + "max": "soon"}, DEFAULT, False), ({PREFIX + "max": "10s"}, {PREFIX + "min": "10000"}, True),
], ids=["default", "to-fast", "fast", "to-slow", "not-a-duration", "equal"])
def test_which_takes_less_time(leader, followers, sooner):
    assert elections.transfer_beats_election(leader, followers) is sooner
