# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a master can run again with its journal: it depends on its pod, its claim, the volume and nodes."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.journal import lost_claim
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.nodes import OUT_OF_SERVICE

TAINT = {"spec": {"taints": [{"key": OUT_OF_SERVICE}]}}
NAME, CLAIM = "hbase-master-1", "alluxio-journal-hbase-master-1"


def node(name, ready=True, **spec):
    return {"metadata": {"name": name}, **spec,
            "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


def pod(node_name=None):
    return {"metadata": {"name": NAME}, "spec": {"nodeName": node_name} if node_name else {}, "status": {
        "conditions": [] if node_name else [{"type": "PodScheduled", "status": "False", "message": "full"}]}}


def claim(volume_name="volume-1", **metadata):
    return {"metadata": {"name": CLAIM, **metadata}, "spec": {"volumeName": volume_name}}


def volume(*names):
    return {"metadata": {"name": "volume-1"}, "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(names)}]}]}}}}


def place(existing_pod, nodes=(), on_claim=True, existing_claim=None, existing_volume=None):
    return lost_claim.Place(
        NAME, CLAIM, on_claim, existing_pod, existing_claim, existing_volume, list(nodes))


GOING = claim(deletionTimestamp="2026-11-26T12:00:00Z")


@pytest.mark.parametrize(("observed", "reason"), [
    (place(pod("one"), [node("one")], True, claim(), volume("one")), ""),
    (place(pod("one"), [node("one", ready=False)], True, claim(), volume("one")), ""),
    (place(pod("one"), [node("one")], True, GOING, volume("one")), ""),
    (place(pod("one"), [node("one", **TAINT)], True, claim(), volume("one")),
     f"PersistentVolume volume-1 of claim {CLAIM} is on node one, which has the taint {OUT_OF_SERVICE}"),
    (place(pod("one"), [node("two")], True, claim(), volume("one")),
     f"PersistentVolume volume-1 of claim {CLAIM} is on a node that does not exist"),
    (place(pod(), [node("two")], True, claim(), volume("one")),
     f"PersistentVolume volume-1 of claim {CLAIM} is on a node that does not exist"),
    (place(None, [node("two")], True, claim(), volume("one")),
     f"PersistentVolume volume-1 of claim {CLAIM} is on a node that does not exist"),
    (place(pod(), [node("one", ready=False)], True, claim(), volume("one")), ""),
    (place(pod("one"), [node("one", **TAINT), node("two")], True, claim(), volume("one", "two")), ""),
    (place(pod("one"), [node("one", **TAINT), node("two")], True, claim(), {
        "metadata": {"name": "volume-1"}, "spec": {}}), ""),
    (place(pod(), [node("one")], True, claim(), None), f"PersistentVolume volume-1 of claim {CLAIM} does not "
                                                       "exist"),
    (place(pod(), [node("one")], True, claim(volume_name=None), None), ""),
    (place(pod(), [node("one")], True, GOING, volume("one")), f"claim {CLAIM} is terminating"),
    (place(pod(), [node("one")], True, None), f"claim {CLAIM} does not exist"),
    (place(pod("one"), [node("one", **TAINT)], False), f"node one, which has the taint {OUT_OF_SERVICE}"),
    (place(pod("one"), [], False), "node one, which does not exist"),
    (place(pod("one"), [node("one", ready=False)], False), ""),
    (place(pod(), [node("one")], False), ""),
    (place(None, [node("one")], False), ""),
], ids=["runs", "not-ready", "runs-on-a-terminating-claim", "out-of-service", "absent-node",
        "pending", "no-pod", "pending-for-a-node-that-is-not-ready", "another-node-has-the-volume",
        "network-volume", "no-volume", "unbound", "terminating", "no-claim", "emptydir-out-of-service",
        "emptydir-absent-node", "emptydir-not-ready", "emptydir-pending", "emptydir-no-pod"])
def test_reason(observed, reason):
    assert lost_claim.reason(observed) == reason


@pytest.mark.parametrize(("observed", "refusal"), [
    (place(pod("one"), [node("one", ready=False)], True, claim(), volume("one")),
     f"pod {NAME} is on node one, which is not Ready and may return with the journal: bring it back; only if "
     f"it is lost for good, run: kubectl taint nodes one {OUT_OF_SERVICE}=nodeshutdown:NoExecute"),
    (place(pod("one"), [node("one")], True, claim(), volume("one")),
     f"pod {NAME} is on node one, which is Ready (phase unknown): make the pod run there, and run "
     "alluxio_quorum without rebuild, which completes the quorums"),
    (place(pod(), [node("one")], True, claim(), volume("one")),
     f"PersistentVolume volume-1 of claim {CLAIM} can be used on node one, which is Ready (not scheduled: "
     "full): make the pod run there, and run alluxio_quorum without rebuild, which completes the quorums"),
    (place(pod("one"), [node("one", **TAINT), node("two", ready=False)], True, claim(), volume("one", "two")),
     f"PersistentVolume volume-1 of claim {CLAIM} can be used on node two, which is not Ready and may return "
     "with the journal: bring it back; only if it is lost for good, run: kubectl taint nodes two "
     f"{OUT_OF_SERVICE}=nodeshutdown:NoExecute"),
    (place(pod(), [node("one")], True, claim(volume_name=None)),
     f"pod {NAME} does not run and has no journal (not scheduled: full): make it run"),
    (place(None, [node("one")], False),
     f"pod {NAME} does not run and has no journal (it does not exist yet): make it run"),
], ids=["not-ready", "runs", "pending", "another-node-has-the-volume", "unbound", "no-pod"])
def test_refusal(observed, refusal):
    assert lost_claim.reason(observed) == ""
    assert lost_claim.refusal(observed) == refusal
