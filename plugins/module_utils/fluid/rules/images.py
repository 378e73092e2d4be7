# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for the images of a runtime, and for the names of objects that it refers to. Pure.

Source: Fluid 1.0.8, pkg/ddc/alluxio/transform_fuse.go (checkIfNewFuseArgVersion), pkg/utils/version and
k8s.io/apimachinery/pkg/util/version (ParseGeneric). The chart joins each image and its tag with a colon.
"""

from __future__ import annotations

import re

from ...errors import InvalidInput
from ...k8s.names import require_image, require_name
from ..components import COMPONENTS, options_of

# A tag of the OCI distribution specification.
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
# What Fluid parses, behind an optional "release-", in lower case. Fluid chooses the arguments of the FUSE
# client by it, and parses no other tag.
_VERSION = re.compile(r"v?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})+(?![0-9])")
_OWNERS = ("", "fuse", "init_users")


def require_valid(params: dict) -> None:
    """Raise InvalidInput for images that no pod can have, and for a FUSE tag without a version."""
    for owner in _OWNERS:
        part, prefix = options_of(params, owner)
        _require_name_alone(prefix + "image", part.get("image"))
        _require_tag(prefix + "image_tag", part.get("image_tag"))
    for owner in ("", *COMPONENTS):
        part, prefix = options_of(params, owner)
        for number, secret in enumerate(part.get("image_pull_secrets") or []):
            require_name(secret, f"{prefix}image_pull_secrets[{number}]")
    if params.get("hadoop_config"):
        require_name(params["hadoop_config"], "hadoop_config")
    tag = (params.get("fuse") or {}).get("image_tag")
    if tag and not _VERSION.match(tag.lower().removeprefix("release-")):
        raise InvalidInput(
            f"fuse.image_tag is {tag!r}: Fluid reads Alluxio's version from it and creates no pods without "
            "one; expected a tag such as 2.9.4 or release-2.9.4-jdk11")


def _require_name_alone(option: str, image: str | None) -> None:
    name = (image or "").rpartition("/")[2]
    if ":" in name or "@" in name:
        mark = "digest" if "@" in name else "tag"
        raise InvalidInput(f"{option} is {image!r}, with a {mark}: Fluid appends image_tag to it; expected "
                           f"the image without a {mark}, and the tag in {option}_tag")
    if image:
        require_image(option, image)


def _require_tag(option: str, tag: str | None) -> None:
    if tag and not _TAG.match(tag):
        raise InvalidInput(f"{option} is {tag!r}: expected a tag of letters, digits, dots, dashes and "
                           "underscores, such as 2.9.4")
