# SPDX-License-Identifier: GPL-3.0-or-later
"""The options in the documentation of a module, fragments included."""

from importlib import import_module

import yaml

PLUGINS = "ansible_collections.datacache.fluid.plugins"


def merged(base, more):
    """Documentation with a fragment put below it, as Ansible does: the module's own words win."""
    both = {**base, **more}
    for key in base.keys() & more.keys():
        if isinstance(base[key], dict) and isinstance(more[key], dict):
            both[key] = merged(base[key], more[key])
    return both


def documented_options(name):
    own = yaml.safe_load(import_module(PLUGINS + ".modules." + name).DOCUMENTATION)
    options = {}
    for fragment in own["extends_documentation_fragment"]:
        _namespace, _collection, file, *variant = fragment.split(".")
        text = getattr(import_module(PLUGINS + ".doc_fragments." + file).ModuleDocFragment,
                       (variant or ["documentation"])[0].upper())
        options = merged(options, yaml.safe_load(text).get("options") or {})
    return merged(options, own.get("options") or {})
