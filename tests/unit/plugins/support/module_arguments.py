# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving options to a module that runs in this process, with each ansible-core that is tested."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from ansible.module_utils import basic
from ansible.release import __version__ as ansible_version

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:
    # ansible-core 2.18 and older
    @contextmanager
    def patch_module_args(args: dict | None = None) -> Iterator[None]:
        given = json.dumps({"ANSIBLE_MODULE_ARGS": args or {}}).encode()
        with mock.patch.object(basic, "_ANSIBLE_ARGS", given):
            yield

# ansible-core 2.21 returns no invocation with a result.
returns_invocation = pytest.mark.skipif(
    tuple(map(int, ansible_version.split(".")[:2])) >= (2, 21), reason="ansible-core returns no invocation")

__all__ = ["patch_module_args", "returns_invocation"]
