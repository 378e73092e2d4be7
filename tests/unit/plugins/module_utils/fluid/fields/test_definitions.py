# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the modules for Fluid's objects against the fields of Fluid's definitions.

recorded/fluid_fields.json has the fields of Fluid 1.0.8; support/crd_fields.py records those of another one.
tests/api/test_definitions.py compares it with the definitions of a cluster.
"""

from importlib import import_module

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.dataset import DATASET
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.operations import (
    DATA_LOAD,
    DATA_MIGRATE,
    DATA_PROCESS,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.runtime import RUNTIME
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields.table import paths
from ansible_collections.datacache.fluid.plugins.module_utils.module import arguments

# Beside the spec of a data operation: its metadata, and when it is created again.
OF_AN_OPERATION = {"name", "labels", "annotations", "state", "force_conflicts", "wait", "wait_timeout",
                   "wait_for", "restarted_after", "retry_failed", *arguments.connection()}
MODULES = "ansible_collections.datacache.fluid.plugins.modules."
# The options that concern the object as a whole, or what this collection does beside it.
NOT_OF_THE_SPEC = {
    "dataset": {"name", "namespace", "labels", "annotations", "spec_overrides"},
    "alluxio_runtime": {
        "name", "namespace", "labels", "annotations", "spec_overrides", "recreate", "journal_volume",
        "spread_masters", "stable_peer_addresses", "disruption_budget", "drain_workers",
        "network_mode",  # master.networkMode and worker.networkMode, which have options of their own
        "raft",  # keys in properties
    },
    "data_load": OF_AN_OPERATION, "data_migrate": {*OF_AN_OPERATION, "namespace"},
    "data_process": OF_AN_OPERATION,
}
KINDS = [pytest.param("dataset", "datasets", "Dataset", DATASET, id="dataset"),
         pytest.param("alluxio_runtime", "runtimes", "AlluxioRuntime", RUNTIME, id="alluxio_runtime"),
         pytest.param("data_load", "", "DataLoad", DATA_LOAD, id="data_load"),
         pytest.param("data_migrate", "", "DataMigrate", DATA_MIGRATE, id="data_migrate"),
         pytest.param("data_process", "", "DataProcess", DATA_PROCESS, id="data_process")]
TYPES = {"string": "str", "quantity": "str", "integer": "int", "boolean": "bool", "map": "dict",
         "object": "dict"}


def missing(table, fields):
    """The fields of a definition that no option sets."""
    return sorted(fields.keys() - {path for _option, path in paths(table)})


def specification(module, plural):
    """The argument spec of one object."""
    spec = import_module(MODULES + module).argument_spec()
    return spec[plural]["options"] if plural else spec


def option_at(spec, path):
    """The specification of an option, and its names that the specification lacks."""
    *above, name = path.split(".")
    for each in above:
        spec = spec[each]["options"]
    return spec[name]


@pytest.mark.parametrize(("module", "plural", "kind", "table"), KINDS)
def test_every_field_has_an_option(recorded, module, plural, kind, table):
    assert missing(table, recorded("fluid_fields.json")[kind]) == []


@pytest.mark.parametrize(("module", "plural", "kind", "table"), KINDS)
def test_every_option_has_a_field(recorded, module, plural, kind, table):
    fields = recorded("fluid_fields.json")[kind]
    assert [path for _option, path in paths(table) if path not in fields] == []


@pytest.mark.parametrize(("module", "plural", "kind", "table"), KINDS)
def test_options_and_fields_are_mapped_once(module, plural, kind, table):
    for names in zip(*paths(table), strict=True):
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("module", "plural", "kind", "table"), KINDS)
def test_the_table_has_every_option_of_the_module(module, plural, kind, table):
    def names(spec, above=""):
        for name, option in spec.items():
            if option.get("options") and not (not above and name in NOT_OF_THE_SPEC[module]):
                yield from names(option["options"], f"{above}{name}.")
            else:
                yield above + name

    mapped = {option for option, _path in paths(table)}
    assert set(names(specification(module, plural))) - NOT_OF_THE_SPEC[module] == mapped


@pytest.mark.parametrize(("module", "plural", "kind", "table"), KINDS)
def test_options_have_the_type_and_the_choices_of_their_field(recorded, module, plural, kind, table):
    fields = recorded("fluid_fields.json")[kind]
    spec = specification(module, plural)
    for option, path in paths(table):
        view, field = option_at(spec, option), fields[path]
        value = view["elements"] if view["type"] == "list" else view["type"]
        assert value == TYPES[field["type"]], option
        if "values" in field:
            assert sorted(view["choices"]) == field["values"], option


@pytest.mark.parametrize(("table", "path"), [
    (RUNTIME, "updateStrategy"), (RUNTIME, "worker.affinity"), (RUNTIME, "tieredstore.levels[].encrypted"),
    (DATASET, "mounts[].quota"),
])
def test_a_field_of_a_newer_fluid_is_named(recorded, table, path):
    kind = "Dataset" if table is DATASET else "AlluxioRuntime"
    newer = {**recorded("fluid_fields.json")[kind], path: {"type": "string"}}
    assert missing(table, newer) == [path]
