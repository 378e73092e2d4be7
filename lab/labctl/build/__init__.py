# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's build: from package registries and lab/src to everything that a running lab is made of.

catalog.py is the table of the parts, engine.py builds what of it is missing, and the other modules are the
recipes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import versions
from .cache import Cache
from .catalog import TIERS, parts
from .engine import build
from .errors import BuildError
from .part import part_keys

__all__ = ["Artifacts", "BuildError", "ensure", "fingerprint"]


@dataclass(frozen=True)
class Artifacts:
    """What a tier runs; None and () where the tier "api" has none."""

    # one binary: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy
    kube: Path
    kubectl: Path
    # a folder for PATH, with kube and kubectl; tier "full" also has helm, coredns, nginx and versitygw
    bin: Path
    crds: Path  # a folder of Fluid's CustomResourceDefinitions, as YAML
    helm: Path | None = None
    coredns: Path | None = None
    nginx: Path | None = None  # of this machine's Debian release; takes its configuration by -c
    versitygw: Path | None = None
    fluid_chart: Path | None = None
    images: tuple[Path, ...] = ()  # OCI archives for `ctr images import`, on each node


def ensure(tier: str, cache: Path, report: Callable[[str], None],
           alluxio_version: str = versions.ALLUXIO) -> Artifacts:
    """Build and install what the tier lacks, and return it all; with nothing lacking this takes well under a
    second.

    Progress goes to report(), a line at a time. Safe beside another ensure() and after a killed one. Raises
    BuildError.
    """
    folders = build(parts(alluxio_version), TIERS[tier], Cache(cache), report)
    files = folders["fluid-files"]
    chart = files / "charts/fluid/fluid"
    binaries = folders[f"{tier}-bin"]
    artifacts = Artifacts(
        kube=binaries / "kube", kubectl=binaries / "kubectl", bin=binaries, crds=chart / "crds")
    if tier == "api":
        return artifacts
    return replace(
        artifacts, helm=binaries / "helm", coredns=binaries / "coredns", nginx=binaries / "nginx",
        versitygw=binaries / "versitygw", fluid_chart=chart,
        images=(folders["images"] / "images.tar",))


def fingerprint(tier: str, alluxio_version: str = versions.ALLUXIO) -> str:
    """A hash of everything that the tier is built from; equal fingerprints mean interchangeable artifacts."""
    keys = part_keys(parts(alluxio_version))
    return hashlib.sha256("\n".join(keys[name] for name in TIERS[tier]).encode()).hexdigest()[:16]
