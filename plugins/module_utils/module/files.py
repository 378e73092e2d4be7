# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a module writes on the host that runs it."""

from __future__ import annotations

import os
import tempfile

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
    module.atomic_move(file.name, path)
    module.set_mode_if_different(path, mode, False)
