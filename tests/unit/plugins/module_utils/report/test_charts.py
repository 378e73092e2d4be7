# SPDX-License-Identifier: GPL-3.0-or-later
"""The charts' numbers and texts."""

import re

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.report import charts


@pytest.mark.parametrize(("value", "text"), [
    (0.404, "0.40 s"), (41.21, "41.2 s"), (312.9, "313 s")])
def test_seconds(value, text):
    assert charts.seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, "unknown"), (0, "0 B"), (1023, "1023 B"), (464519168, "443 MiB"), (4 * 1024 ** 3, "4 GiB"),
    (1.5 * 1024 ** 4, "1.5 TiB"), (1024 ** 6, "1024 PiB")])
def test_size(value, text):
    assert charts.size(value) == text


@pytest.mark.parametrize(("value", "text"), [
    (None, "unknown"), (0.0, "0%"), (0.3, "under 1%"), (99.96, "99%"), (100.0, "100%")])
def test_percent(value, text):
    assert charts.percent(value) == text


@pytest.mark.parametrize(("parts", "widths"), [
    ([(0.5, "one")], ["500"]), ([(0.0001, "one")], ["6"]), ([(0.0, "one")], ["0"]),
    ([(0.7, "one"), (0.7, "two-of")], ["700", "300"])])
def test_a_bar_stays_within_its_track(parts, widths):
    assert re.findall(r'width="([\d.]+)"', charts.stripe(parts, "x").text)[1:] == widths


@pytest.mark.parametrize(("values", "scale"), [
    ([41.0, 0.4], ("100 s", "0.1 s")), ([1.0], ("10 s", "1 s")), ([None, 0.0, 3.0], ("10 s", "1 s"))])
def test_the_scale_has_whole_decades(values, scale):
    drawn, top, bottom = charts.lines([("", values)], "x")
    assert (top, bottom) == scale
    numbers = [float(each) for each in re.findall(r"[ML](?:[\d.]+) (-?[\d.]+)", drawn.text)]
    assert all(0 <= each <= 100 for each in numbers)


def test_the_leader_is_connected_with_all_others():
    peers = [{"leader": number == 1, "state": "UNAVAILABLE" if number == 2 else "AVAILABLE"}
             for number in range(3)]
    drawn = charts.ring(peers, "x").text
    assert (drawn.count("<line"), drawn.count('class="spoke lost"')) == (2, 1)
    assert charts.ring([{**peer, "leader": False} for peer in peers], "x").text.count("<line") == 0
