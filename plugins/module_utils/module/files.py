# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a module writes on the host that runs it."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..errors import InvalidInput

READABLE = "0644"
PRIVATE = "0600"


def require_writable(option: str, path: str | None) -> None:
    """Raise InvalidInput for the path of a folder, and for one in a folder that does not exist."""
    if not path:
        return
    if os.path.isdir(path):
        raise InvalidInput(f"{option} is the folder {path}: expected the path of a file")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InvalidInput(f"{option} is {path}, and the folder {folder} does not exist: create it first")


def write(module: AnsibleModule, path: str, content: str | bytes, mode: str = READABLE) -> None:
    """Write the file in one step; a failure ends the module."""
    data = content.encode() if isinstance(content, str) else content
    with tempfile.NamedTemporaryFile("wb", dir=module.tmpdir, delete=False) as file:
        file.write(data)
    # Ansible moves no file to a name without a folder.
    target = os.path.abspath(path)
    module.atomic_move(file.name, target)
    module.set_mode_if_different(target, mode, False)


def sibling(option: str, path: str, ending: str, other: str) -> str:
    """Return the path with another ending. Raises InvalidInput for a path without the expected one."""
    if not path.endswith(ending):
        raise InvalidInput(f"{option} is {path}: expected a file that ends in {ending}")
    return path.removesuffix(ending) + other


def read_json(option: str, path: str) -> Any:
    """Return the content of a JSON file. Raises InvalidInput for a file that cannot be read as JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError) as err:
        raise InvalidInput(f"{option}: {path} could not be read as JSON ({err}): give the JSON file of a "
                           "report") from err
