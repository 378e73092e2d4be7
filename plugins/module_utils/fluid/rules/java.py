# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for properties and JVM options, which Fluid's chart joins with spaces. Pure.

Source: Fluid 1.0.8, charts/alluxio/templates/config/alluxio-conf.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import InvalidInput
from ...redaction import redacted
from ..components import COMPONENTS, options_of
from .journal import declared

# The options that concern the masters; alluxio_rollout compares them with the arguments of their processes.
_OF_MASTERS = ("", "master", "job_master")
_OWNERS = ("", *COMPONENTS)
# Variables such as ${ALLUXIO_CLIENT_HOSTNAME} are expanded on purpose by a shell that executes commands too.
_COMMAND = re.compile(r"\$\(|`")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def require_valid(params: dict) -> None:
    """Raise InvalidInput for text that would become several Java options, or a command of a shell."""
    for option, properties in declared(params):
        if option.endswith("jvm_options"):
            continue
        for key, value in properties.items():
            if not key or "=" in key or _has_space(key):
                raise InvalidInput(f"{option} has the key {key!r}: expected the name of a property")
            if _has_space(value):
                raise InvalidInput(f"{option}.{key} has a space or line break: Fluid joins Java options with "
                                   "spaces, so the rest would be another option; remove it")
            _require_no_command(f"{option}.{key}", value)
    for option, jvm_option in _jvm_options(params, _OWNERS):
        _require_no_command(option, jvm_option)
        if _CONTROL.search(jvm_option):
            raise InvalidInput(f"{option} has a line break or another control character: Fluid's chart "
                               "cannot render it; write one option in each entry")
    if params["master_replicas"] > 1:
        for option, jvm_option in _jvm_options(params, _OF_MASTERS):
            if not jvm_option or _has_space(jvm_option):
                raise InvalidInput(f"{option} has {redacted(jvm_option)!r}: expected one option without "
                                   "spaces in each entry")


def _jvm_options(params: dict, owners: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each JVM option of the owners, with the name of the module's option."""
    for owner in owners:
        part, prefix = options_of(params, owner)
        for jvm_option in part.get("jvm_options") or []:
            yield f"{prefix}jvm_options", jvm_option


def _require_no_command(what: str, text: str) -> None:
    """Raise InvalidInput for a command that a shell replaces by its output. The text is not shown."""
    if found := _COMMAND.search(text):
        raise InvalidInput(f"{what} has {found[0]!r}: the shell that starts Alluxio would execute what "
                           "follows; remove it")


def _has_space(text: str) -> bool:
    return any(character.isspace() for character in text)
