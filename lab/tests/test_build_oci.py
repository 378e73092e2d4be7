# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers and archives: right by the OCI image layout, and the same bytes each time."""

import hashlib
import json
import os
import tarfile

import pytest
from labctl.build.oci import Image, Layer, write_archive


def layer(folder, name="layer.tar"):
    program = folder / "program"
    program.write_text("#!/bin/sh\n", encoding="ascii")
    program.chmod(0o755)
    os.utime(program, (1_700_000_000, 1_700_000_000))
    made = Layer()
    made.file("/usr/bin/program", program)
    made.file("/etc/settings", "key = value\n")
    made.link("/usr/bin/other", "program")
    made.folder("/journal", 0o777)
    return made.write(folder / name)


@pytest.fixture(name="archive")
def fixture_archive(tmp_path):
    """An archive of two images that share a layer: its path, and a reader of its members."""
    base = layer(tmp_path, "base.tar")
    top = Layer()
    top.file("/top", "top\n")
    target = tmp_path / "images.tar"
    write_archive(target, [
        Image(("lab.local/base:1", "docker.io/library/base:latest"), (base,), command=("/bin/true",)),
        Image(("lab.local/top:1",), (base, top.write(tmp_path / "top.tar")), entrypoint=("/top",),
              environment={"PATH": "/bin"}),
    ])
    with tarfile.open(target) as archive:
        yield archive


def read(archive, name):
    return archive.extractfile(name).read()


def blob(archive, descriptor):
    data = read(archive, "blobs/sha256/" + descriptor["digest"].removeprefix("sha256:"))
    assert len(data) == descriptor["size"]
    assert descriptor["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
    return data


def manifests(archive):
    """Each name's manifest and configuration, with every descriptor on the way checked against its blob."""
    found = {}
    for descriptor in json.loads(read(archive, "index.json"))["manifests"]:
        manifest = json.loads(blob(archive, descriptor))
        for each in manifest["layers"]:
            blob(archive, each)
        found[descriptor["annotations"]["io.containerd.image.name"]] = manifest, json.loads(
            blob(archive, manifest["config"]))
    return found


class TestLayer:
    def test_entries_are_sorted_and_owned_by_root_without_a_date(self, tmp_path):
        with tarfile.open(layer(tmp_path)) as archive:
            members = archive.getmembers()
        assert [(member.name, member.type, member.mode, member.linkname) for member in members] == [
            ("etc/settings", tarfile.REGTYPE, 0o644, ""),
            ("journal", tarfile.DIRTYPE, 0o777, ""),
            ("usr/bin/other", tarfile.SYMTYPE, 0o777, "program"),
            ("usr/bin/program", tarfile.REGTYPE, 0o755, ""),
        ]
        assert {(member.uid, member.gid, member.mtime) for member in members} == {(0, 0, 0)}

    def test_contents(self, tmp_path):
        with tarfile.open(layer(tmp_path)) as archive:
            assert read(archive, "etc/settings") == b"key = value\n"
            assert read(archive, "usr/bin/program") == b"#!/bin/sh\n"

    def test_a_tree_keeps_its_shape(self, tmp_path):
        (tmp_path / "tree/sub").mkdir(parents=True)
        (tmp_path / "tree/sub/file").write_text("x", encoding="ascii")
        made = Layer()
        made.tree("/charts", tmp_path / "tree")
        with tarfile.open(made.write(tmp_path / "layer.tar")) as archive:
            assert archive.getnames() == ["charts/sub/file"]


class TestArchive:
    def test_every_name_leads_to_its_image(self, archive):
        images = manifests(archive)
        assert set(images) == {"lab.local/base:1", "docker.io/library/base:latest", "lab.local/top:1"}
        assert images["lab.local/base:1"] == images["docker.io/library/base:latest"]
        _, configuration = images["lab.local/top:1"]
        assert configuration["config"] == {"Env": ["PATH=/bin"], "Entrypoint": ["/top"], "Cmd": []}
        assert images["lab.local/base:1"][1]["config"]["Cmd"] == ["/bin/true"]

    def test_the_digests_of_uncompressed_layers_are_those_of_their_blobs(self, archive):
        for manifest, configuration in manifests(archive).values():
            assert [each["digest"] for each in manifest["layers"]] == configuration["rootfs"]["diff_ids"]

    def test_a_shared_layer_is_stored_once(self, archive):
        images = manifests(archive)
        assert images["lab.local/base:1"][0]["layers"][0] == images["lab.local/top:1"][0]["layers"][0]
        names = archive.getnames()
        assert len(names) == len(set(names))

    def test_the_layout_is_marked(self, archive):
        assert json.loads(read(archive, "oci-layout")) == {"imageLayoutVersion": "1.0.0"}

    def test_equal_contents_give_equal_bytes(self, tmp_path):
        archives = []
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            write_archive(folder / "images.tar", [Image(("lab.local/base:1",), (layer(folder),))])
            archives.append((folder / "images.tar").read_bytes())
        assert archives[0] == archives[1]
