#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_cache
short_description: Validate the options of a cache before anything is created
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Fails on options that M(datacache.fluid.dataset), M(datacache.fluid.alluxio_runtime) or
    M(datacache.fluid.dataset_volume) refuses.
  - Fails if the cluster has too few schedulable nodes for masters on the host network. It evaluates node
    selector, taints with the tolerations of the Dataset, and its node affinity, which masters get with a
    C(local://) mount. Masters of an existing runtime need no place, so there it only warns.
  - Fails on fields of C(spec_overrides), C(volumes), C(node_affinity) and C(tolerations) that the definitions
    of an installed Fluid lack. It creates the objects in a dry run for that, if these options are given.
  - Warns if applications may write into the cache, and no tier has the space that a write reserves on a
    worker.
  - Needs neither Fluid nor the namespace. Check mode of the other modules needs both, because the API
    server validates a dry run.
  - Changes nothing. Listing the nodes needs C(list) on C(nodes); without this permission the module warns
    and skips the check. If too few nodes accept the masters, it reads the runtime.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
  - datacache.fluid.declared_cache
options:
  warm_up:
    description: Paths that the deployment will load, as O(datacache.fluid.alluxio_load#module:paths).
    type: list
    elements: str
  warm_up_timeout:
    description:
      - Time limit that the deployment will use for O(warm_up), in seconds. A value below 1 is refused.
    type: int
  wait_timeout:
    description: Time limit that the deployment will use, in seconds. A value below 1 is refused.
    type: int
  rollout_timeout:
    description:
      - Time limit that the deployment will use for the rollout, in seconds. A value below 1 is refused.
    type: int
seealso:
  - module: datacache.fluid.dataset
  - module: datacache.fluid.alluxio_runtime
  - module: datacache.fluid.dataset_volume
"""

EXAMPLES = r"""
- name: Validate a cache before Fluid is installed
  datacache.fluid.validate_cache:
    dataset:
      name: hbase
      namespace: data
      mounts:
        - name: hbase
          mount_point: https://mirrors.tuna.tsinghua.edu.cn/apache/hbase/stable/
    runtime:
      name: hbase
      namespace: data
      master_replicas: 3
      tieredstore: [{mediumtype: MEM, path: /dev/shm, quota: 2Gi, high: "0.95", low: "0.7"}]
    volume:
      name: hbase
      namespace: data
      capacity: 100Gi
"""

RETURN = r"""
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

from collections.abc import Callable

from ..module_utils import redaction
from ..module_utils.alluxio import loads
from ..module_utils.api.client import Client
from ..module_utils.lifecycle import cache_checks
from ..module_utils.module import arguments, runtime_options
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter

_TIMEOUTS = ("warm_up_timeout", "wait_timeout", "rollout_timeout")


def require_valid(params: dict, hide: Callable[[list[str]], None]) -> None:
    """Raise InvalidInput for options that a module of a part refuses.

    hide: receives the values that must never be shown.
    """
    # Before the conversion, whose message may quote a value.
    hide(redaction.secrets_within([params["dataset"], params["runtime"]]))
    parts = runtime_options.cache_parts(params)
    cache_checks.require_valid(**parts)
    if params["warm_up"]:
        loads.require_paths("warm_up", params["warm_up"])


def ensure(client: Client, params: dict, _check_mode: bool, reporter: Reporter) -> dict:
    """Return an unchanged result if enough nodes accept the masters that have to be placed."""
    parts = runtime_options.cache_parts(params)
    for text in cache_checks.warnings(parts["dataset"], parts["runtime"]):
        reporter.warn(text)
    cache_checks.require_known_fields(client, parts["dataset"], parts["runtime"])
    cache_checks.require_nodes(client, parts["dataset"], parts["runtime"], reporter.warn)
    return {"changed": False}


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        arguments.declared_cache(),
        warm_up={"type": "list", "elements": "str"},
        **{option: {"type": "int"} for option in _TIMEOUTS})


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)
    run(module, ensure, lambda params: require_valid(params, module.no_log_values.update))


if __name__ == "__main__":
    main()
