# SPDX-License-Identifier: GPL-3.0-or-later
"""The types that several fields of Fluid's kinds have. Pure.

Source: Fluid 1.0.8, api/v1alpha1/common.go.
"""

from __future__ import annotations

from ..manifest import text_map
from .table import Field

USER = {"uid": Field("uid"), "gid": Field("gid"), "user": Field("user"), "group": Field("group")}
IMAGE = {
    "image": Field("image"), "image_tag": Field("imageTag"), "image_pull_policy": Field("imagePullPolicy")}
RESOURCES = {
    "requests": Field("requests", text_map),
    "limits": Field("limits", text_map),
    "claims": Field("claims[].name"),
}
POD_METADATA = {"labels": Field("labels", text_map), "annotations": Field("annotations", text_map)}
PULL_SECRETS = Field("imagePullSecrets[].name")
