# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a leader hands over or is simply restarted."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import elections, logs

PREFIX = "alluxio.master.embedded.journal.election.timeout."
FAST = {PREFIX + "min": "1s", PREFIX + "max": "2000ms"}
DEFAULT = {}


@pytest.mark.parametrize(("leader", "followers", "sooner"), [
    (DEFAULT, DEFAULT, False), (DEFAULT, FAST, False), (FAST, FAST, False), (FAST, DEFAULT, True),
    ({PREFIX + "max": "soon"}, DEFAULT, False), ({PREFIX + "max": "10s"}, {PREFIX + "min": "10000"}, True),
], ids=["default", "to-fast", "fast", "to-slow", "not-a-duration", "equal"])
def test_which_takes_less_time(leader, followers, sooner):
    assert elections.transfer_beats_election(leader, followers) is sooner


SERVES = "%s INFO  DefaultSafeModeManager - Rpc server started, waiting\n"
WEB = "%s INFO  WebServer - Alluxio Master Web service started @ /\n"
EARLY, LATE, LATER = "2026-11-24T21:35:38,916", "2026-11-24T21:35:40,137", "2026-11-24T21:40:00,000"


@pytest.mark.parametrize(("log", "seconds"), [
    (SERVES % EARLY + WEB % LATE, 1.221),
    ((SERVES % EARLY + WEB % LATE).replace("T", " "), 1.221),
    (SERVES % EARLY + WEB % EARLY + SERVES % LATE + WEB % LATER, 259.863),
    (SERVES % EARLY + WEB % LATE + SERVES % LATER, 0),  # it leads anew and serves no web port yet
    ("x INFO  DefaultSafeModeManager - Rpc server started\n" + WEB % LATE, 0),
    ("", 0),
], ids=["alluxio", "spaces", "again", "not-yet", "other-times", "nothing"])
def test_how_long_before_its_web_port_a_leader_serves(log, seconds):
    assert logs.served_before_web(log) == pytest.approx(seconds)
