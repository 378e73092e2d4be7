# SPDX-License-Identifier: GPL-3.0-or-later
"""The arguments of a running JVM, compared with the declared properties. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..redaction import is_sensitive, redacted
from . import java_options

# Starts no JVM. Prints the processes of a container: one argument per line, an empty line after each process.
COMMAND = ["sh", "-c", "for each in /proc/[0-9]*/cmdline; do tr '\\0\\n' '\\n ' < \"$each\" && echo; done "
                       "2>/dev/null; true"]


def options_of(text: str, main_class: str) -> str | None:
    """Return the Java options of the process that runs the class, from COMMAND's output; None without one.
    """
    for process in text.split("\n\n"):
        arguments = process.split("\n")
        if main_class in arguments:
            return " ".join(arguments[:arguments.index(main_class)])
    return None


def mismatches(options: str, desired: Mapping[str, str], jvm_options: tuple[str, ...]) -> list[str]:
    """Return a line for each desired property or JVM option that the process does not have.

    A value that refers to a variable of the container is not compared, because the process has it expanded.
    """
    found = java_options.properties(options)
    tokens = options.split()
    return ([_mismatch(key, found.get(key), value) for key, value in sorted(desired.items())
             if "${" not in value and found.get(key) != value]
            + [f"JVM option {redacted(option)} is missing"
               for option in jvm_options if "${" not in option and option not in tokens])


def _mismatch(key: str, found: str | None, desired: str) -> str:
    if is_sensitive(key):  # a message must not reveal a credential
        return f"{key} is {'not set' if found is None else 'another value'}"
    return f"{key} is {'not set' if found is None else found}, expected {desired}"
