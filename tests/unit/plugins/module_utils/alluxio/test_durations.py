# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import durations
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput


@pytest.mark.parametrize(("text", "seconds"), [
    ("1500", 1.5), ("500ms", 0.5), ("10s", 10), ("10SEC", 10), ("1min", 60), ("2m", 120), ("1hr", 3600),
    ("1d", 86400),
])
def test_seconds(text, seconds):
    assert durations.seconds("option", text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "0s", "-1s", "1.5s", "1 s", "1msec", "10s\n"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        durations.seconds("raft.write_timeout", text)
    assert str(refused.value).startswith(
        f"raft.write_timeout is {text!r}: expected a whole number with a unit")
