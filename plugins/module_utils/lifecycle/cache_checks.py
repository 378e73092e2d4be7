# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of a complete cache before any part of it exists. IO, read-only.

The namespace and Fluid's CustomResourceDefinitions may be missing, so a dry run cannot validate the options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..api.bulk import ref_of
from ..api.client import Client
from ..apply.field_manager import MANAGER
from ..errors import ApiError, Forbidden, InvalidInput, KindNotFound, ServerUnavailable
from ..fluid import dataset as fluid_dataset, kinds as fluid_kinds, runtime as fluid_runtime
from ..fluid.fields import overrides
from ..fluid.fields.dataset import DATASET
from ..fluid.fields.runtime import RUNTIME
from ..fluid.rules import write_space
from ..journal import volume as journal_volume
from ..k8s.kinds import Kind
from ..k8s.names import require_metadata
from ..k8s.placement_rules import require_placement
from . import runtime_checks, volume as lifecycle_volume

# Options that hold fields in the form of Kubernetes, which only the cluster's definitions know.
_DATASET_FIELDS = ("spec_overrides", "node_affinity", "tolerations")
_RUNTIME_FIELDS = ("spec_overrides", "volumes")
# The answers of the API server to fields that an object cannot have.
_REFUSED = (400, 422)


def require_valid(dataset: dict, runtime: dict, volume: dict | None) -> None:
    """Raise InvalidInput, naming the object, for options that its own module refuses. Sends no request."""
    _require_dataset(dataset)
    _require_runtime(runtime)
    if volume is not None:
        _require_volume(volume)


def faults(dataset: dict, runtime: dict, volume: dict | None) -> list[str]:
    """Return the message of require_valid for each of the objects that has one."""
    found = []
    for require, params in ((_require_dataset, dataset), (_require_runtime, runtime),
                            (_require_volume, volume)):
        try:
            if params is not None:
                require(params)
        except InvalidInput as err:
            found.append(str(err))
    return found


def warnings(dataset: dict, runtime: dict) -> list[str]:
    """Return a sentence, naming the object, for valid options whose cache refuses the writes that it permits.
    """
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(ref_of(runtime))

    def found(declared: dict) -> list[str]:
        return overrides.applied(RUNTIME, runtime, lambda options: write_space.warnings(
            declared, {**options, "properties": fluid_runtime.spec_properties(options)}))

    return [f"{what}: {text}" for text in overrides.applied(DATASET, dataset, found)]


def _require_dataset(dataset: dict) -> None:
    with _named(fluid_kinds.DATASET, dataset):
        fluid_dataset.require_valid(dataset)
        require_metadata(dataset)
        require_placement(dataset)
        if fluid_dataset.refers(dataset):
            raise InvalidInput(
                "it mounts another Dataset, which Fluid serves without an AlluxioRuntime: create it with "
                "datacache.fluid.dataset alone, or mount the under-stores of that Dataset")


def _require_runtime(runtime: dict) -> None:
    with _named(fluid_kinds.ALLUXIO_RUNTIME, runtime):
        fluid_runtime.require_valid(runtime)
        journal_volume.require_valid(runtime)
        require_metadata(runtime)


def _require_volume(volume: dict) -> None:
    with _named(fluid_kinds.DATASET, volume):
        lifecycle_volume.require_valid(volume)


def require_known_fields(client: Client, dataset: dict, runtime: dict) -> None:
    """Raise InvalidInput, naming the object, for fields that the definitions of Fluid on the cluster lack.

    Creates the objects in a dry run, and only with options that hold such fields. The server looks for
    unknown fields before it looks for the namespace or an object of the name. Without Fluid or the permission
    to create, the write itself is refused later.
    """
    for kind, params, fields, manifest in (
            (fluid_kinds.DATASET, dataset, _DATASET_FIELDS, fluid_dataset.manifest),
            (fluid_kinds.ALLUXIO_RUNTIME, runtime, _RUNTIME_FIELDS, fluid_runtime.manifest)):
        if not any(params.get(field) for field in fields) and not any(
                level.get("volume_source") for level in params.get("tieredstore") or []):
            continue
        with _named(kind, params):
            try:
                client.create(kind, manifest(params), MANAGER, dry_run=True)
            except ServerUnavailable:
                raise
            except ApiError as err:
                if err.status in _REFUSED:
                    raise InvalidInput(str(err)) from err


def require_nodes(client: Client, dataset: dict, runtime: dict, warn: Callable[[str], None]) -> None:
    """Raise InvalidInput, naming the runtime, if too few nodes accept the masters that have to be placed.

    Masters that exist stay where they are, so a runtime with as many of them is only warned of. Without the
    permission to list nodes, only warns.
    """
    with _named(fluid_kinds.ALLUXIO_RUNTIME, runtime):
        try:
            runtime_checks.require_nodes_for_masters(client, runtime, fluid_dataset.manifest(dataset), warn)
        except InvalidInput as err:
            if not _has_masters(client, runtime):
                raise
            warn(f"{fluid_kinds.ALLUXIO_RUNTIME.describe(ref_of(runtime))} exists and keeps its masters, but "
                 f"one that is deleted may find no node: {err}")


def _has_masters(client: Client, params: dict) -> bool:
    """Return whether a runtime exists that declares at least the desired number of masters."""
    try:
        existing = client.get(fluid_kinds.ALLUXIO_RUNTIME, ref_of(params))
    except (Forbidden, KindNotFound):
        return False
    return (existing is not None and not existing["metadata"].get("deletionTimestamp")
            and fluid_runtime.declared_masters(existing["spec"]) >= params["master_replicas"])


@contextmanager
def _named(kind: Kind, params: dict) -> Iterator[None]:
    """Prefix the message of InvalidInput with the object."""
    try:
        yield
    except InvalidInput as err:
        raise InvalidInput(f"{kind.describe(ref_of(params))}: {err}", **err.details) from err
