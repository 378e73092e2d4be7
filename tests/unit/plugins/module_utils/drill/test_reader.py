# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader's log."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.drill.reader import Reads, count, parse

ONE, TWO = "a" * 64, "b" * 64
LOG = "\n".join([
    f"read {ONE} 10.00 10.25",
    f"read {ONE} 10.40 10.50",
    "error 10.60 14.70 dd: error reading '/data/hbase/CHANGES.md': Input/output error",
    f"read {TWO} 15.00 15.10",
    f"read {ONE} 15.20 15.30", ""])


@pytest.mark.parametrize(("log", "skip", "found"), [
    pytest.param("", 0, Reads(0, (), (), 0.0), id="nothing"),
    pytest.param("no file  to read below /data\n", 0, Reads(0, (), (), 0.0), id="no-reads"),
    pytest.param(LOG, 0, Reads(3, ("dd: error reading '/data/hbase/CHANGES.md': Input/output error",), (TWO,),
                               4.1), id="all"),
    pytest.param(LOG, 4, Reads(1, (), (), 0.1), id="the-last"),
    pytest.param("error 1.0 2.0\n", 0, Reads(0, ("no message",), (), 1.0), id="error-without-words"),
    pytest.param(f"read {ONE} 10.00 10.25\nread {ONE} 10.3", 0, Reads(1, (), (), 0.25),
                 id="a-line-that-is-being-written"),
])
def test_reads(log, skip, found):
    reads = parse(log, skip)
    assert (reads.good, reads.errors, reads.different) == (found.good, found.errors, found.different)
    assert reads.longest == pytest.approx(found.longest)


def test_the_first_read_sets_the_checksum_also_when_it_is_not_counted():
    reads = parse(f"read {ONE} 1.0 1.1\nread {TWO} 1.2 1.3\n", skip=1)
    assert (reads.good, reads.different) == (0, (TWO,))


def test_count():
    assert (count(LOG), count("")) == (5, 0)
