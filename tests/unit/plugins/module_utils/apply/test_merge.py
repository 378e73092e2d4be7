# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the three-way merge, one row each: what was asked for last, what is live, what is wished."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import (
    Change,
    changed_fields,
    merge,
    same_scalar,
)
from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge_patch import merge_patch

LEVEL = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95"}
# What alluxioruntime-controller adds to each level when it writes a runtime back.
FILLED = {"volumeType": "hostPath", "volumeSource": {}}
WEB = {"mountPoint": "https://host/a/", "name": "a"}
BUCKET = {"mountPoint": "s3://bucket/", "path": "/b", "options": {"endpoint": "https://s3"}}


def secret(name):
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": "keys", "key": name}}}


def levels(*each):
    return {"tieredstore": {"levels": list(each)}}


def outcome(last, existing, desired):
    merged = merge({"spec": last}, {"spec": existing}, {"spec": desired})
    assert merged.target.keys() == {"spec"}
    return merged.target["spec"], [(str(change), change.removed) for change in merged.changes]


@pytest.mark.parametrize(("existing", "desired"), [
    pytest.param({"placement": "Shared"}, {"placement": "Shared"}, id="equal-scalar"),
    pytest.param({"replicas": 2, "master": {"replicas": 3}}, {"master": {"replicas": 3}},
                 id="foreign-field-beside-ours"),
    pytest.param({}, {"disablePrometheus": False}, id="missing-equals-false"),
    pytest.param({"accessModes": ["ReadOnlyMany", "ReadWriteMany"]},
                 {"accessModes": ["ReadWriteMany", "ReadOnlyMany"]}, id="order-of-access-modes"),
    pytest.param({"tolerations": [{"key": "a"}, {"key": "b"}]}, {"tolerations": [{"key": "b"}, {"key": "a"}]},
                 id="order-of-tolerations"),
    pytest.param({"imagePullSecrets": [{"name": "a"}, {"name": "b"}]},
                 {"imagePullSecrets": [{"name": "b"}, {"name": "a"}]}, id="order-of-pull-secrets"),
    pytest.param({"mounts": [{**WEB, "encryptOptions": [secret("id"), secret("key")]}]},
                 {"mounts": [{**WEB, "encryptOptions": [secret("key"), secret("id")]}]},
                 id="order-of-encrypted-options"),
    pytest.param({"sharedEncryptOptions": [secret("id"), secret("key")]},
                 {"sharedEncryptOptions": [secret("key"), secret("id")]}, id="order-of-shared-secrets"),
    pytest.param({}, {"hadoopConfig": ""}, id="missing-equals-empty-text"),
    pytest.param({}, {"runAs": {"uid": 0}}, id="missing-equals-struct-of-zeros"),
    pytest.param({}, {"jvmOptions": []}, id="missing-equals-empty-list"),
    pytest.param({"alluxioVersion": {}}, {"alluxioVersion": {"image": ""}},
                 id="empty-struct-equals-empty-field"),
    pytest.param({"fuse": None}, {"fuse": {}}, id="null-equals-empty-struct"),
    pytest.param({}, {"master": {"resources": {}}}, id="missing-equals-nested-empty-structs"),
    pytest.param({"master": {"resources": {"limits": {"memory": "2Gi"}}}},
                 {"master": {"resources": {"limits": {"memory": "2048Mi"}}}},
                 id="quantity-written-otherwise"),
    pytest.param({"worker": {"resources": {"requests": {"cpu": "500m"}}}},
                 {"worker": {"resources": {"requests": {"cpu": "0.5"}}}}, id="quantity-as-fraction"),
    pytest.param(levels({**LEVEL, **FILLED}), levels(LEVEL), id="level-filled-in-by-fluid"),
    pytest.param(levels({**LEVEL, "quota": "2048Mi", **FILLED}), levels(LEVEL),
                 id="level-quota-written-otherwise"),
    pytest.param({"mounts": [{**WEB, "readOnly": True}, BUCKET]}, {"mounts": [WEB, BUCKET]},
                 id="mount-with-foreign-field"),
    pytest.param({"mounts": [WEB]}, {"mounts": [{**WEB, "readOnly": False}]},
                 id="mount-missing-equals-false"),
    pytest.param({"options": {"a": "1"}}, {"options": {}}, id="empty-map-asks-for-nothing"),
    pytest.param({"tolerations": [{"key": "a", "theirs": "x"}]}, {"tolerations": [{"key": "a"}]},
                 id="element-without-a-name"),
    pytest.param({"replicas": 2.0}, {"replicas": 2}, id="integer-equals-float"),
    pytest.param({"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}]},
                 {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}]}, id="size-limit"),
    pytest.param({"volumes": [{"name": "a", "emptyDir": {}}]}, {"volumes": [{"name": "a", "emptyDir": {}}]},
                 id="empty-dir"),
])
def test_unchanged(existing, desired):
    assert outcome({}, existing, desired) == (existing, [])


