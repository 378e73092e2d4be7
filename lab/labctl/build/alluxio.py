# SPDX-License-Identifier: GPL-3.0-or-later
"""Alluxio's home in the image: jars, launcher, settings, and the folders that its components expect."""

from pathlib import Path

from .oci import Layer

HOME = "/opt/alluxio"
PROGRAMS = "/usr/local/bin"
CLASS_ARCHIVE = f"{HOME}/lib/alluxio.jsa"  # the launcher uses it where it exists


def alluxio_layer(scripts: Path, jars: Path, webufs: Path, version: str) -> Layer:
    """The layer above a Debian root; jars and webufs are folders of jars. CLASS_ARCHIVE is left to the
    caller.
    """
    layer = Layer()
    class_path = []
    for jar in sorted([*jars.glob("*.jar"), *webufs.glob("*.jar")]):
        layer.file(f"{HOME}/lib/{jar.name}", jar, 0o644)
        class_path.append(f"{HOME}/lib/{jar.name}")
    # Spelled out, for Java expands lib/* in whatever order the file system lists it.
    layer.file(f"{HOME}/lib/classpath", ":".join(class_path))
    layer.file(f"{HOME}/version", version + "\n")
    layer.file(f"{HOME}/bin/alluxio", scripts / "alluxio", 0o755)
    layer.link(f"{PROGRAMS}/alluxio", f"{HOME}/bin/alluxio")
    layer.file(f"{HOME}/integration/fuse/bin/alluxio-fuse", scripts / "alluxio-fuse", 0o755)
    layer.file(f"{HOME}/conf/log4j2.properties", scripts / "log4j2.properties", 0o644)
    layer.file("/entrypoint.sh", scripts / "entrypoint.sh", 0o755)
    layer.file("/etc/fuse.conf", "user_allow_other\n")
    # Writable for the user and group that a Dataset's owner or a runtime's runAs names.
    for path in (f"{HOME}/logs", f"{HOME}/underFSStorage", "/journal", "/underFSStorage"):
        layer.folder(path, 0o777)
    return layer
