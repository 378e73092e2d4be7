#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fluid_installation_info
short_description: Find Fluid's installation, and the values for its chart
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Finds the installation of Fluid in a cluster by the Deployment C(dataset-controller), in any namespace.
  - Returns the Helm release that it belongs to, and the values with which that release can be upgraded.
  - Fails if C(helm) is missing. Fails if it has version 4 and kubernetes.core is older than 6.4.0, unless the
    release is up to date.
  - The role C(datacache.fluid.install) runs it before anything is changed.
  - Needs C(list) on C(deployments) and on Fluid's kinds of runtime in all namespaces.
  - With C(list) on C(secrets) in the namespace of the release it finds in RV(up_to_date) that Helm has
    nothing to do.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
options:
  namespace:
    description: Namespace of Fluid's controllers, if Fluid is not installed yet.
    type: str
    default: fluid-system
  release_name:
    description: Name of the Helm release, if Fluid is not installed yet.
    type: str
    default: fluid
  release_namespace:
    description: Namespace of the Helm release, if Fluid is not installed yet. Empty uses O(namespace).
    type: str
    default: ""
  chart_ref:
    description: Name of the chart in the repository, or path of a chart.
    type: str
    default: fluid
  chart_repo_url:
    description: URL of the chart repository. Empty for a path.
    type: str
    default: ""
  chart_version:
    description: Version of the chart. Empty uses the newest, or the version at the path.
    type: str
    default: ""
  chart_values:
    description:
      - Values that override the defaults of the chart and the other options.
      - A controller that caches need is enabled, whatever value is given.
      - A top-level C(imagePrefix) or C(version) is refused without the keys of each image, because the chart
        copies its own into every image.
    type: dict
    default: {}
  image_registry:
    description:
      - Takes every image of the chart from this registry, each under its own path. With
        V(registry.local/mirror) the image C(fluidcloudnative/dataset-controller) becomes
        C(registry.local/mirror/fluidcloudnative/dataset-controller).
      - Includes the images that Fluid gives to caches, their init containers and file prefetchers.
    type: str
    default: ""
  image_pull_secrets:
    description:
      - Names of Secrets with which Fluid's pods pull their images. They have to exist in O(namespace).
      - Fluid also gives these names to the pods of caches, in whose namespaces they have to exist too.
    type: list
    elements: str
    default: []
  fuse_recovery:
    description:
      - Enables Fluid's feature gate C(FuseRecovery), by which the CSI plugin mounts the folders of a
        restarted FUSE pod again. Pods read on that mount the claim with C(mountPropagation=HostToContainer).
      - The other feature gates of O(chart_values) stay.
    type: bool
    default: false
  binary_path:
    description: Path of the C(helm) program. Empty uses the one on E(PATH).
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Find Fluid
  datacache.fluid.fluid_installation_info:
  register: fluid

- name: Upgrade it where it is
  kubernetes.core.helm:
    release_name: "{{ fluid.release.name }}"
    release_namespace: "{{ fluid.release.namespace }}"
    chart_ref: fluid
    chart_repo_url: https://fluid-cloudnative.github.io/charts
    chart_version: 1.0.8
    release_values: "{{ fluid.chart_values }}"
"""

RETURN = r"""
installed:
  description: Whether Fluid is installed.
  returned: success
  type: bool
  sample: true
namespace:
  description: Namespace of Fluid's controllers; O(namespace) without an installation.
  returned: success
  type: str
  sample: fluid-system
release:
  description: Name and namespace of the Helm release; null if Fluid was installed without Helm.
  returned: success
  type: dict
  sample: {name: fluid, namespace: default}
adopted:
  description:
    - Whether the release is another one than O(release_name) in O(release_namespace).
    - The role C(datacache.fluid.install) keeps the values of such a release below its own.
  returned: success
  type: bool
  sample: true
chart_values:
  description: Values for the chart; empty if Fluid was installed without Helm.
  returned: success
  type: dict
  sample: {namespace: fluid-system, runtime: {alluxio: {enabled: true}}}
csi:
  description: Whether the CSI plugin runs, or will run with the values. Without it pods get FUSE sidecars.
  returned: success
  type: bool
  sample: true
definitions:
  description: Whether the cluster has resource definitions of Fluid, also from an earlier installation.
  returned: success
  type: bool
  sample: true
cluster:
  description:
    - UID of the namespace C(kube-system), which identifies the cluster; empty without C(get) on it.
    - The roles let one host act for all hosts of a cluster.
  returned: success
  type: str
  sample: 5f0c2a3e-8a55-4b6f-9c7e-2d3a1c0e9b11
digest:
  description: Hash of release, chart and values; equal for hosts that want the same installation.
  returned: success
  type: str
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
up_to_date:
  description:
    - Whether the release has the chart and the values already, so that Helm would change nothing. It compares
      as M(kubernetes.core.helm) does, with the newest revision of the release in its Secret.
    - V(false) if only Helm can compare. It has plugins, such as diff, or keeps no Secrets. The Secrets cannot
      be read. O(chart_version) is empty for a chart of a repository.
  returned: success
  type: bool
  sample: true
ready:
  description:
    - Whether M(datacache.fluid.fluid_ready) would neither wait nor warn. V(false) if the release is not up to
      date, if there are RV(idle_controllers), and without the permissions of that module.
  returned: success
  type: bool
  sample: true
idle_controllers:
  description: Deployments with 0 replicas that are needed, the dataset controller and those of the kinds of
    caches that exist.
  returned: success
  type: list
  elements: str
  sample: []
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.2
"""

from ..module_utils.installation.info import read, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.redaction import passwords_in


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        namespace={"type": "str", "default": "fluid-system"},
        release_name={"type": "str", "default": "fluid"},
        release_namespace={"type": "str", "default": ""},
        chart_ref={"type": "str", "default": "fluid"},
        chart_repo_url={"type": "str", "default": ""},
        chart_version={"type": "str", "default": ""},
        chart_values={"type": "dict", "default": {}},
        image_registry={"type": "str", "default": ""},
        image_pull_secrets={"type": "list", "elements": "str", "default": [], "no_log": False},
        fuse_recovery={"type": "bool", "default": False},
        binary_path={"type": "str", "default": ""})


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)
    for option in ("chart_ref", "chart_repo_url"):
        module.no_log_values.update(passwords_in(module.params[option]))
    run(module, read, require_valid)


if __name__ == "__main__":
    main()
