# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipes for what comes from Maven Central."""

import shutil
from pathlib import Path

from .job import Job
from .part import NOT_SOURCES


def maven_dependencies(job: Job, alluxio_version: str) -> None:
    """Recipe: the jars that the source's POM depends on, with this Alluxio."""
    _maven(
        job, job.source, "downloading jars", "dependency:copy-dependencies", f"-DoutputDirectory={job.out}",
        f"-Dalluxio.version={alluxio_version}")


def maven_package(job: Job, jar: str, alluxio_version: str) -> None:
    """Recipe: the jar of this name that the source's POM makes. Its tests belong to the lab's tests, not to
    its build.

    The source's folder versions/<alluxio_version>, where it exists, replaces files of src/main/java.
    """
    project = job.work / "project"
    # Maven writes next to the sources; the checkout stays as it is.
    shutil.copytree(job.source, project, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    replaced = project / "versions" / alluxio_version
    if replaced.exists():
        shutil.copytree(replaced, project / "src" / "main" / "java", dirs_exist_ok=True)
    _maven(job, project, "downloading jars and compiling", "package", "-DskipTests",
           f"-Dalluxio.version={alluxio_version}")
    shutil.copy(project / "target" / jar, job.out)


def _maven(job: Job, project: Path, stage: str, *arguments: str) -> None:
    # Maven 3 does not share its local repository with a second Maven that downloads.
    with job.turn("maven", stage):
        java = job.needs["java"]
        job.run(
            [java / "mvn", "--quiet", "--batch-mode", *arguments], project, {"JAVA_HOME": str(java / "jdk")})