@pytest.mark.parametrize(("existing", "desired", "changed"), [
    ({}, {"management": {"metadataSyncPolicy": {"autoSync": False}}},
     "spec.management.metadataSyncPolicy.autoSync"),
    ({"management": {}}, {"management": {"cleanCachePolicy": {"gracePeriodSeconds": 0}}},
     "spec.management.cleanCachePolicy.gracePeriodSeconds"),
    ({}, {"management": {"cleanCachePolicy": {"maxRetryAttempts": 0}}},
     "spec.management.cleanCachePolicy.maxRetryAttempts"),
    ({"tolerations": [{"operator": "Exists"}]},
     {"tolerations": [{"operator": "Exists", "tolerationSeconds": 0}]}, "spec.tolerations"),
    ({"volumes": [{"name": "a"}]}, {"volumes": [{"name": "a", "emptyDir": {}}]}, "spec.volumes"),
    (levels(LEVEL), levels({**LEVEL, "volumeSource": {"emptyDir": {}}}), "spec.tieredstore.levels"),
], ids=["auto-sync", "grace-period", "attempts", "toleration-seconds", "empty-dir", "empty-dir-of-a-tier"])
def test_an_empty_value_counts_where_a_missing_one_has_another_meaning(existing, desired, changed):
    target, changes = outcome({}, existing, desired)
    assert changes == [(changed, False)]
    assert outcome(desired, target, desired) == (target, [])


