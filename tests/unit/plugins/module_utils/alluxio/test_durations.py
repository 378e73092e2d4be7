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


@pytest.mark.parametrize(("text", "size"), [
    ("512", 512), ("10B", 10), ("1KB", 1024), ("1k", 1024), ("256MB", 2**28), ("256M", 2**28),
    ("256m", 2**28), ("256MiB", 2**28), ("0.5g", 2**29), (".5GB", 2**29), ("2TB", 2**41), ("1pb", 2**50),
])
def test_sizes_have_binary_units(text, size):
    """As FormatUtils.parseSpaceSize of Alluxio 2.9.4 reads them."""
    assert durations.size("option", text) == size


@pytest.mark.parametrize("text", ["", "much", "0", "0MB", "-1MB", "1 MB", "1E", "1e9", "1.MB", "1MB\n"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        durations.size("raft.flush_size_max", text)
    assert str(refused.value).startswith(f"raft.flush_size_max is {text!r}: expected a number of bytes above")
