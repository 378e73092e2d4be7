# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolves the journal volume of a runtime against the cluster. IO, read-only."""

from __future__ import annotations

from collections.abc import Callable

from ..api.bulk import ref_of
from ..api.client import Client
from ..errors import Forbidden, PreconditionFailed
from ..fluid import kinds as fluid_kinds
from ..k8s import kinds
from ..k8s.kinds import ObjectRef
from . import template, volume
from .volume import AUTO, CLAIM, EMPTY_DIR, JournalVolume


def resolved(client: Client, params: dict, existing: dict | None,
             warn: Callable[[str], None]) -> JournalVolume | None:
    """Return the journal volume to declare; None to declare none.

    existing: the AlluxioRuntime; None if it does not exist. Without the option, and with type auto, an
    existing runtime keeps its volume. Raises InvalidInput for a change that no master can get, and
    PreconditionFailed when the claims of a new runtime have no StorageClass or exist already.
    """
    options = params.get("journal_volume")
    declared = volume.declared(existing) if existing is not None else None
    if options is None or (existing is not None and volume.kind_of(options) == AUTO):
        return declared
    if params["master_replicas"] == 1:
        return None
    selects = volume.kind_of(options) == AUTO
    if selects:
        options = {**options, "type": CLAIM if _default_class(client, warn) else EMPTY_DIR}
    desired = volume.of_options(options)
    what = fluid_kinds.ALLUXIO_RUNTIME.describe(ref_of(params))
    if existing is not None:
        volume.require_changeable(what, declared, desired)
        if declared is not None and declared != desired or desired.on_claims and declared is None:
            warn(f"{what} is running: run datacache.fluid.alluxio_rollout, which applies journal_volume")
    if desired.on_claims and (declared is None or not declared.on_claims):
        if not selects:  # type auto has found the default StorageClass
            _require_class(client, desired, warn)
        _require_no_claims(client, params, what)
    return desired


def _default_class(client: Client, warn: Callable[[str], None]) -> str | None:
    try:
        return volume.default_class(list(client.list(kinds.STORAGE_CLASS)))
    except Forbidden as err:
        warn(f"could not find out whether the cluster has a default StorageClass: {err}")
        return None


def _require_class(client: Client, desired: JournalVolume, warn: Callable[[str], None]) -> None:
    """Raise PreconditionFailed for claims that no volume can ever bind; warn when that cannot be read."""
    named = desired.storage_class
    if named == "":
        return  # volumes without a class, which a person may create later
    try:
        classes = list(client.list(kinds.STORAGE_CLASS))
        if named is None:
            _require_default(classes)
        elif not _known(client, named, classes):
            raise PreconditionFailed(
                f"journal_volume has storage_class {named}, which no StorageClass and no PersistentVolume "
                f"has ({_names(classes)} exist): correct it, or create the StorageClass; nothing was changed")
    except Forbidden as err:
        subject = f"storage_class {named} exists" if named else "the cluster has a default StorageClass"
        warn(f"could not check whether {subject}: {err}")


def _require_default(classes: list[dict]) -> None:
    if volume.default_class(classes) is None:
        raise PreconditionFailed("journal_volume names no storage_class and the cluster has no default "
                                 f"StorageClass ({_names(classes)} exist): name one, or use type emptyDir; "
                                 "nothing was changed")


def _known(client: Client, name: str, classes: list[dict]) -> bool:
    """Whether a claim of that class can be bound: volumes made by hand may have a class without an object."""
    return any(each["metadata"]["name"] == name for each in classes) or any(
        each["spec"].get("storageClassName") == name for each in client.list(kinds.PERSISTENT_VOLUME))


def _names(classes: list[dict]) -> str:
    return ", ".join(sorted(each["metadata"]["name"] for each in classes)) or "none"


def require_none_of_added(client: Client, runtime: ObjectRef, members: int, desired: int) -> None:
    """Raise PreconditionFailed when masters that are added would get the journals of earlier ones.

    Such a journal may have a newer term than the present group's, and win an election. A journal that is
    terminating is no obstacle: the StatefulSet's controller waits until it is gone.
    """
    added = set(template.claim_names(runtime.name, desired)[members:])
    left = [name for name in _left(client, runtime) if name in added] if added else []
    if left:
        raise PreconditionFailed(
            f"{fluid_kinds.ALLUXIO_RUNTIME.describe(runtime)} gets more masters, and their claims exist "
            f"already, with journals of earlier masters: {', '.join(left)}; a master with an old journal may "
            "win an election and replace newer metadata: delete these claims; nothing was changed")


def _left(client: Client, runtime: ObjectRef) -> list[str]:
    """Return the names of the claims of masters that are not terminating, of any number of masters."""
    first = template.claim_names(runtime.name, 1)[0].removesuffix("0")
    listed = client.list(
        kinds.PERSISTENT_VOLUME_CLAIM, runtime.namespace, template.claim_selector(runtime.name))
    return sorted(
        name for each in listed if (name := each["metadata"]["name"]).startswith(first)
        and name.removeprefix(first).isdigit() and not each["metadata"].get("deletionTimestamp"))


def _require_no_claims(client: Client, params: dict, what: str) -> None:
    """Raise PreconditionFailed when claims of an earlier runtime hold its journals, unless they are kept."""
    left = _left(client, ref_of(params))
    if left:
        raise PreconditionFailed(
            f"{what} would get claims that exist already, with the journals of an earlier runtime: "
            f"{', '.join(left)}; masters would start with its metadata and peers; delete them, or restore a "
            "backup into a cache of another name; nothing was changed")
