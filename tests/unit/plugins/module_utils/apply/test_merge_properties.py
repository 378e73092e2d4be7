# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every merge, whatever was asked for last, is live and is wished."""

import copy

from hypothesis import given, strategies as st
from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import merge
from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge_patch import merge_patch, patched

KEYS = st.sampled_from(["a", "b", "replicas", "quota", "labels", "options", "limits", "image"])
# No 0 and 1 beside false and true, which Python holds for equal and no field of Fluid can hold both of; no
# null, which the API server never returns and a merge patch cannot set.
SCALARS = st.one_of(st.booleans(), st.integers(2, 5), st.sampled_from(["", "x", "2Gi", "2048Mi", "true"]))
LISTS = st.lists(st.sampled_from(["x", "y"]), max_size=3)
MOUNTS = st.lists(
    st.fixed_dictionaries(
        {"mountPoint": st.sampled_from(["https://a/", "https://b/"])},
        optional={"path": st.sampled_from(["/a", "/b"]), "readOnly": st.booleans(),
                  "options": st.dictionaries(st.sampled_from(["o", "p"]), st.sampled_from(["1", "2"]),
                                             max_size=2)}),
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


@given(last=SPECS, existing=SPECS, desired=SPECS)
def test_a_second_merge_changes_nothing(last, existing, desired):
    target = merge(last, existing, desired).target
    again = merge(desired, target, desired)
    assert again.changes == ()
    assert again.target == target


@given(last=SPECS, existing=SPECS, desired=SPECS)
def test_target_and_live_differ_exactly_when_changes_are_reported(last, existing, desired):
    merged = merge(last, existing, desired)
    assert (merged.target != existing) == bool(merged.changes)


@given(last=SPECS, existing=SPECS, desired=SPECS)
def test_fields_that_nobody_of_us_asked_for_stay(last, existing, desired):
    target = merge(last, existing, desired).target
    ours = leaves(last) | leaves(desired)
    for path in leaves(existing):
        if not touches(path, ours):
            assert at(target, path) == at(existing, path)


@given(foreign=SPECS, last=SPECS, desired=SPECS)
def test_what_is_no_longer_asked_for_goes(foreign, last, desired):
    written = merge({}, foreign, last).target
    target = merge(last, written, desired).target
    for path in leaves(last):
        value = at(written, path)
        if not touches(path, leaves(desired)) and value not in (None, {}, [], "", False):
            assert at(target, path) is None, path


@given(existing=SPECS, desired=SPECS)
def test_every_wished_value_is_in_the_target(existing, desired):
    target = merge({}, existing, desired).target
    for path in leaves(desired):
        desired_value, found = at(desired, path), at(target, path)
        exempt = path[-1] in ("quota", "2Gi", "2048Mi") or "limits" in path
        if isinstance(desired_value, (str, int)) and desired_value and not exempt:
            assert found == desired_value


@given(existing=SPECS, target=SPECS)
def test_merge_patch_turns_live_into_target(existing, target):
    patch = merge_patch(existing, target)
    assert apply_patch(copy.deepcopy(existing), patch) == target
    assert (patch == {}) == (existing == target)


@given(existing=SPECS, patch=st.recursive(
    st.dictionaries(KEYS, SCALARS | st.none(), max_size=4),
    lambda inner: st.dictionaries(KEYS, SCALARS | LISTS | st.none() | inner, max_size=4), max_leaves=12))
def test_a_patched_object_is_that_of_the_standard(existing, patch):
    before = copy.deepcopy(existing)
    assert patched(existing, patch) == apply_patch(copy.deepcopy(existing), patch)
    assert existing == before


@given(last=SPECS, existing=SPECS, desired=SPECS)
def test_nothing_that_was_put_in_is_modified(last, existing, desired):
    before = copy.deepcopy((last, existing, desired))
    merge_patch(existing, merge(last, existing, desired).target)
    assert (last, existing, desired) == before
