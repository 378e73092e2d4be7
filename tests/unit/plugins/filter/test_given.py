# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter `given`: an inventory variable becomes the value of a role's option."""

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.datacache.fluid.plugins.filter.given import FilterModule

given = FilterModule().filters()["given"]
MOUNTS = [{"mount_point": "https://host/"}]


@pytest.mark.parametrize("default", ["auto", 3, True, [], {"type": "auto"}], ids=repr)
@pytest.mark.parametrize("value", ["", "  \n", None], ids=["empty", "blanks", "null"])
def test_an_empty_text_is_not_given(value, default):
    assert given(value, default) == default


@pytest.mark.parametrize(("value", "default", "expected"), [
    (False, True, False), (0, 2, 0), ([], [1], []), ({}, {"type": "auto"}, {}),
    ("false", True, False), ("no", True, False), ("yes", False, True), ("1", False, True), (1, False, True),
    ("perhaps", True, "perhaps"), (7, True, 7),
    ("0", 2, 0), (" 20 ", 2, 20), ("-1", 2, -1), ("three", 2, "three"), ("1.5", 0, "1.5"), (1.5, 0, 1.5),
    (2.9, "", "2.9"), (100, "", "100"), (True, "", True), ("3", "", "3"),
    ("- mount_point: https://host/", [], MOUNTS), ('[{"mount_point": "https://host/"}]', [], MOUNTS),
    ("profile: fast", {}, {"profile": "fast"}), ('{"profile": "fast"}', {}, {"profile": "fast"}),
    ("profile: fast", [], "profile: fast"), ("- a", {}, "- a"), ("a: [", {}, "a: ["),
    ("a, b", [], ["a", "b"]),
    ("/a\n/b,c \n\n", [], ["/a", "/b,c"]), ("regcred", [], ["regcred"]),
    ("- /a\n- /b\n", [], ["/a", "/b"]),
    ("-Xmx1g\n-Xlog:gc*,safepoint", [], ["-Xmx1g", "-Xlog:gc*,safepoint"]), ("*", [], ["*"]), ("[]", [], []),
    (MOUNTS, [], MOUNTS),
], ids=repr)
def test_a_value_has_the_type_of_the_default_if_it_converts(value, default, expected):
    assert given(value, default) == expected
    assert type(given(value, default)) is type(expected)


def test_a_required_variable():
    assert given("hbase", "", required="Set fluid_name.") == "hbase"
    with pytest.raises(AnsibleFilterError, match=r"Set fluid_name\."):
        given("", "", required="Set fluid_name.")
