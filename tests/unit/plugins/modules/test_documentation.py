# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's argument spec is what its documentation says, fragments included."""

from importlib import import_module
from pathlib import Path

import pytest
from ansible.module_utils.basic import AnsibleModule
from documented_modules import PLUGINS, documented_options

MODULES = ("alluxio_backup", "alluxio_backup_info", "alluxio_client_rollout", "alluxio_failover",
           "alluxio_load", "alluxio_quorum",
           "alluxio_quorum_info", "alluxio_restore", "alluxio_rollout", "alluxio_runtime",
           "alluxio_runtime_info", "cache_absent", "cache_comparison", "cache_diagnosis", "cache_info",
           "cache_metrics", "cache_preflight", "cache_probe", "cache_report",
           "data_load", "data_migrate", "data_operation_info", "data_process",
           "dataset", "dataset_info", "dataset_remount", "dataset_volume", "fluid_info",
           "fluid_installation_info", "fluid_ready", "fluid_rollback", "namespace", "objects_absent", "pod",
           "validate_cache", "validate_variables")


class Specified(Exception):
    """Carries the spec out of a module's main()."""


@pytest.fixture
def spec_of(monkeypatch):
    def init(_self, argument_spec, **rules):
        raise Specified(argument_spec, rules)
    monkeypatch.setattr(AnsibleModule, "__init__", init)

    def read(name):
        with pytest.raises(Specified) as specified:
            import_module(PLUGINS + ".modules." + name).main()
        return specified.value.args
    return read


def shape(option, suboptions):
    """What documentation and spec have in common, with the defaults of either filled in."""
    return {
        "type": option.get("type", "str"), "required": bool(option.get("required")),
        "default": option.get("default"),
        "choices": option.get("choices"), "elements": option.get("elements"),
        "aliases": option.get("aliases") or [],
        "suboptions": {name: shape(inner, suboptions) for name,
                       inner in (option.get(suboptions) or {}).items()},
    }


@pytest.mark.parametrize("name", MODULES)
def test_spec_agrees_with_documentation(spec_of, name):
    spec, rules = spec_of(name)
    documented = {option: shape(text, "suboptions") for option, text in documented_options(name).items()}
    assert {option: shape(view, "options") for option, view in spec.items()} == documented
    assert rules["supports_check_mode"]


@pytest.mark.parametrize("part", ["dataset", "runtime", "volume"])
def test_suboptions_are_described_like_the_fragment(part):
    """Suboptions cannot extend a fragment."""
    text, suboption = (options[part]["description"] for options in (
        documented_options("validate_cache"), documented_options("cache_comparison")["caches"]["suboptions"]))
    assert (text[0] if isinstance(text, list) else text) == (
        suboption[0] if isinstance(suboption, list) else suboption)


def test_every_module_is_tested_here():
    folder = Path(import_module(PLUGINS + ".modules.dataset").__file__).parent
    assert sorted(file.stem for file in folder.glob("*.py")) == sorted(MODULES)
