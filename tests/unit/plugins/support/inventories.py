# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated inventories: valid and invalid values of every variable, from the modules' own argument specs.

A new option of a module or a role is generated without a change here.
"""

import yaml
from hypothesis import strategies as st
from inventory_site import KNOWN

from ansible_collections.datacache.fluid.plugins.module_utils.module import cache_options, runtime_options


def _mostly(valid, invalid):
    """One of the valid values in seven of eight cases."""
    return st.integers(0, 7).flatmap(lambda number: st.sampled_from(invalid if number == 5 else valid))


NAMES = _mostly(["hbase", "a", "my-cache", "x" * 30], ["HBase", "1a", "a_b", "a-", "a" * 64, "ä", "a b"])
QUANTITIES = _mostly(
    ["2Gi", "500m", "1", "1.5Ti", "100", "4096Mi", "1e3"], ["0", "-1", "2GB", "1.2.3K", "", "much"])
URLS = _mostly(
    ["https://host/path/", "s3://bucket/a", "local:///mnt/a", "pvc://claim", "hdfs://n:8020/"],
    ["/data", "host", "HTTPS://host/", "https://", "https://a b/", "https://host/;reboot", "s3://$(id)/",
     "dataset://ns/name"])
PATHS = _mostly(
    ["/a", "/b", "/a/b", "/dev/shm"], ["/", "a", "/a/", "/a/../b", "//", "/a,/b", "", "/with space"])
WORDS = st.sampled_from([
    "", "a", "true", "3", "3.5", "-1", "0", "10s", "1h", "fast", "default", "0.95", "0.7", "1", "none", "'",
    "a: b", "- a", "{", "[", "a,b", "$(id)", "`x`", "x" * 300, "\n", "é", "2.9.4", "latest", "Always",
    "IfNotPresent"])
SCALARS = st.one_of(WORDS, st.integers(-3, 7), st.booleans(), st.floats(-1, 3), st.none())
KEYS = st.sampled_from([
    "a", "cpu", "memory", "key", "operator", "effect", "alluxio.user.file.writetype.default", "", "a b",
    "uid", "alluxio.master.journal.type", "nodeSelectorTerms"])
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5)
FREE = st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=2), max_size=3)
# By the name of an option, where any text would almost never be valid.
BY_NAME = {
    "name": NAMES, "namespace": NAMES, "mount_point": URLS, "path": PATHS, "quota": QUANTITIES,
    "capacity": QUANTITIES, "size": QUANTITIES, "high": _mostly(["0.95", "1", 0.9], ["0.5", "2", "x"]),
    "low": _mostly(["0.7", "0.5", 0.1], ["0", "-1", "x"]),
    "requests": st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
    "limits": st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2),
    "recreate": st.sampled_from(["default/hbase", "hbase", "true", ""]),
}
DURATIONS = st.sampled_from(["1s", "10s", "500ms", "2m", "20 s", "soon", "", 5, "10"])


def _often(valid, invalid=JUNK):
    """Mostly the first, for the junk alone would never pass. Hypothesis draws the bounds more often."""
    return st.integers(0, 19).flatmap(lambda number: invalid if number == 13 else valid)


def of_option(name, option):
    """Values of an option of an argument spec, sometimes of another type, and sometimes as text."""
    kind = option.get("type", "str")
    if name in BY_NAME and "options" not in option:
        return _often(BY_NAME[name])
    if "choices" in option and kind == "str":
        return _often(st.sampled_from(option["choices"]))
    if kind == "dict" and "options" in option:
        return _often(of_options(option["options"]))
    if kind == "list":
        element = (of_options(option["options"]) if "options" in option
                   else FREE if option.get("elements") == "dict"
                   else st.sampled_from(option["choices"]) if "choices" in option else WORDS)
        return _often(st.lists(element, max_size=3))
    valid = {"dict": FREE, "int": st.integers(0, 7) | st.sampled_from(["3", "1"]),
             "bool": st.booleans() | st.sampled_from(["true", "no"]),
             "float": st.floats(0, 5), "str": WORDS | DURATIONS}
    return _often(valid.get(kind, JUNK))


def of_options(options):
    """Dictionaries with some of the options, almost always the required ones, and sometimes an unknown one.
    """
    own = {name: of_option(name, option) for name, option in options.items()}
    required = {name: value for name, value in own.items() if options[name].get("required")}
    optional = {name: value for name, value in own.items() if name not in required}
    known = st.fixed_dictionaries(required, optional={**optional})
    return _often(known, known.flatmap(lambda chosen: st.sampled_from([
        {**chosen, "mountPoint": "https://host/"}, {key: chosen[key] for key in list(chosen)[1:]}])))


_MODULE_OPTIONS = {**cache_options.dataset(), **cache_options.volume(), **runtime_options.runtime()}
_MOUNTS = st.lists(of_options(cache_options.dataset()["mounts"]["options"]), min_size=1, max_size=3)
_ESSENTIAL = {"fluid_name": _often(st.just("hbase"), NAMES), "fluid_mounts": _often(_MOUNTS)}


def _as_answer(value):
    """Return the text with which a survey of AWX, or -e name=value, gives the value."""
    return yaml.safe_dump(value) if isinstance(value, (list, dict)) else str(value)


def of_variable(name):
    """Values of a variable: those of the module's option behind it, else by the type of the role's option."""
    option = _MODULE_OPTIONS.get(name.removeprefix("fluid_")) or {**KNOWN[name].option}
    return st.one_of(of_option(name.removeprefix("fluid_"), option), st.just(""), st.none())


_VALUES = {name: of_variable(name) for name in sorted(KNOWN) if name not in _ESSENTIAL}


@st.composite
def inventories(draw):
    """An inventory with some of the variables, as YAML gives them or as text."""
    names = draw(st.lists(st.sampled_from(sorted(_VALUES)), max_size=4, unique=True))
    values = {name: draw(strategy) for name, strategy in _ESSENTIAL.items()}
    values |= {name: draw(_VALUES[name]) for name in names}
    if draw(st.integers(0, 29)) == 17:
        values[draw(st.sampled_from(["fluid_mastr_replicas", "fluid_x"]))] = draw(SCALARS)
    if draw(st.integers(0, 4)) == 3:
        values = {name: _as_answer(value) for name, value in values.items()}
    return values
