# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of parts: whole, and of one mind with the sources about versions."""

import re
import time
from xml.etree import ElementTree

import pytest
from labctl import build
from labctl.build import catalog, versions
from labctl.build.part import part_keys

PARTS = catalog.parts()


def needed(tier):
    """Every part that a tier is made of, on a machine that has none."""
    found = set()

    def visit(name):
        found.add(name)
        for need in PARTS[name].needs:
            visit(need)

    for name in catalog.TIERS[tier]:
        visit(name)
    return found


def test_every_part_is_of_some_use():
    assert needed("api") | needed("full") == set(PARTS)


def test_the_api_tier_builds_only_kubernetes_and_the_crds():
    assert needed("api") == {"go", "api-packages", "api-bin", "kube", "fluid-files"}


def test_every_source_folder_is_there():
    for part in PARTS.values():
        assert part.source is None or any(part.source.iterdir()), part.name


@pytest.mark.parametrize("file, pattern, version", [
    ("kube/go.mod", r"k8s\.io/kubernetes v(\S+)", versions.KUBERNETES),
    ("fluid/go.mod", r"fluid-cloudnative/fluid v(\S+)", versions.FLUID),
    ("alluxio/pom.xml", r"<alluxio\.version>(.+)</", versions.ALLUXIO),
    ("webufs/pom.xml", r"<alluxio\.version>(.+)</", versions.ALLUXIO),
])
def test_versions_agree_with_the_sources(file, pattern, version):
    assert re.search(pattern, (catalog.SOURCES / file).read_text(encoding="utf-8"))[1] == version


def test_another_alluxio_changes_only_what_contains_it():
    default, other = (part_keys(catalog.parts(version)) for version in (versions.ALLUXIO, "2.9.0"))
    assert {name for name in default if default[name] != other[name]} == {
        "alluxio-jars", "webufs", "class-archive", "images"}
    assert catalog.image_names("2.9.0")["alluxio"] == ["docker.io/alluxio/alluxio-dev:2.9.0"]


def test_only_a_version_that_maven_central_has_with_it_brings_the_under_store_of_s3():
    pom = ElementTree.parse(catalog.SOURCES / "alluxio" / "pom.xml").getroot()
    name = "{http://maven.apache.org/POM/4.0.0}"
    (profile,) = pom.iter(f"{name}profile")
    assert [each.text for each in profile.iter(f"{name}value")] == ["!2.9.0"]
    assert [each.text for each in profile.iter(f"{name}artifactId")] == ["alluxio-underfs-s3a"]
    assert "s3a" not in ElementTree.tostring(pom.find(f"{name}dependencies"), encoding="unicode")


def test_the_fingerprint_is_cheap_and_each_tiers_own():
    started = time.process_time()
    assert build.fingerprint("full") == build.fingerprint("full") != build.fingerprint("api")
    assert time.process_time() - started < 1  # of processor time, for three; the promise is 0.3 s each