@pytest.mark.parametrize(("existing", "desired", "target", "changed"), [
    pytest.param({"replicas": 1}, {"replicas": 2}, {"replicas": 2}, ["spec.replicas"], id="scalar"),
    pytest.param({"a": "x"}, {"b": "y"}, {"a": "x", "b": "y"}, ["spec.b"], id="new-field"),
    pytest.param({"readOnly": True}, {"readOnly": False}, {"readOnly": False}, ["spec.readOnly"],
                 id="true-to-false"),
    pytest.param({"hadoopConfig": "x"}, {"hadoopConfig": ""}, {"hadoopConfig": ""}, ["spec.hadoopConfig"],
                 id="text-to-empty"),
    pytest.param({"placement": "1"}, {"placement": 1}, {"placement": 1}, ["spec.placement"],
                 id="text-is-not-a-number"),
    pytest.param({"shared": 1}, {"shared": True}, {"shared": True}, ["spec.shared"], id="number-is-not-true"),
    pytest.param({"owner": "x"}, {"owner": {"uid": 5}}, {"owner": {"uid": 5}}, ["spec.owner.uid"],
                 id="scalar-to-struct"),
    pytest.param({"master": {"image": "a", "replicas": 3}}, {"master": {"image": "b"}},
                 {"master": {"image": "b", "replicas": 3}}, ["spec.master.image"], id="nested-field"),
    pytest.param({"properties": {"a": "1"}}, {"properties": {"a": "2", "b": ""}},
                 {"properties": {"a": "2", "b": ""}},
                 ["spec.properties.a", "spec.properties.b"], id="free-map-key-with-empty-value"),
    pytest.param({}, {"properties": {"a": ""}}, {"properties": {"a": ""}}, ["spec.properties.a"],
                 id="free-map-of-one-empty-value"),
    pytest.param({"quota": "2Gi"}, {"quota": "3Gi"}, {"quota": "3Gi"}, ["spec.quota"],
                 id="quantity-of-another-size"),
    pytest.param({"tieredstore": {"levels": [{**LEVEL, **FILLED}]}}, levels({**LEVEL, "quota": "4Gi"}),
                 levels({**LEVEL, "quota": "4Gi", **FILLED}), ["spec.tieredstore.levels"],
                 id="level-keeps-what-fluid-filled-in"),
    pytest.param({"mounts": [BUCKET]}, {"mounts": [WEB, BUCKET]}, {"mounts": [WEB, BUCKET]}, ["spec.mounts"],
                 id="list-element-added-in-front"),
    pytest.param({"mounts": [WEB, BUCKET]}, {"mounts": [BUCKET]}, {"mounts": [BUCKET]}, ["spec.mounts"],
                 id="list-element-gone"),
    pytest.param({"mounts": [{**WEB, "readOnly": True}, BUCKET]}, {"mounts": [BUCKET, WEB]},
                 {"mounts": [BUCKET, {**WEB, "readOnly": True}]}, ["spec.mounts"],
                 id="list-element-keeps-its-fields-when-moved"),
    pytest.param({"mounts": [WEB, {**WEB, "path": "/x", "readOnly": True}]},
                 {"mounts": [{**WEB, "path": "/x"}]},
                 {"mounts": [{**WEB, "path": "/x", "readOnly": True}]}, ["spec.mounts"],
                 id="list-element-named-by-two-fields"),
    pytest.param({"mounts": [{**WEB, "readOnly": True}]},
                 {"mounts": [{**WEB, "mountPoint": "https://host/b/"}]},
                 {"mounts": [{**WEB, "mountPoint": "https://host/b/"}]}, ["spec.mounts"],
                 id="another-element-inherits-nothing"),
    pytest.param({"tolerations": [{"key": "a", "operator": "Exists"}]},
                 {"tolerations": [{"key": "b", "value": "x"}]},
                 {"tolerations": [{"key": "b", "value": "x"}]}, ["spec.tolerations"],
                 id="element-without-a-name-inherits-nothing"),
    pytest.param({"accessModes": ["ReadOnlyMany"]}, {"accessModes": ["ReadWriteMany"]},
                 {"accessModes": ["ReadWriteMany"]},
                 ["spec.accessModes"], id="list-of-text"),
    pytest.param({"accessModes": "ReadOnlyMany"}, {"accessModes": ["ReadOnlyMany"]},
                 {"accessModes": ["ReadOnlyMany"]},
                 ["spec.accessModes"], id="list-in-place-of-text"),
    pytest.param({"tolerations": [{"key": "a"}, {"key": "a"}]}, {"tolerations": [{"key": "a"}, {"key": "b"}]},
                 {"tolerations": [{"key": "a"}, {"key": "b"}]}, ["spec.tolerations"],
                 id="another-toleration"),
    pytest.param({"mounts": [WEB, BUCKET]}, {"mounts": [BUCKET, WEB]},
                 {"mounts": [BUCKET, WEB]}, ["spec.mounts"],
                 id="order-of-mounts"),
])
def test_changed(existing, desired, target, changed):
    assert outcome({}, existing, desired) == (target, [(path, False) for path in changed])


