# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and changing the strings of Java options that Fluid renders."""

import pytest
from hypothesis import given, strategies as st

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import java_options
from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.java_options import Declared, Recorded

KEYS = st.sampled_from(["alluxio.a", "alluxio.b", "alluxio.c", "log.size"])
VALUES = st.text("abc0=,:/${}", max_size=4)
JVM = st.lists(st.sampled_from(["-Xmx1g", "-Xms1g", "-XX:+UseG1GC", "-Dnet.x=1"]), max_size=3, unique=True)
MAPS = st.dictionaries(KEYS, VALUES, max_size=3)


def declare(text, declared=None, recorded=None, defaults=None, default_jvm=()):
    return java_options.declare(text, declared or Declared(), recorded or Recorded(), defaults or {},
                                default_jvm)


@pytest.mark.parametrize(("text", "key", "value", "result"), [
    ("-Da=1 -Xmx1g ", "a", "2", "-Da=2 -Xmx1g "),
    ("-Da=1 -Xmx1g ", "b", "2", "-Da=1 -Db=2 -Xmx1g "),
    ("-Da=1 -Db=1 -Da=2 ", "a", "3", "-Da=1 -Db=1 -Da=3 "),
    ("-Da=1 -Db=1 -Da=2 ", "a", None, "-Db=1 "),
    ("", "a", "1", "-Da=1 "),
    ("-Xmx1g ", "a", "1", "-Da=1 -Xmx1g "),
    ("-Da=1 ", "b", None, "-Da=1 "),
], ids=["replace", "add", "the-last-one-counts", "remove-all", "empty", "before-jvm-options",
        "nothing-to-remove"])
def test_one_property(text, key, value, result):
    assert java_options.with_property(text, key, value) == result


def test_the_last_of_a_key_is_in_force():
    assert java_options.properties("-Da=1 -Xmx1g -Da=b=c ") == {"a": "b=c"}
    assert java_options.jvm_options("-Da=1 -Xmx1g -Dflag ") == ("-Xmx1g", "-Dflag")


@pytest.mark.parametrize(("text", "declared", "recorded", "result"), [
    pytest.param("-Da=1 -Xmx1g ", Declared({"a": "1"}), Recorded(), "-Da=1 -Xmx1g ", id="stands"),
    pytest.param("-Da=1", Declared({"a": "1"}), Recorded(), "-Da=1", id="stands-to-the-letter"),
    pytest.param("-Da=1 ", Declared({"a": "2"}), Recorded({"a": None}), "-Da=2 ", id="changed"),
    pytest.param("-Da=1 -Db=1 ", Declared(), Recorded({"a": None}), "-Db=1 ", id="dropped"),
    pytest.param("-Dd=1 ", Declared(), Recorded({"d": None}), "-Dd=fluid ", id="dropped-to-fluids-default"),
    pytest.param("-Dport=1 ", Declared(), Recorded({"port": "20000"}), "-Dport=20000 ",
                 id="dropped-to-what-fluid-worked-out"),
    pytest.param("-Da=1 ", Declared(), Recorded(), "-Da=1 ", id="not-ours"),
    pytest.param("-Da=1 -Xmx16G ", Declared(jvm_options=("-Xmx1g",)), Recorded(), "-Da=1 -Xmx1g ",
                 id="jvm-declared"),
    pytest.param("-Da=1 -Xmx1g ", Declared(), Recorded(jvm_options=("-Xmx1g",)), "-Da=1 -Xmx16G ",
                 id="jvm-dropped"),
    pytest.param("-Da=1 -Xmx2g ", Declared(), Recorded(), "-Da=1 -Xmx2g ", id="jvm-not-ours"),
    pytest.param("-Da=1 -Xmx1g -Dnet=1 ", Declared(jvm_options=("-Xmx1g", "-Dnet=1")), Recorded(),
                 "-Da=1 -Xmx1g -Dnet=1 ",
                 id="jvm-options-that-look-like-properties"),
    pytest.param("-Da=1 -Xmx1g -Dnet=1 ", Declared(jvm_options=("-Xmx2g",)),
                 Recorded(jvm_options=("-Xmx1g", "-Dnet=1")),
                 "-Da=1 -Xmx2g ", id="recorded-jvm-options-that-look-like-properties"),
])
def test_declare(text, declared, recorded, result):
    assert declare(text, declared, recorded, {"d": "fluid"}, ("-Xmx16G",)) == result


@given(text=st.lists(st.one_of(st.tuples(KEYS, VALUES).map(lambda pair: f"-D{pair[0]}={pair[1]}"),
                               JVM.map(" ".join))).map(" ".join),
       properties=MAPS, jvm=st.none() | JVM.map(tuple),
       recorded=st.dictionaries(KEYS, st.none() | VALUES, max_size=3))
def test_declaring_twice_changes_nothing(text, properties, jvm, recorded):
    jvm = jvm or None
    declared = Declared(properties, jvm)
    once = declare(text, declared, Recorded(recorded), {"log.size": "500MB"}, ("-Xmx16G",))
    assert declare(once, declared, Recorded(dict.fromkeys(properties), jvm), {"log.size": "500MB"},
                   ("-Xmx16G",)) == once
    found = java_options.properties(once)
    assert {key: found[key] for key in properties} == properties
    if jvm:
        assert once.split()[-len(jvm):] == list(jvm)
