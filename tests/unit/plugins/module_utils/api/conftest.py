# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the API's client share: a client whose server is a script."""

from types import SimpleNamespace

import pytest
from fake_pool import FakePool

from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client


@pytest.fixture
def ask():
    """Return a client, its pool with that script, and the list of its pauses."""
    def make(*script, headers=(), auth=None):
        pool, pauses = FakePool(*script), []
        configuration = SimpleNamespace(host="https://api:6443", auth_settings=lambda: auth or {})
        return Client(configuration, pool, list(headers), sleep=pauses.append), pool, pauses
    return make
