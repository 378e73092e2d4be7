# SPDX-License-Identifier: GPL-3.0-or-later
"""What an interrupted leadership transfer leaves behind is reset, and only that."""

from dataclasses import replace

import pytest
from fake_raft import NAMESPACE, FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import priorities


@pytest.mark.parametrize(("found", "reset"), [
    ((1, 1, 1), False), ((0, 0, 0), False), ((1, 1, 0), False), ((1, 2, 1), True), (None, False),
], ids=["reset", "never-set", "one-was-added", "left-behind", "unknown"])
def test_reset(cluster, monkeypatch, found, reset):
    raft = FakeRaft(cluster)

    def with_priorities(quorum, _domain, _pods):
        if found is None:
            raise QuorumUnknown("no master answers")
        return replace(quorum, peers=tuple(
            replace(peer, priority=each) for peer, each in zip(quorum.peers, found, strict=True)))
    raft.with_priorities = with_priorities
    monkeypatch.setattr(priorities, "Masters", lambda *_args: raft)
    assert priorities.reset(ObjectRef(NAMESPACE, "hbase"), cluster) == (found is not None)
    assert raft.actions == (["reset_priorities"] if reset else [])
