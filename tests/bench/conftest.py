# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of counted requests share. KUBECONFIG names the cluster; `make api-test` sets it."""

from collections.abc import Callable

import pytest
from costs import session
from costs.playing import play


@pytest.fixture(scope="module")
def bench():
    with session.opened() as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_left(bench):
    yield
    bench.clear()


@pytest.fixture
def count(bench) -> Callable[..., list]:
    """Runs a task through the counting proxy and returns its requests."""
    def counted(task: dict, check: bool = False) -> list:
        bench.proxy.take()
        play([task], bench.proxy.kubeconfig, check=check)
        return bench.proxy.take()

    return counted
