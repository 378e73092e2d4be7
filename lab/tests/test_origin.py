# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib

import pytest
from labctl import origin
from labctl.errors import Refused


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(origin, "_ARCHIVES", {"a-bin.tar.gz": 3000})
    monkeypatch.setattr(origin, "_TEXTS", {"CHANGES.md": 1000, "report/index.html": 500})


def contents(top):
    return {str(file.relative_to(top)): file.read_bytes() for file in top.rglob("*") if file.is_file()}


def test_the_tree_is_the_same_everywhere(small, tmp_path):
    origin.make_tree(tmp_path / "one")
    origin.make_tree(tmp_path / "two")
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    assert {name: len(content)
            for name, content in one.items() if not name.endswith((".asc", ".sha512"))} == {
        "a-bin.tar.gz": 3000, "CHANGES.md": 1000, "report/index.html": 500}
    assert len({file.stat().st_mtime for file in tmp_path.glob("*/**/*")}) == 1


def test_the_checksums_are_true(small, tmp_path):
    origin.make_tree(tmp_path)
    name, digest = (tmp_path / "a-bin.tar.gz.sha512").read_text().split(": ")
    assert digest.strip() == hashlib.sha512((tmp_path / name).read_bytes()).hexdigest()


def test_the_tree_is_about_120_mb_with_a_subfolder():
    sizes = origin._ARCHIVES | origin._TEXTS
    assert 110e6 < sum(sizes.values()) < 130e6
    assert any("/" in name for name in sizes)


@pytest.mark.parametrize("rate, expected", [
    ("20m", f"{20 * 8 * 2**20}bit"), ("500K", f"{500 * 8 * 2**10}bit"), ("1g", f"{8 * 2**30}bit"),
    ("off", None), ("0", None)])
def test_rates_are_bytes_per_second(rate, expected):
    assert origin.tc_rate(rate) == expected


@pytest.mark.parametrize("rate", ["fast", "20", "-1m", "20 m", ""])
def test_an_unreadable_rate_is_refused(rate):
    with pytest.raises(Refused, match="such as 20m"):
        origin.tc_rate(rate)
