# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid's kinds on a cluster, and their objects. IO, read-only."""

from __future__ import annotations

from collections.abc import Iterable

from ...api.client import Client
from ...fluid.kinds import ALLUXIO_RUNTIME, DATASET, FLUID_GROUP
from ...k8s.kinds import Kind
from ...progress import Reporter


def read(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
    """Return the kinds that the cluster serves, those that a cache lacks, and the names of the objects."""
    served = _served(client)
    return {
        "changed": False,
        "definitions": sorted(kind.resource for kind in served),
        "missing": _missing(served),
        "objects": _objects(client, served) if params["objects"] else [],
    }


def missing(client: Client) -> list[str]:
    """Return the names of the definitions that a cache needs and the cluster lacks."""
    return _missing(_served(client))


def _served(client: Client) -> list[Kind]:
    return [Kind(each["kind"], each["name"], FLUID_GROUP, DATASET.version, each["namespaced"])
            for each in client.resources(FLUID_GROUP, DATASET.version)
            if "/" not in each["name"]]  # a subresource, such as datasets/status


def _missing(served: list[Kind]) -> list[str]:
    names = {kind.resource for kind in served}
    return [kind.resource for kind in (DATASET, ALLUXIO_RUNTIME) if kind.resource not in names]


def _objects(client: Client, kinds: Iterable[Kind]) -> list[dict]:
    return [{"kind": kind.kind, "namespace": each["metadata"].get("namespace", ""),
             "name": each["metadata"]["name"]}
            for kind in kinds for each in client.list(kind)]
