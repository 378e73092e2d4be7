#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fluid_rollback
short_description: Roll Fluid's Helm release back
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Rolls the Helm release of Fluid back to the revision that it had before an upgrade, by C(helm rollback).
  - Changes nothing if the release is deployed at that revision or was rolled back to it last.
  - Does not wait for the controllers. M(datacache.fluid.fluid_ready) does.
  - Keeps the resource definitions of the upgrade, so that no field of an existing object is lost.
  - The playbook C(datacache.fluid.upgrade) runs it if an upgrade fails.
  - Connects as M(kubernetes.core.helm) does, by O(kubeconfig), O(context), or O(host) with O(api_key).
extends_documentation_fragment:
  - datacache.fluid.attributes
  - datacache.fluid.connection
attributes:
  check_mode:
    details: Returns whether the release would be rolled back.
  diff_mode:
    support: none
options:
  release_name:
    description: Name of the Helm release.
    type: str
    default: fluid
  release_namespace:
    description: Namespace of the Helm release.
    type: str
    default: fluid-system
  revision:
    description: Revision to return to, as in C(helm history). A revision that does not exist yet is refused.
    type: int
    required: true
  binary_path:
    description: Path of the C(helm) program. Empty uses the one on E(PATH).
    type: str
    default: ""
  wait_timeout:
    description: Maximum duration of the rollback, in seconds.
    type: int
    default: 300
seealso:
  - module: datacache.fluid.fluid_ready
  - module: kubernetes.core.helm
"""

EXAMPLES = r"""
- name: Return to the release before the upgrade
  datacache.fluid.fluid_rollback:
    release_name: fluid
    release_namespace: fluid-system
    revision: 3
"""

RETURN = r"""
revision_before:
  description: Newest revision of the release before this run.
  returned: success
  type: int
  sample: 4
status_before:
  description: Status of that revision.
  returned: success
  type: str
  sample: failed
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 2.1
"""

from ..module_utils.installation.rollback import ensure, require_valid
from ..module_utils.module import arguments
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        release_name={"type": "str", "default": "fluid"},
        release_namespace={"type": "str", "default": "fluid-system"},
        revision={"type": "int", "required": True},
        binary_path={"type": "str", "default": ""},
        wait_timeout={"type": "int", "default": 300})


def main() -> None:
    run(FluidModule(argument_spec(), supports_check_mode=True), ensure, require_valid)


if __name__ == "__main__":
    main()
