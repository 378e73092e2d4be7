# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for properties and JVM options, which Fluid's chart joins with spaces. Pure.

Source: Fluid 1.0.8, charts/alluxio/templates/config/alluxio-conf.yaml.
"""

from __future__ import annotations

from ...errors import InvalidInput
from ...redaction import redacted
from .journal import declared

# The options that concern the masters; alluxio_rollout compares them with the arguments of their processes.
_OF_MASTERS = ("", "master", "job_master")


def require_valid(params: dict) -> None:
    """Raise InvalidInput for text with spaces that would become several Java options."""
    for option, properties in declared(params):
        if option.endswith("jvm_options"):
            continue
        for key, value in properties.items():
            if not key or _has_space(key):
                raise InvalidInput(f"{option} has the key {key!r}: expected the name of a property")
            if _has_space(value):
                raise InvalidInput(f"{option}.{key} has a space or line break: Fluid joins Java options with "
                                   "spaces, so the rest would be another option; remove it")
    if params["master_replicas"] > 1:
        for owner in _OF_MASTERS:
            part, prefix = (params.get(owner) or {}, owner + ".") if owner else (params, "")
            for jvm_option in part.get("jvm_options") or []:
                if not jvm_option or _has_space(jvm_option):
                    raise InvalidInput(f"{prefix}jvm_options has {redacted(jvm_option)!r}: expected one "
                                       "option without spaces in each entry")


def _has_space(text: str) -> bool:
    return any(character.isspace() for character in text)
