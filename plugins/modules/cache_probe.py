#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_probe
short_description: Read a sample of a cache's files in a new pod
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Creates a pod that mounts the claim, lists at most 10,000 files and reads the first bytes of them twice.
    The pod is removed before the module ends, so nothing changes.
  - The bytes are discarded and take no space on the node. Alluxio caches what is read, within the quotas of
    the workers.
  - The pod tolerates the taints that the Dataset tolerates, prefers nodes with a FUSE pod of the cache, and
    uses the runtime's C(imagePullSecrets).
  - Starts no pod if the claim is not Bound, or if it is ReadWriteOncePod and another pod mounts it.
    RV(probe.skipped) then has the reason.
  - A pod that cannot read does not fail the module. M(datacache.fluid.cache_info) reports it.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.identity
attributes:
  check_mode:
    details: In check mode it creates no pod and returns an empty RV(probe).
options:
  image:
    description: Image of the pod, with a shell, coreutils and findutils or their equivalents of busybox.
    type: str
    default: docker.io/library/nginx:1.29
  image_pull_secrets:
    description: Names of Secrets in the namespace of the cache that pull the image, beside those of the
      runtime.
    type: list
    elements: str
    default: []
  sample_bytes:
    description: Bytes that each of the two reads reads at most, as a Kubernetes quantity. V(0) only lists
      the files, as of a cache without workers.
    type: str
    default: 1Gi
  sample_seconds:
    description: Maximum duration of the listing and of each read, in seconds. A fifth of O(wait_timeout)
      at most.
    type: int
    default: 120
  wait_timeout:
    description: Maximum time until the pod has ended, in seconds.
    type: int
    default: 600
seealso:
  - module: datacache.fluid.cache_info
"""

EXAMPLES = r"""
- name: Read 100 MiB of a cache
  datacache.fluid.cache_probe:
    name: hbase
    namespace: data
    sample_bytes: 100Mi
  register: cache

- name: Print the durations
  ansible.builtin.debug:
    msg: "{{ cache.probe.first_seconds }} s, then {{ cache.probe.second_seconds }} s"
"""

RETURN = r"""
probe:
  description: What the pod has read; empty in check mode.
  returned: success
  type: dict
  contains:
    skipped:
      description: Why no pod was started.
      returned: if no pod was started
      type: str
      sample: the claim is not Bound to its volume, without which no pod can mount it
    error:
      description: Why the pod has read nothing, with its state and events.
      returned: if the pod has read nothing
      type: str
      sample: "timed out after 600 s while waiting for Pod hbase-verify-probe"
    pod:
      description: Name of the pod.
      returned: if a pod was started
      type: str
      sample: hbase-verify-probe
    files:
      description: Number of files that were listed.
      returned: if the pod has read
      type: int
      sample: 7
    listed_all:
      description: Whether these are all files of the cache.
      returned: if the pod has read
      type: bool
      sample: true
    size:
      description: Bytes that the first read has read; null with O(sample_bytes=0).
      returned: if the pod has read
      type: int
      sample: 83886080
    complete:
      description: Whether these are all bytes of the cache.
      returned: if the pod has read
      type: bool
      sample: true
    being_written:
      description: The first files that were left out because an application on the same node writes them.
      returned: if the pod has read
      type: list
      elements: str
      sample: []
    first_seconds:
      description: Duration of the first read, in seconds; null with O(sample_bytes=0).
      returned: if the pod has read
      type: float
      sample: 5.65
    second_seconds:
      description: Duration of the second read, in seconds; null with O(sample_bytes=0).
      returned: if the pod has read
      type: float
      sample: 0.27
    cached_before:
      description: Percentage of the data that was cached before the first read.
      returned: if the pod has read
      type: str
      sample: 0.0%
    listing_errors:
      description: The first errors of the listing.
      returned: if the pod has read
      type: list
      elements: str
      sample: []
    reading_errors:
      description: The first errors of the reads.
      returned: if the pod has read
      type: list
      elements: str
      sample: ["cat: /data/a: Transport endpoint is not connected"]
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 4.2
"""

from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.verify.probe import ensure, require_valid


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(), arguments.identity(),
        image={"type": "str", "default": "docker.io/library/nginx:1.29"},
        image_pull_secrets={"type": "list", "elements": "str", "default": [], "no_log": False},
        sample_bytes={"type": "str", "default": "1Gi"}, sample_seconds={"type": "int", "default": 120},
        wait_timeout={"type": "int", "default": 600})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
