# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of Alluxio's mount table and of the line in which Fluid passes a mount to Alluxio. Pure.

Fluid's script in the masters runs `bash -c "alluxio fs mount <line>"`, without quotes around the parts
(charts/alluxio/templates/config/alluxio-mount-conf.yaml). Characters of the shell would be interpreted there.
"""

from __future__ import annotations

import re

from ..errors import InvalidInput

# Brackets, '~', '#' and '!' within a word stay as they are, and URLs have them.
_SHELL = re.compile(r"""[\s\x00-\x1f\x7f"'`$&;|<>(){}*?\\]""")
_STORE = re.compile(r"([^:]*)://([^/]*)(.*)\Z", re.DOTALL)


def require_plain(what: str, text: str, remedy: str = "encode or rename it") -> None:
    """Raise InvalidInput for a text with a space or a character of the shell. The text is not shown."""
    found = _SHELL.search(text)
    if found:
        raise InvalidInput(
            f"{what} has the character {found[0]!r}: Fluid passes it to a shell in the masters, which would "
            f"split or execute it; {remedy}")


def require_path(what: str, path: str) -> None:
    """Raise InvalidInput unless a path is absolute and as Alluxio lists it, which Fluid compares as text."""
    if not path.startswith("/"):
        raise InvalidInput(f"{what} is {path!r}, which is relative: expected an absolute path such as "
                           f"/{path}")
    parts = path.split("/")[1:]
    if path != "/" and any(part in ("", ".", "..") for part in parts):
        expected = "/" + "/".join(part for part in parts if part not in ("", ".", ".."))
        raise InvalidInput(f"{what} is {path!r}: expected a path without empty, '.' and '..' parts and "
                           f"without a '/' at its end, such as {expected}")


def overlapping(one: str, other: str) -> bool:
    """Return whether one URL lies within the other; Alluxio refuses to mount both (MountTable.java)."""
    stores = [_STORE.match(url) for url in (one, other)]
    if not all(stores) or len({match.groups()[:2] for match in stores if match}) > 1:
        return False
    first, second = sorted((match[3].rstrip("/") + "/" for match in stores if match), key=len)
    return second.startswith(first)
