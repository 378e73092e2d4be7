# SPDX-License-Identifier: GPL-3.0-or-later
"""The namespaces whose Pod Security standard refuses the pods of a cache or of Fluid. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from . import finding
from .finding import Finding

# k8s.io/pod-security-admission, api/constants.go. The other two standards refuse privileged containers and
# volumes of type hostPath.
_ENFORCED, _ADMITTING = "pod-security.kubernetes.io/enforce", "privileged"
# Fluid: charts/alluxio/templates and charts/fluid/fluid/templates/csi/daemonset.yaml.
OF_CACHE = "FUSE pods are privileged, and workers mount folders of their node"
OF_FLUID = "the CSI plugin is privileged, and mounts folders of its node"


def pod_security(namespace: dict | None, pods: str) -> Iterator[Finding]:
    """Yield a namespace that refuses pods. namespace: None if it does not exist; pods: why."""
    metadata = (namespace or {}).get("metadata") or {}
    standard = (metadata.get("labels") or {}).get(_ENFORCED, _ADMITTING)
    if standard != _ADMITTING:
        yield Finding(
            finding.ERROR, "namespaces",
            f"namespace {metadata['name']} enforces the Pod Security standard {standard}, expected "
            f"{_ADMITTING}: {pods}",
            f"set its label {_ENFORCED} to {_ADMITTING}, or choose another namespace")