@pytest.mark.parametrize(("last", "existing", "desired", "target", "removed"), [
    pytest.param({"placement": "Shared"}, {"placement": "Shared"}, {}, {}, ["spec.placement"], id="option"),
    pytest.param({"owner": {"uid": 1, "user": "u"}}, {"owner": {"uid": 1, "user": "u"}}, {}, {},
                 ["spec.owner.uid", "spec.owner.user"], id="struct"),
    pytest.param({"owner": {"uid": 1}}, {"owner": {"uid": 1, "user": "theirs"}}, {},
                 {"owner": {"user": "theirs"}},
                 ["spec.owner.uid"], id="struct-with-foreign-field"),
    pytest.param({"properties": {"a": "1", "b": "2"}}, {"properties": {"a": "1", "b": "2", "c": "3"}},
                 {"properties": {"a": "1"}}, {"properties": {"a": "1", "c": "3"}}, ["spec.properties.b"],
                 id="map-key"),
    pytest.param({"master": {"resources": {"limits": {"cpu": "1"}}}},
                 {"master": {"resources": {"limits": {"cpu": "1000m"}}, "replicas": 3}}, {},
                 {"master": {"replicas": 3}}, ["spec.master.resources.limits.cpu"],
                 id="quantity-written-otherwise"),
    pytest.param(levels(LEVEL), levels({**LEVEL, **FILLED}), {}, {}, ["spec.tieredstore.levels"],
                 id="list-filled-in-by-fluid"),
    pytest.param({"accessModes": ["ReadOnlyMany"]}, {"accessModes": ["ReadOnlyMany"]}, {}, {},
                 ["spec.accessModes"], id="list"),
    pytest.param({"disablePrometheus": False}, {}, {}, {}, [], id="gone-already"),
    pytest.param({"placement": "Shared"}, {"placement": "Exclusive"}, {}, {"placement": "Exclusive"}, [],
                 id="changed-by-others-since"),
    pytest.param({"accessModes": ["ReadOnlyMany"]}, {"accessModes": ["ReadOnlyMany", "ReadWriteOnce"]}, {},
                 {"accessModes": ["ReadOnlyMany", "ReadWriteOnce"]}, [], id="list-changed-by-others-since"),
    pytest.param({"properties": {"a": "1"}}, {"properties": "odd"}, {}, {"properties": "odd"}, [],
                 id="of-another-shape"),
])
def test_removed(last, existing, desired, target, removed):
    assert outcome(last, existing, desired) == (target, [(path, True) for path in removed])


@pytest.mark.parametrize(("last", "existing", "desired", "target"), [
    pytest.param([{**WEB, "readOnly": True}], [{**WEB, "readOnly": True}], [WEB], [WEB],
                 id="field-of-an-element"),
    pytest.param([{**BUCKET, "options": {"endpoint": "https://s3", "region": "x"}}],
                 [{**BUCKET, "options": {"endpoint": "https://s3", "region": "x", "theirs": "y"}}], [BUCKET],
                 [{**BUCKET, "options": {"endpoint": "https://s3", "theirs": "y"}}],
                 id="map-key-of-an-element"),
    pytest.param([{**WEB, "readOnly": True}, BUCKET], [{**WEB, "readOnly": True}, BUCKET], [BUCKET, WEB],
                 [BUCKET, WEB],
                 id="field-of-an-element-that-moved"),
])
def test_what_an_element_of_a_list_no_longer_asks_for_is_removed(last, existing, desired, target):
    assert outcome({"mounts": last}, {"mounts": existing}, {"mounts": desired}) == (
        {"mounts": target}, [("spec.mounts", False)])


def test_without_a_record_nothing_is_removed():
    existing = {"metadata": {"labels": {"theirs": "x"}}, "spec": {"placement": "Shared"}}
    assert merge({}, existing, {"metadata": {}, "spec": {}}) == merge({}, existing, {})
    assert merge({}, existing, {}).target == existing


def test_the_inputs_stay_as_they_are():
    last, existing, desired = {"spec": {"a": {"b": 1, "c": 2}}}, {"spec": {"a": {
        "b": 1, "c": 2, "d": 3}}}, {"spec": {"a": {"b": 5}}}
    assert merge(last, existing, desired).target == {"spec": {"a": {"b": 5, "d": 3}}}
    assert (last, existing, desired) == (
        {"spec": {"a": {"b": 1, "c": 2}}}, {"spec": {"a": {"b": 1, "c": 2, "d": 3}}},
        {"spec": {"a": {"b": 5}}})


