# SPDX-License-Identifier: GPL-3.0-or-later
"""What a shell leaves as it is, and which under-stores Alluxio mounts beside each other."""

import shutil
import subprocess

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import mounts
from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput

PRINTABLE = [chr(code) for code in range(32, 127)]


def passes(text):
    try:
        mounts.require_plain("it", text)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("character", [*PRINTABLE, "\t", "\n", "\x7f", "é"], ids=ascii)
def test_bash_leaves_what_passes_as_it_is(character):
    """As Fluid's script does it: in a word of a line that `bash -c` runs."""
    word = f"s3://b/a{character}b"
    if passes(word):
        printed = subprocess.run([shutil.which("bash"), "-c", f"printf %s {word}"], capture_output=True,
                                 text=True, check=True)
        assert printed.stdout == word


@pytest.mark.parametrize("character", [*" \t\n\"'`$&;|<>(){}*?\\"], ids=ascii)
def test_what_bash_interprets_is_refused(character):
    with pytest.raises(InvalidInput) as refused:
        mounts.require_plain("it", f"s3://secret{character}part")
    assert str(refused.value).startswith(f"it has the character {character!r}: ")
    assert "secret" not in str(refused.value).partition(":")[2]


@pytest.mark.parametrize(("one", "other", "overlap"), [
    ("s3://b/", "s3://b/", True), ("s3://b", "s3://b/x", True), ("s3://b/x", "s3://b", True),
    ("s3://b/x", "s3://b/xy", False), ("s3://b/x", "s3://c/x", False), ("http://h/x", "https://h/x", False),
    ("hdfs:///x", "hdfs:///x/y", True), ("no-url", "s3://b/", False),
])
def test_overlapping(one, other, overlap):
    assert mounts.overlapping(one, other) is overlap


@pytest.mark.parametrize("path", ["/", "/a", "/a/b", "/a.b"])
def test_paths_that_alluxio_lists_like_this(path):
    mounts.require_path("it", path)
