# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that locate the backups of a runtime."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  claim:
    description:
      - PersistentVolumeClaim that stores the backups, in the namespace of the cache. It must exist.
      - The claim of the cache itself is refused, because its data is deleted with the cache.
      - A bucket is used through a claim of its own CSI driver.
      - The masters do not mount the claim. Files travel through the API server to a pod that mounts it.
      - That pod is deleted when the module ends. It has no service account token, no capabilities and a
        read-only root file system.
    type: str
    required: true
  path:
    description:
      - Folder on the claim, relative to its root. Several runtimes can share it.
      - A missing folder is created with the first backup.
      - The default is the root of the claim.
      - A path with C(.), C(..), an empty part or a slash at either end is refused.
    type: str
    default: ""
  image:
    description:
      - Image of the pod that mounts the claim. It needs a shell, GNU coreutils and C(find).
      - The default is the image of the masters, so that no other image is needed.
      - Required if the runtime has no masters.
      - The pod runs as the user and group of the masters.
    type: str
  wait_timeout:
    description:
      - Maximum duration of the waits of the run together, and of each command in a pod, in seconds. A command
        that takes longer is ended in the pod.
      - The default leaves time for the transfer of a large file.
      - A value below 1 is refused.
    type: int
    default: 600
"""
