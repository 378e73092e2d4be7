# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipe for the images of the lab's nodes: what is in them and what they are called."""

from pathlib import Path

from .alluxio import CLASS_ARCHIVE, PROGRAMS, alluxio_layer
from .cds import ARCHIVE
from .job import Job
from .oci import Image, Layer, write_archive

ENVIRONMENT = {"PATH": f"/usr/local/sbin:{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"}

# The components in the one binary that lab/src/fluid makes.
FLUID_COMPONENTS = (
    "alluxioruntime-controller", "dataset-controller", "fluid-csi", "fluid-webhook", "fluidapp-controller",
    "thinruntime-controller")
BUSYBOX_APPLETS = ("sh", "cat", "cp", "date", "du", "ls", "sleep", "test", "time")


def node_images(job: Job, names: dict[str, list[str]], alluxio_version: str) -> None:
    """Recipe: images.tar with every image that a node needs; names maps each image here to its full names."""
    needs = job.needs
    root = needs["debian-root"] / "root.tar"
    alluxio, fluid = job.work / "alluxio.tar", job.work / "fluid.tar"
    busybox, registrar = job.work / "busybox.tar", job.work / "registrar.tar"
    job.stage = "writing layers"
    layer = alluxio_layer(job.source, needs["alluxio-jars"], needs["webufs"], alluxio_version)
    layer.file(CLASS_ARCHIVE, needs["class-archive"] / ARCHIVE, 0o644)
    layer.write(alluxio)
    fluid_layer(needs).write(fluid)
    busybox_layer(needs["busybox"]).write(busybox)
    registrar_layer(needs["kube"]).write(registrar)
    job.stage = "writing the archive"
    write_archive(job.out / "images.tar", [
        Image(tuple(names["pause"]), (busybox,), command=("/bin/sleep", "2147483647")),
        Image(tuple(names["registrar"]), (registrar,), entrypoint=("/csi-registrar",)),
        Image(tuple(names["nginx"]), (root,), command=("/usr/sbin/nginx", "-g", "daemon off;"),
              environment=ENVIRONMENT),
        Image(tuple(names["alluxio"]), (root, alluxio), environment=ENVIRONMENT),
        Image(tuple(names["fluid"]), (root, fluid), environment=ENVIRONMENT),
    ])


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
