# SPDX-License-Identifier: GPL-3.0-or-later
"""Which claims get a volume, and which volumes are removed."""

import pytest
from labctl import volumes


def claim(chosen="node2", **spec):
    return {"metadata": {"name": "journal", "namespace": "data", "uid": "u1",
                         "annotations": {"volume.kubernetes.io/selected-node": chosen} if chosen else {}},
            "spec": {"storageClassName": volumes.CLASS, "accessModes": ["ReadWriteOnce"],
                     "resources": {"requests": {"storage": "1Gi"}}, **spec}}


def test_a_volume_belongs_to_the_node_of_the_pod_and_to_its_claim():
    volume = volumes.volume_of(claim())
    terms = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"]
    assert terms[0]["matchExpressions"][0]["values"] == ["node2"]
    assert volume["spec"]["claimRef"]["uid"] == "u1"
    assert volume["spec"]["capacity"] == {"storage": "1Gi"}


@pytest.mark.parametrize("other", [
    claim(chosen=""), claim(storageClassName="other"), claim(volumeName="has-one"),
    {**claim(), "metadata": {**claim()["metadata"], "deletionTimestamp": "2026-11-26T12:00:00Z"}},
], ids=["no pod yet", "another class", "bound", "terminating"])
def test_other_claims_get_none(other):
    assert volumes.volume_of(other) is None


@pytest.mark.parametrize(("phase", "expected"), [("Released", True), ("Failed", True), ("Bound", False)])
def test_released_volumes_are_removed(phase, expected):
    volume = {"spec": {"storageClassName": volumes.CLASS}, "status": {"phase": phase}}
    assert volumes.is_released(volume) is expected
    assert not volumes.is_released({**volume, "spec": {"storageClassName": "fluid"}})


def test_the_class_is_the_default_and_waits_for_the_pod():
    made = volumes.storage_class()
    assert made["metadata"]["annotations"] == {"storageclass.kubernetes.io/is-default-class": "true"}
    assert made["volumeBindingMode"] == "WaitForFirstConsumer"
