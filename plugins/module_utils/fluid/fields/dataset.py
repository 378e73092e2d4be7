# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a Dataset's spec, by option. Pure.

Source: Fluid 1.0.8, api/v1alpha1/dataset_types.go.
"""

from __future__ import annotations

from ..manifest import text_map
from .shared import USER
from .table import Field

ENCRYPT_OPTION = {
    "name": Field("name"),
    "secret_name": Field("valueFrom.secretKeyRef.name"),
    "secret_key": Field("valueFrom.secretKeyRef.key"),
}
_MOUNT = {
    "mount_point": Field("mountPoint"),
    "name": Field("name"),
    "path": Field("path"),
    "read_only": Field("readOnly"),
    "shared": Field("shared"),
    "options": Field("options", text_map),
    "encrypt_options": Field("encryptOptions[]", fields=ENCRYPT_OPTION),
}
_RUNTIME = {
    "name": Field("name"),
    "namespace": Field("namespace"),
    "category": Field("category"),
    "type": Field("type"),
    "master_replicas": Field("masterReplicas"),
}
DATASET = {
    "mounts": Field("mounts[]", fields=_MOUNT),
    "owner": Field("owner", fields=USER),
    "node_affinity": Field("nodeAffinity.required", lambda affinity: affinity or None),
    "tolerations": Field("tolerations[]"),
    "access_modes": Field("accessModes[]"),
    "placement": Field("placement"),
    "shared_options": Field("sharedOptions", text_map),
    "shared_encrypt_options": Field("sharedEncryptOptions[]", fields=ENCRYPT_OPTION),
    "data_restore_location": Field("dataRestoreLocation", fields={
        "path": Field("path"), "node_name": Field("nodeName")}),
    "runtimes": Field("runtimes[]", fields=_RUNTIME),
}
