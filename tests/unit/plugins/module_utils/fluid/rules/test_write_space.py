# SPDX-License-Identifier: GPL-3.0-or-later
"""The space that a write reserves on a worker, against the tiers. The values are those of Fluid 1.0.8 and
Alluxio 2.9.4.
"""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.rules import write_space

BLOCK, RESERVED = "alluxio.user.block.size.bytes.default", "alluxio.user.file.reserved.bytes"
WRITE_TYPE = "alluxio.user.file.writetype.default"
HTTP = {"mounts": [{"mount_point": "https://host/"}], "access_modes": ["ReadWriteMany"]}
S3 = {**HTTP, "mounts": [{"mount_point": "s3://bucket/"}]}
SMALL = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "64Mi"}


def warnings(dataset, *levels, **runtime):
    return write_space.warnings(dataset, {"tieredstore": list(levels or [SMALL]), **runtime})


def warned(dataset, quota, **runtime):
    return bool(warnings(dataset, {**SMALL, "quota": quota}, **runtime))


def test_the_sentence():
    assert warnings(HTTP) == [
        f"a write reserves 256MB on a worker ({BLOCK}), and the largest path of tieredstore, /dev/shm, has "
        "64Mi: applications fail to write with an I/O error; raise the quota, lower that property in "
        "properties, or set access_modes: [ReadOnlyMany]"]


@pytest.mark.parametrize(("quota", "expected"), [
    ("268435455", True), ("256Mi", False), ("268435456", False), ("268435457", False), ("0.25Gi", False),
    ("262143Ki", True), ("255Mi", True), ("256M", True), ("269M", False), ("2Gi", False),
])
def test_the_block_of_web_mounts_has_256_mib(quota, expected):
    assert warned(HTTP, quota) == expected


@pytest.mark.parametrize(("quota", "expected"), [
    ("16777215", True), ("16Mi", False), ("16777217", False), ("16M", True), ("17M", False),
])
@pytest.mark.parametrize("point", ["s3://bucket/", "hdfs://host:8020/", "local:///data", "pvc://claim"])
def test_the_block_of_other_mounts_has_16_mib(point, quota, expected):
    assert warned({**HTTP, "mounts": [{"mount_point": point}]}, quota) == expected
    assert warned({**HTTP, "mounts": [*HTTP["mounts"], {"mount_point": point}]}, quota) == expected


@pytest.mark.parametrize(("runtime", "expected"), [
    ({"properties": {"a": "b"}}, False),
    ({"properties": {}}, True),
    ({"fuse": {"properties": {"a": "b"}}}, True),
    *[({"properties": {"a": "b"}, component: {"properties": {"c": "d"}}}, changed)
      for component, changed in (("master", True), ("worker", True), ("fuse", True), ("job_worker", False))],
])
def test_fluid_sets_256_mib_only_where_it_does_not_find_its_own_16(runtime, expected):
    """It writes them into the properties of the runtime, unless it has joined those of a component."""
    assert warned(HTTP, "255Mi", **runtime) == expected


@pytest.mark.parametrize("text", ["256MB", "256M", "256m", "256MiB", "0.25GB", "262144KB", "268435456"])
@pytest.mark.parametrize(("quota", "expected"), [("268435455", True), ("256Mi", False)])
def test_a_declared_block_size(text, quota, expected):
    """Alluxio's MB has 2^20 bytes."""
    assert warned(S3, quota, properties={BLOCK: text}) == expected


@pytest.mark.parametrize(("runtime", "expected"), [
    ({"properties": {BLOCK: "128MB"}}, True),
    ({"properties": {BLOCK: "64MB"}}, False),
    ({"jvm_options": [f"-D{BLOCK}=128MB"]}, True),
    ({"fuse": {"properties": {BLOCK: "128MB"}}}, True),
    ({"fuse": {"jvm_options": ["-Xmx1g", f"-D{BLOCK}=128MB"]}}, True),
    # The arguments of the FUSE process end with its own ones.
    ({"properties": {BLOCK: "16MB"}, "fuse": {"properties": {BLOCK: "128MB"}}}, True),
    ({"properties": {BLOCK: "128MB"}, "fuse": {"jvm_options": [f"-D{BLOCK}=16MB"]}}, False),
    # No client reads these.
    ({"job_worker": {"properties": {BLOCK: "128MB"}}}, False),
    # A writer reserves the smaller one.
    ({"properties": {BLOCK: "128MB", RESERVED: "16MB"}}, False),
    ({"properties": {BLOCK: "16MB", RESERVED: "128MB"}}, False),
    # Alluxio refuses the first one, and replaces the second one.
    ({"properties": {BLOCK: "much"}}, False),
    ({"properties": {BLOCK: "${other.property}"}}, False),
])
def test_the_property_in_force(runtime, expected):
    assert bool(warnings(S3, **runtime)) == expected


