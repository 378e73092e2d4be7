# SPDX-License-Identifier: GPL-3.0-or-later
"""The volume that a runtime declares for the journal of each of its masters. Pure.

The declaration is an annotation of the AlluxioRuntime, because Fluid has no field for it: its engine always
renders an emptyDir (pkg/ddc/alluxio/transform.go).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..apply.field_manager import MANAGER
from ..errors import InvalidInput
from ..fluid import runtime
from ..k8s import quantity
from ..k8s.kinds import annotations_of
from ..k8s.names import require_name

AUTO, CLAIM, EMPTY_DIR = "auto", "claim", "emptyDir"
# On the AlluxioRuntime. Value: a JournalVolume as JSON.
ANNOTATION = MANAGER + "/journal-volume"
# The limit of Fluid's emptyDir.
DEFAULT_SIZE = "30Gi"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True)
class JournalVolume:
    """One declaration. type: CLAIM or EMPTY_DIR. size, storage_class, keep: of claims.

    storage_class: None for the cluster's default. keep: whether claims stay when the runtime is deleted.
    """

    type: str
    size: str = DEFAULT_SIZE
    storage_class: str | None = None
    keep: bool = False

    @property
    def on_claims(self) -> bool:
        """Whether each master has a claim."""
        return self.type == CLAIM

    def as_dict(self) -> dict:
        """Return the options that mean this volume."""
        if not self.on_claims:
            return {"type": self.type}
        named = {} if self.storage_class is None else {"storage_class": self.storage_class}
        return {"type": self.type, "size": self.size, "keep": self.keep, **named}

    def text(self) -> str:
        """Return the value of the annotation."""
        return json.dumps(self.as_dict(), sort_keys=True)


def require_valid(params: dict) -> None:
    """Raise InvalidInput for options of a runtime that describe no journal volume."""
    options = params.get("journal_volume")
    if options is None:
        return
    if options.get("size") is not None:
        quantity.require_positive("journal_volume.size", options["size"])
    if options.get("storage_class"):
        require_name(options["storage_class"], "journal_volume.storage_class")
    given = sorted(each for each in ("size", "storage_class") if options.get(each) is not None)
    if kind_of(options) == EMPTY_DIR and given:
        raise InvalidInput(f"journal_volume has {' and '.join(given)} and type emptyDir: only a claim has a "
                           "size and a storage class; use type claim, or leave them out")
    if kind_of(options) == CLAIM and params["master_replicas"] == 1:
        raise InvalidInput("journal_volume is of type claim and master_replicas is 1: Fluid creates a single "
                           "master with a journal of type UFS on an emptyDir; declare 3 masters, or type "
                           "emptyDir")


def kind_of(options: dict) -> str:
    """Return the type that the options ask for; claims are the default of a given journal_volume."""
    return options.get("type") or CLAIM


def of_options(options: dict) -> JournalVolume:
    """Return the volume that options of type claim or emptyDir describe."""
    if kind_of(options) == EMPTY_DIR:
        return JournalVolume(EMPTY_DIR)
    return JournalVolume(CLAIM, options.get("size") or DEFAULT_SIZE, options.get("storage_class"),
                         bool(options.get("keep")))


def declared(existing: dict) -> JournalVolume | None:
    """Return the volume that an AlluxioRuntime declares; None if it declares none or an unreadable one."""
    text = annotations_of(existing).get(ANNOTATION)
    try:
        return JournalVolume(**json.loads(text)) if text else None
    except (TypeError, ValueError):
        return None


def default_class(classes: list[dict]) -> str | None:
    """Return the name of the default StorageClass, of several the newest; None without one."""
    found = [each for each in classes if annotations_of(each).get(_DEFAULT_CLASS) == "true"]
    newest = sorted(found, key=lambda each: each["metadata"].get("creationTimestamp") or "")
    return newest[-1]["metadata"]["name"] if newest else None


def require_changeable(what: str, existing: JournalVolume | None, desired: JournalVolume) -> None:
    """Raise InvalidInput for a change that running masters cannot get. what: the runtime."""
    if existing is None or not existing.on_claims:
        return
    if not desired.on_claims:
        raise InvalidInput(f"{what} has its journals on claims and journal_volume is of type emptyDir: "
                           "masters would lose their journals with their pods; declare type claim")
    for option, old, new in (("size", existing.size, desired.size),
                             ("storage_class", existing.storage_class, desired.storage_class)):
        same = quantity.equal(old, new) if option == "size" else old == new
        if not same:
            raise InvalidInput(f"{what} has journals on claims with {option} {old or 'of the default'} and "
                               f"journal_volume has {new or 'the default'}: Kubernetes does not change the "
                               f"{option} of existing claims of a StatefulSet; declare {old or 'none'} again")


def with_declaration(params: dict, volume: JournalVolume | None) -> dict:
    """Return the options of a runtime with the annotation of the declaration."""
    if volume is None or runtime.declared_masters({"master": {"replicas": params["master_replicas"]}}) == 1:
        return params
    return {**params, "annotations": {**(params.get("annotations") or {}), ANNOTATION: volume.text()}}
