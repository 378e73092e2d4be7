#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_comparison
short_description: Compare declared caches with those of a cluster
version_added: 1.1.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Finds the caches for which M(datacache.fluid.validate_cache), M(datacache.fluid.namespace),
    M(datacache.fluid.dataset), M(datacache.fluid.dataset_volume), M(datacache.fluid.alluxio_runtime),
    M(datacache.fluid.alluxio_rollout) and M(datacache.fluid.alluxio_quorum) would neither change anything nor
    wait nor warn nor fail.
  - Reads the objects of each namespace by lists, and the quorums of several masters from their leaders.
    Twenty caches cost one task instead of five for each.
  - A cache that cannot be compared, such as one with invalid options or without a permission, counts as
    different. Its modules then report the reason. So does a cache that O(caches) has twice.
  - Changes nothing.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
  - datacache.fluid.connection
options:
  caches:
    description: The declared caches.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Text that RV(unchanged) has for the cache. The default is C(<namespace>/<name>).
        type: str
      dataset:
        description:
          - Name, namespace and options of the Dataset, as in M(datacache.fluid.dataset).
          - A cache with an unknown key, or a value of another type, counts as different.
        type: dict
        required: true
      runtime:
        description: Name, namespace and options of the runtime, as in M(datacache.fluid.alluxio_runtime).
        type: dict
        required: true
      volume:
        description: Name, namespace and options of the volume, as in M(datacache.fluid.dataset_volume).
        type: dict
        required: true
seealso:
  - module: datacache.fluid.validate_cache
"""

EXAMPLES = r"""
- name: Compare two caches with those of the cluster
  datacache.fluid.cache_comparison:
    caches:
      - dataset: {name: hbase, namespace: data, mounts: [{mount_point: "https://host/hbase/"}]}
        runtime: {name: hbase, namespace: data, master_replicas: 3}
        volume: {name: hbase, namespace: data}
      - dataset: {name: spark, namespace: data, mounts: [{mount_point: "https://host/spark/"}]}
        runtime: {name: spark, namespace: data}
        volume: {name: spark, namespace: data}
  register: comparison

- name: Print the caches that a deployment would change
  ansible.builtin.debug:
    var: comparison.differences
"""

RETURN = r"""
unchanged:
  description: O(caches[].id) of the unchanged caches.
  returned: success
  type: list
  elements: str
  sample: [data/spark]
differences:
  description: The first difference of each other cache, by C(<namespace>/<name>).
  returned: success
  type: dict
  sample: {data/hbase: AlluxioRuntime hbase in namespace data differs from its declaration}
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.4
"""

from collections.abc import Callable

from ..module_utils import redaction
from ..module_utils.api.client import Client
from ..module_utils.deployment import comparison
from ..module_utils.errors import InvalidInput
from ..module_utils.lifecycle import cache_checks
from ..module_utils.module import arguments, runtime_options
from ..module_utils.module.option_names import FluidModule
from ..module_utils.module.run import run
from ..module_utils.progress import Reporter


def require_valid(params: dict, hide: Callable[[list[str]], None]) -> None:
    """Accept all options, since an invalid cache counts as different.

    hide: receives the values that must never be shown.
    """
    hide(redaction.secrets_within(params["caches"]))


def ensure(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
    """Return the unchanged caches, and the difference of each other one."""
    parsed = [_parsed(cache) for cache in params["caches"]]
    valid = [cache for cache in parsed if isinstance(cache, comparison.Cache)]
    compared = iter(comparison.differences(client, valid))
    found = [cache if isinstance(cache, str) else next(compared) for cache in parsed]
    pairs = list(zip(params["caches"], found, strict=True))
    return {"changed": False,
            "unchanged": [cache["id"] or _key(cache["runtime"]) for cache, text in pairs if not text],
            "differences": {_key(cache["runtime"]): text for cache, text in pairs if text}}


def _key(part: dict) -> str:
    return f"{part.get('namespace') or 'default'}/{part.get('name')}"


def _parsed(params: dict) -> comparison.Cache | str:
    """Return the cache of the options, or why they are invalid."""
    try:
        parts = runtime_options.cache_parts(params)
        cache_checks.require_valid(**parts)
        _require_one_name(parts)
    except InvalidInput as err:
        return str(err)
    return comparison.Cache(**parts)


def _require_one_name(parts: dict) -> None:
    """Raise InvalidInput unless the parts belong to one cache: Fluid serves a Dataset by its name."""
    keys = {option: _key(part) for option, part in parts.items()}
    if len(set(keys.values())) > 1:
        named = ", ".join(f"{option} is {key}" for option, key in keys.items())
        raise InvalidInput(f"{named}: expected one name and namespace")


def argument_spec() -> dict:
    return arguments.compose(
        arguments.connection(),
        caches={"type": "list", "elements": "dict", "required": True,
                "options": {"id": {"type": "str"}, **arguments.declared_cache(volume_required=True)}})


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)
    run(module, ensure, lambda params: require_valid(params, module.no_log_values.update))


if __name__ == "__main__":
    main()
