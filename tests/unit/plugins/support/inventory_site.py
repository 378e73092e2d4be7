# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of an inventory through the playbooks to the modules, in this process.

The templates of playbooks/vars and of roles/deploy/vars are evaluated as native Jinja expressions, as Ansible
does, with the collection's own filter.
"""

from pathlib import Path

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from ansible_collections.datacache.fluid.plugins.filter.given import given
from ansible_collections.datacache.fluid.plugins.module_utils.module import runtime_options
from ansible_collections.datacache.fluid.plugins.modules import validate_cache
from ansible_collections.datacache.fluid.plugins.plugin_utils import inventory as rules

COLLECTION = Path(__file__).parents[4]
KNOWN = rules.variables(COLLECTION)
OMIT = object()


class Refused(Exception):
    """The sentence with which the first task of a playbook refuses a variable."""


def _load(path):
    return yaml.safe_load((COLLECTION / path).read_text())


def _compiled(templates):
    environment = SandboxedEnvironment(undefined=StrictUndefined)
    environment.filters["datacache.fluid.given"] = given
    environment.filters["combine"] = lambda first, second: {**first, **second}
    return {name: environment.compile_expression(template.strip()[2:-2], undefined_to_none=False)
            for name, template in templates.items()}


_MAPPING = _compiled({**_load("playbooks/vars/roles.yml")})
_HA = _compiled(_load("playbooks/vars/ha.yml"))
_DEPLOY = {name: _compiled(options) for name, options in _load("roles/deploy/vars/main.yml").items()
           if name.endswith("_options")}
_OPTIONS = [name for name in _MAPPING if name.startswith(("deploy_", "install_"))]


def role_options(inventory, ha=True):
    """What the playbooks hand to the roles install and deploy."""
    values = dict(inventory)
    for name in _OPTIONS:
        values[name] = (_HA if ha and name in _HA else _MAPPING)[name](**values)
    return {name: values[name] for name in _OPTIONS}


def module_options(inventory, ha=True):
    """What the role deploy hands to validate_cache."""
    options = role_options(inventory, ha)
    parts = {name: {key: value for key, expression in compiled.items()
                    if (value := expression(omit=OMIT, **options)) is not OMIT}
             for name, compiled in _DEPLOY.items()}
    volume = {"name": options["deploy_name"], "namespace": options["deploy_namespace"]}
    if options["deploy_capacity"]:
        volume["capacity"] = options["deploy_capacity"]
    return {"dataset": parts["__deploy_dataset_options"], "runtime": parts["__deploy_runtime_options"],
            "volume": volume, "warm_up": options["deploy_warm_up"],
            **{f"{name}_timeout": int(options[f"deploy_{name}_timeout"])
               for name in ("warm_up", "wait", "rollout")}}


def require_valid(inventory, ha=True):
    """Validate as deploy_ha does before it touches the cluster; return the modules' converted options.

    Raises Refused or InvalidInput.
    """
    faults = [*rules.unknown(list(inventory), KNOWN),
              *rules.missing(["fluid_name", "fluid_mounts"], inventory, KNOWN),
              *rules.invalid(inventory, KNOWN)]
    if faults:
        raise Refused("; ".join(faults))
    params = module_options(inventory, ha)
    validate_cache.require_valid(params, lambda _secrets: None)
    return runtime_options.cache_parts(params)
