# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the backups of a runtime are."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  claim:
    description:
      - PersistentVolumeClaim, in the namespace of the cache, that holds the backups. It must exist.
      - A bucket is reached through a claim of its own CSI driver.
      - The masters do not mount it. Files are moved through the API server into a pod that mounts it and that is gone when the
        module ends; it has no service account token, no capabilities and a read-only root.
    type: str
    required: true
  path:
    description:
      - Folder of the claim, relative to its top, which is the default. It is made when it is missing.
      - Several runtimes can share it.
    type: str
    default: ""
  image:
    description:
      - Image of that pod, by default the one that the masters run, so that no other one is needed. The pod has the masters' user.
      - It needs a shell with the tools of coreutils, and C(find).
    type: str
  timeout:
    description: How long the whole may take, and each of its transfers, in seconds.
    type: int
    default: 600
"""
