# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from labctl.node_status import is_ready, seconds

SINCE = seconds("2026-11-23T10:00:00.500000Z")


def node(status="True", heartbeat="2026-11-23T10:00:00Z", taints=()):
    return {"spec": {"taints": [{"key": key} for key in taints]},
            "status": {"conditions": [{"type": "Ready", "status": status, "lastHeartbeatTime": heartbeat}]}}


def lease(renewed="2026-11-23T10:00:00.700000Z"):
    return {"spec": {"renewTime": renewed}}


@pytest.mark.parametrize("found, held, rebooted, expected", [
    (node(), lease(), True, True),
    (node(), {}, True, True),
    (node(), lease("2026-11-23T10:00:00.400000Z"), False, False),
    (node(), {}, False, False),
    (node(heartbeat="2026-11-23T09:59:59Z"), lease(), True, False),
    (node(heartbeat="2026-11-23T09:55:00Z"), lease(), False, True),
    (node(status="Unknown"), lease(), False, False),
    (node(taints=["node.kubernetes.io/unreachable"]), lease(), False, False),
    (node(taints=["fluid.io/some-taint"]), lease(), False, True),
    ({"spec": {}, "status": {}}, {}, True, False),
])
def test_only_the_nodes_own_recent_word_counts(found, held, rebooted, expected):
    assert is_ready(found, held, since=SINCE, rebooted=rebooted) is expected
