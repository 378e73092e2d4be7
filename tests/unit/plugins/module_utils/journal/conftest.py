# SPDX-License-Identifier: GPL-3.0-or-later
"""The StatefulSet that Fluid renders."""

import pytest


@pytest.fixture
def workload(recorded):
    return recorded("stateful_set_master.json")
