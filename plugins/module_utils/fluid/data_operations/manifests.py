# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifests of data operations. Pure."""

from __future__ import annotations

from .. import kinds as fluid_kinds
from ..fields.operations import DATA_LOAD, DATA_MIGRATE, DATA_PROCESS
from ..fields.table import render
from ..manifest import build


def load(params: dict) -> dict:
    """Return the DataLoad that the options describe."""
    return build(fluid_kinds.DATA_LOAD, params, render(DATA_LOAD, params))


def migration(params: dict) -> dict:
    """Return the DataMigrate that the options describe; a Dataset's namespace is required in the object."""
    sides = {option: _with_namespace(params[option], params["namespace"]) for option in ("from", "to")}
    return build(fluid_kinds.DATA_MIGRATE, params, render(DATA_MIGRATE, {**params, **sides}))


def _with_namespace(side: dict, namespace: str) -> dict:
    dataset = side.get("dataset")
    if not dataset:
        return side
    return {**side, "dataset": {**dataset, "namespace": dataset.get("namespace") or namespace}}


def process(params: dict) -> dict:
    """Return the DataProcess that the options describe."""
    return build(fluid_kinds.DATA_PROCESS, params, render(DATA_PROCESS, params))