@pytest.mark.parametrize(("path", "one", "other", "same"), [
    pytest.param(("spec", "quota"), "1Gi", "1024Mi", True, id="quota"),
    pytest.param(("resources", "limits", "cpu"), "1", 1, True, id="number-as-quantity"),
    pytest.param(("resources", "limits", "cpu"), "lots", "1", False, id="no-quantity"),
    pytest.param(("spec", "name"), "1Gi", "1024Mi", False, id="same-text-only-elsewhere"),
    pytest.param(("spec", "x"), 1, 1.0, True, id="integer-and-float"),
    pytest.param(("spec", "x"), True, 1, False, id="true-is-not-one"),
    pytest.param(("spec", "x"), 0, False, False, id="zero-is-not-false"),
    pytest.param(("spec", "x"), "a", None, False, id="text-and-null"),
])
def test_same_scalar(path, one, other, same):
    assert same_scalar(path, one, other) is same
    assert same_scalar(path, other, one) is same


@pytest.mark.parametrize(("existing", "target", "patch"), [
    pytest.param({"a": 1}, {"a": 1}, {}, id="equal"),
    pytest.param({"a": 1}, {"a": 2}, {"a": 2}, id="changed"),
    pytest.param({"a": 1, "b": 2}, {"b": 2}, {"a": None}, id="removed"),
    pytest.param({}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="added-struct"),
    pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}, id="nested"),
    pytest.param({"a": {"b": 1}}, {"a": {}}, {"a": {"b": None}}, id="emptied-struct"),
    pytest.param({"a": [1, 2]}, {"a": [2]}, {"a": [2]}, id="list-as-a-whole"),
    pytest.param({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="list-to-struct"),
    pytest.param({"a": {"b": 1}}, {"a": "x"}, {"a": "x"}, id="struct-to-text"),
])
def test_merge_patch(existing, target, patch):
    assert merge_patch(existing, target) == patch


def test_changed_fields_are_those_of_the_changes_only():
    before = {"spec": {"replicas": 1, "placement": "Shared", "owner": {"uid": 1, "user": "u"}},
              "status": {"phase": "Bound"}}
    after = {"spec": {"replicas": 2, "owner": {"user": "u"}, "mounts": [WEB]}}
    changes = (Change(("spec", "replicas")), Change(("spec", "placement"), removed=True),
               Change(("spec", "owner", "uid"), removed=True), Change(("spec", "mounts")))
    assert changed_fields(before, after, changes) == {
        "before": {"spec": {"replicas": 1, "placement": "Shared", "owner": {"uid": 1}}},
        "after": {"spec": {"replicas": 2, "mounts": [WEB]}}}


def test_changed_fields_hide_credentials():
    mounts = [{**BUCKET, "options": {"aws.secretKey": "abc", "endpoint": "https://s3"}}]
    shown = changed_fields({}, {"spec": {"mounts": mounts}}, (Change(("spec", "mounts")),))
    assert shown["after"]["spec"]["mounts"][0]["options"] == {
        "aws.secretKey": "VALUE_HIDDEN", "endpoint": "https://s3"}


@pytest.mark.parametrize(("existing", "desired", "changes"), [
    ({}, {"networkMode": "HostNetwork"}, []),
    ({"resources": {}}, {"networkMode": "HostNetwork"}, []),
    ({}, {"networkMode": "ContainerNetwork"}, ["spec.master.networkMode"]),
    ({"networkMode": "ContainerNetwork"}, {"networkMode": "HostNetwork"}, ["spec.master.networkMode"]),
    ({}, {"replicas": 1}, []),
    ({}, {"replicas": 3}, ["spec.master.replicas"]),
    ({"replicas": 3}, {"replicas": 1}, ["spec.master.replicas"]),
])
def test_the_default_of_fluid_equals_a_missing_field(existing, desired, changes):
    merged = merge({}, {"spec": {"master": existing}}, {"spec": {"master": desired}})
    assert [str(change) for change in merged.changes] == changes


def test_no_worker_is_no_default():
    assert [str(change) for change in merge({}, {"spec": {}}, {"spec": {"replicas": 1}}).changes] == [
        "spec.replicas"]
    assert merge({}, {"spec": {}}, {"spec": {"replicas": 0}}).changes == ()
