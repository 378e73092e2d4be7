# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a module writes on the host that runs it."""

from __future__ import annotations

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

from ..errors import InvalidInput

_MODE = "0644"


def require_writable(option: str, path: str | None) -> None:
    """Raise InvalidInput for the path of a folder, and for one in a folder that does not exist."""
    if not path:
        return
    if os.path.isdir(path):
        raise InvalidInput(f"{option} is the folder {path}: expected the path of a file")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise InvalidInput(f"{option} is {path}, and the folder {folder} does not exist: create it first")


def write(module: AnsibleModule, path: str, text: str) -> None:
    """Write the file in one step, readable for all; a failure ends the module."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=module.tmpdir, delete=False) as file:
        file.write(text)
    module.atomic_move(file.name, path)
    module.set_mode_if_different(path, _MODE, False)
