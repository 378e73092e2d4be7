# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe for the images of the lab's nodes: what is in them and what they are called."""

from pathlib import Path

from .job import Job
from .oci import Image, Layer, write_archive

HOME = "/opt/alluxio"
PROGRAMS = "/usr/local/bin"
ENVIRONMENT = {"PATH": f"/usr/local/sbin:{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"}

# The components in the one binary that lab/src/fluid makes.
FLUID_COMPONENTS = ("alluxioruntime-controller", "dataset-controller", "fluid-csi", "fluid-webhook", "fluidapp-controller")
BUSYBOX_APPLETS = ("sh", "cat", "cp", "date", "du", "ls", "sleep", "test", "time")


def node_images(job: Job, names: dict[str, list[str]], alluxio_version: str) -> None:
    """Recipe: images.tar with every image that a node needs; names maps each image here to its full names."""
    needs = job.needs
    root = needs["debian-root"] / "root.tar"
    alluxio, fluid = job.work / "alluxio.tar", job.work / "fluid.tar"
    busybox, registrar = job.work / "busybox.tar", job.work / "registrar.tar"
    job.stage = "writing layers"
    alluxio_layer(job.source, needs["alluxio-jars"], needs["webufs"], alluxio_version).write(alluxio)
    fluid_layer(needs).write(fluid)
    busybox_layer(needs["busybox"]).write(busybox)
    registrar_layer(needs["kube"]).write(registrar)
    job.stage = "writing the archive"
    write_archive(job.out / "images.tar", [
        Image(tuple(names["pause"]), (busybox,), command=("/bin/sleep", "2147483647")),
        Image(tuple(names["registrar"]), (registrar,), entrypoint=("/csi-registrar",)),
        Image(tuple(names["nginx"]), (root,), command=("/usr/sbin/nginx", "-g", "daemon off;"), environment=ENVIRONMENT),
        Image(tuple(names["alluxio"]), (root, alluxio), environment=ENVIRONMENT),
        Image(tuple(names["fluid"]), (root, fluid), environment=ENVIRONMENT),
    ])


def alluxio_layer(scripts: Path, jars: Path, webufs: Path, version: str) -> Layer:
    """Alluxio's home: jars, launcher, settings, and the folders that its components expect."""
    layer = Layer()
    class_path = [f"{HOME}/conf"]
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


def fluid_layer(needs: dict[str, Path]) -> Layer:
    """What Fluid's Dockerfiles put into its images, all in one."""
    files = needs["fluid-files"]
    layer = Layer()
    layer.file(f"{PROGRAMS}/fluid", needs["fluid"] / "fluid")
    for component in FLUID_COMPONENTS:
        layer.link(f"{PROGRAMS}/{component}", "fluid")
    layer.file(f"{PROGRAMS}/ddc-helm", needs["helm"] / "helm")  # the controllers call it by this name
    layer.tree("/charts", files / "charts")
    layer.tree(PROGRAMS, files / "csi/shell")
    layer.folder("/etc/k8s-webhook-server/certs")
    layer.tree("", files / "charts/alluxio/docker/init-users")  # image init-users
    layer.tree("/fluid/crds", files / "charts/fluid/fluid/crds")  # image fluid-crd-upgrader
    layer.file("/fluid/upgrade-crds.sh", files / "tools/crd-upgrade/upgrade-crds.sh")
    layer.file(f"{PROGRAMS}/kubectl", needs["kube"] / "kubectl")
    return layer


def busybox_layer(package: Path) -> Layer:
    """A static shell and a few tools; also what a pod's pause container sleeps in."""
    layer = Layer()
    layer.file("/bin/busybox", package / "bin/busybox", 0o755)
    for applet in BUSYBOX_APPLETS:
        layer.link(f"/bin/{applet}", "busybox")
    return layer


def registrar_layer(kube: Path) -> Layer:
    """One static binary."""
    layer = Layer()
    layer.file("/csi-registrar", kube / "csi-registrar")
    return layer
