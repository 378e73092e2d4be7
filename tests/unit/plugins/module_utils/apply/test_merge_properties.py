# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every merge, whatever was asked for last, is live and is wished."""

import copy

from hypothesis import given, strategies as st
from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import merge
from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge_patch import merge_patch, patched

KEYS = st.sampled_from(["a", "b", "replicas", "quota", "labels", "options", "limits", "image"])
# No 0 and 1 beside false and true, which Python holds for equal and no field of Fluid can hold both of; no null,
# which the API server never returns and a merge patch cannot set.
SCALARS = st.one_of(st.booleans(), st.integers(2, 5), st.sampled_from(["", "x", "2Gi", "2048Mi", "true"]))
LISTS = st.lists(st.sampled_from(["x", "y"]), max_size=3)
MOUNTS = st.lists(
    st.fixed_dictionaries(
        {"mountPoint": st.sampled_from(["https://a/", "https://b/"])},
        optional={"path": st.sampled_from(["/a", "/b"]), "readOnly": st.booleans(),
                  "options": st.dictionaries(st.sampled_from(["o", "p"]), st.sampled_from(["1", "2"]), max_size=2)}),
    max_size=3, unique_by=lambda mount: (mount["mountPoint"], mount.get("path")))
TREES = st.recursive(
    st.dictionaries(KEYS, SCALARS | LISTS, max_size=4),
    lambda inner: st.dictionaries(KEYS, SCALARS | LISTS | inner, max_size=4),
    max_leaves=12)
SPECS = st.builds(lambda tree, mounts: {**tree, "mounts": mounts} if mounts else tree, TREES, MOUNTS)


def leaves(tree, path=()):
    """The paths of a tree's values; lists and empty maps are values."""
    if isinstance(tree, dict) and tree:
        return {leaf for key, value in tree.items() for leaf in leaves(value, path + (key,))}
    return {path} if path else set()


def at(tree, path):
    """The value at a path; None when there is none."""
    for key in path:
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def touches(path, others):
    """Tell whether one of the other paths lies on, above or below a path."""
    return any(path[:len(other)] == other or other[:len(path)] == path for other in others)


@given(last=SPECS, live=SPECS, wish=SPECS)
def test_a_second_merge_changes_nothing(last, live, wish):
    target = merge(last, live, wish).target
    again = merge(wish, target, wish)
    assert again.changes == ()
    assert again.target == target


@given(last=SPECS, live=SPECS, wish=SPECS)
def test_target_and_live_differ_exactly_when_changes_are_reported(last, live, wish):
    merged = merge(last, live, wish)
    assert (merged.target != live) == bool(merged.changes)


@given(last=SPECS, live=SPECS, wish=SPECS)
def test_fields_that_nobody_of_us_asked_for_stay(last, live, wish):
    target = merge(last, live, wish).target
    ours = leaves(last) | leaves(wish)
    for path in leaves(live):
        if not touches(path, ours):
            assert at(target, path) == at(live, path)


@given(foreign=SPECS, last=SPECS, wish=SPECS)
def test_what_is_no_longer_asked_for_goes(foreign, last, wish):
    written = merge({}, foreign, last).target
    target = merge(last, written, wish).target
    for path in leaves(last):
        value = at(written, path)
        if not touches(path, leaves(wish)) and value not in (None, {}, [], "", False):
            assert at(target, path) is None, path


@given(live=SPECS, wish=SPECS)
def test_every_wished_value_is_in_the_target(live, wish):
    target = merge({}, live, wish).target
    for path in leaves(wish):
        wanted, found = at(wish, path), at(target, path)
        if isinstance(wanted, (str, int)) and wanted and path[-1] not in ("quota", "2Gi", "2048Mi") and "limits" not in path:
            assert found == wanted


@given(live=SPECS, target=SPECS)
def test_merge_patch_turns_live_into_target(live, target):
    patch = merge_patch(live, target)
    assert apply_patch(copy.deepcopy(live), patch) == target
    assert (patch == {}) == (live == target)


@given(live=SPECS, patch=st.recursive(
    st.dictionaries(KEYS, SCALARS | st.none(), max_size=4),
    lambda inner: st.dictionaries(KEYS, SCALARS | LISTS | st.none() | inner, max_size=4), max_leaves=12))
def test_a_patched_object_is_that_of_the_standard(live, patch):
    before = copy.deepcopy(live)
    assert patched(live, patch) == apply_patch(copy.deepcopy(live), patch)
    assert live == before


@given(last=SPECS, live=SPECS, wish=SPECS)
def test_nothing_that_was_put_in_is_modified(last, live, wish):
    before = copy.deepcopy((last, live, wish))
    merge_patch(live, merge(last, live, wish).target)
    assert (last, live, wish) == before