def test_the_property_that_decides_is_named():
    [text] = warnings(S3, properties={BLOCK: "1GB", RESERVED: "512MB"})
    assert text.startswith(f"a write reserves 512MB on a worker ({RESERVED}), ")


@pytest.mark.parametrize(("levels", "expected"), [
    # Each path has an equal part of the quota, and a block is in one of them.
    ([{**SMALL, "path": "/a,/b", "quota": "512Mi"}], False),
    ([{**SMALL, "path": "/a,/b", "quota": "511Mi"}], True),
    ([{**SMALL, "path": "/a,/b", "quota": None, "quota_list": "1Mi,256Mi"}], False),
    ([{**SMALL, "path": "/a,/b", "quota": None, "quota_list": "1Mi,255Mi"}], True),
    # Fluid hands the text of a quota list to Alluxio, whose M has 2^20 bytes.
    ([{**SMALL, "path": "/a,/b", "quota": None, "quota_list": "1M,256M"}], False),
    ([{**SMALL, "path": "/a,/b", "quota": None, "quota_list": "1M,1e9"}], False),
    # A block that the first tier has no space for is in another one. With several tiers 1 GB is reserved.
    ([SMALL, {**SMALL, "mediumtype": "SSD", "path": "/ssd", "quota": "1280Mi"}], False),
    ([SMALL, {**SMALL, "mediumtype": "SSD", "path": "/ssd", "quota": "1279Mi"}], True),
])
def test_the_largest_path_of_all_tiers(levels, expected):
    assert bool(warnings(HTTP, *levels)) == expected


def test_the_largest_path_is_named():
    levels = [{**SMALL, "path": "/a,/b", "quota": None, "quota_list": "16Mi,128Mi"}, SMALL]
    [text] = warnings(HTTP, levels[0])
    assert "the largest path of tieredstore, /b, has 128Mi: " in text
    [text] = warnings(HTTP, *levels)
    assert "/b, has 128Mi, of which a worker with several tiers reserves 1Gi: " in text


@pytest.mark.parametrize(("modes", "expected"), [
    (None, False), ([], False), (["ReadOnlyMany"], False), (["ReadWriteMany"], True),
    (["ReadWriteOnce"], True), (["ReadWriteOncePod"], True),
    # Fluid mounts read-only if one of them is.
    (["ReadWriteMany", "ReadOnlyMany"], False),
])
def test_access_modes_that_permit_writes(modes, expected):
    assert bool(warnings({**HTTP, "access_modes": modes})) == expected


@pytest.mark.parametrize(("read_only", "expected"), [
    ((True,), False), ((None,), True), ((False,), True), ((True, False), True), ((True, True), False),
    ((), False),
])
def test_mounts_that_permit_writes(read_only, expected):
    mounts = [{"mount_point": f"https://host/{number}/", "read_only": each}
              for number, each in enumerate(read_only)]
    assert bool(warnings({**HTTP, "mounts": mounts})) == expected


@pytest.mark.parametrize(("options", "expected"), [
    ("--fuse-opts=kernel_cache,ro,attr_timeout=7200", False), ("--fuse-opts=ro", False),
    ("--fuse-opts=kernel_cache,rw", True), ("--fuse-opts=kernel_cache,allow_root", True),
])
def test_arguments_of_the_fuse_process(options, expected):
    assert bool(warnings(HTTP, fuse={"args": ["fuse", options]})) == expected


@pytest.mark.parametrize(("write_type", "expected"), [
    ("MUST_CACHE", True), ("ASYNC_THROUGH", True), ("CACHE_THROUGH", False), ("THROUGH", False),
    ("cache_through", False), ("Through", False), ("must_cache", True),
])
def test_write_types_that_need_no_worker(write_type, expected):
    assert bool(warnings(HTTP, fuse={"properties": {WRITE_TYPE: write_type}})) == expected


@pytest.mark.parametrize("properties", [
    {"alluxio.worker.management.tier.align.enabled": "false"},
    {"alluxio.worker.management.tier.align.reserved.bytes": "1MB"}])
def test_a_worker_that_reserves_less_with_several_tiers(properties):
    levels = [SMALL, {**SMALL, "mediumtype": "SSD", "path": "/ssd", "quota": "257Mi"}]
    assert warnings(HTTP, *levels, worker={"properties": properties}) == []
    assert warnings(HTTP, *levels) != []


def test_without_tiers():
    assert write_space.warnings(HTTP, {"tieredstore": None}) == []
