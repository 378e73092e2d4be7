# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.data_operations import rules

NAMED = {"name": "warm", "namespace": "data"}
SCRIPT = {"source": "true", "image": "busybox", "image_tag": "1"}
LOAD = {**NAMED, "dataset": "hbase"}
PROCESS = {**LOAD, "mount_path": "/data", "script": SCRIPT}
DATASET, BUCKET = {"dataset": {"name": "a"}}, {"external_storage": {"uri": "s3://b/"}}
MIGRATION = {**NAMED, "from": DATASET, "to": BUCKET}
POD = {"restartPolicy": "Never", "containers": [{"name": "c"}]}


@pytest.mark.parametrize(("check", "options"), [
    (rules.require_valid_load, LOAD),
    (rules.require_valid_load, {**LOAD, "name": "n" * 46, "target": [{"path": "/", "replicas": 1}]}),
    (rules.require_valid_load, {**LOAD, "policy": "Cron", "schedule": "0 3 * * *"}),
    (rules.require_valid_load, {**LOAD, "restarted_after": "2026-11-24T18:00:00Z",
                                "ttl_seconds_after_finished": 0}),
    (rules.require_valid_migration, MIGRATION),
    (rules.require_valid_migration, {
        **MIGRATION, "parallelism": 2, "parallel_options": {"sshSecretName": "key"}}),
    (rules.require_valid_process, PROCESS),
    (rules.require_valid_process, {**PROCESS, "script": None, "pod_spec": POD, "sub_path": "a/b"}),
])
def test_valid(check, options):
    check(options)


@pytest.mark.parametrize(("changed", "message"), [
    ({"name": "n" * 47}, "expected at most 46"), ({"name": "A"}, "is not a DNS-1123 subdomain"),
    ({"dataset": "A"}, "dataset 'A'"),
    ({"target": [{"path": "data"}]}, "target[0].path is 'data', which is relative"),
    ({"target": [{"path": "/a/"}]}, "without a '/' at its end"),
    ({"target": [{"path": "/a b"}]}, "with the character ' '"),
    ({"target": [{"path": "/a:b"}]}, "with the character ':'"),
    ({"target": [{"path": "/*"}]}, "with the character '*'"),
    ({"target": [{"path": "/$(A)"}]}, "with the character '$'"),
    ({"target": [{"path": "/a"}, {"path": "/a"}]}, "target[1].path is '/a', which is in the list twice"),
    ({"target": [{"path": "/a", "replicas": 0}]}, "target[0].replicas is 0"),
    ({"policy": "OnEvent"}, "does not implement"),
    ({"policy": "Cron"}, "policy is Cron without a schedule"),
    ({"policy": "Cron", "schedule": "daily"}, "expected the five fields"),
    ({"schedule": "0 3 * * *"}, "schedule is given with policy Once"),
    ({"policy": "Once", "schedule": "0 3 * * *"}, "schedule is given with policy Once"),
    ({"policy": "Cron", "schedule": "0 3 * * *", "restarted_after": "2026-11-24T18:00:00Z"},
     "restarted_after is given with policy Cron"),
    ({"policy": "Cron", "schedule": "0 3 * * *", "ttl_seconds_after_finished": 1},
     "ttl_seconds_after_finished is given with policy Cron"),
    ({"restarted_after": "today"}, "restarted_after is 'today'"),
    ({"ttl_seconds_after_finished": -1}, "ttl_seconds_after_finished is -1"),
    ({"node_selector": {"a": {"b": 1}}}, "node_selector.a is a mapping"),
])
def test_refused_loads(changed, message):
    with pytest.raises(InvalidInput) as refused:
        rules.require_valid_load({**LOAD, **changed})
    assert message in str(refused.value)


@pytest.mark.parametrize(("changed", "message"), [
    ({"from": {}}, "from has neither dataset nor external_storage"),
    ({"to": {**DATASET, **BUCKET}}, "to has dataset and external_storage"),
    ({"from": BUCKET}, "neither from.dataset nor to.dataset"),
    *[({"from": {"external_storage": {"uri": uri}}}, "from.external_storage.uri has the character ")
      for uri in ("s3://b/$(id)", "s3://b/;id", "s3://b/%3Bid", "s3://b/a+b")],
    ({"to": {"dataset": {"name": "a", "path": "/a`id`"}}}, "to.dataset.path has the character '`'"),
    *[({"from": {"external_storage": {"uri": "s3://b/", "encrypt_options": [
        {"name": "token", "secret_name": "s", "secret_key": "k", **wrong}]}}}, message)
      for wrong, message in (({"secret_name": "My S"}, "secret_name of from.external_storage.encrypt_opt"),
                             ({"secret_key": "a/b"}, "secret_key of from.external_storage.encrypt_opt"))],
    ({"parallelism": 2}, "without parallel_options.sshSecretName"), ({"parallelism": 0}, "parallelism is 0"),
    ({"name": "n" * 46}, "expected at most 45"),
])
def test_refused_migrations(changed, message):
    with pytest.raises(InvalidInput) as refused:
        rules.require_valid_migration({**MIGRATION, **changed})
    assert message in str(refused.value)


@pytest.mark.parametrize(("changed", "message"), [
    ({"script": None}, "the processor has neither script nor pod_spec"),
    ({"pod_spec": POD}, "the processor has script and pod_spec"),
    ({"mount_path": "data"}, "mount_path is 'data', which is relative"),
    ({"sub_path": "/a"}, "sub_path is '/a'"), ({"sub_path": "a/../b"}, "sub_path is 'a/../b'"),
    ({"script": {**SCRIPT, "source": " "}}, "script.source is empty"),
    ({"script": {**SCRIPT, "image": None}}, "script.image is not given"),
    ({"script": {**SCRIPT, "image_tag": None}}, "script.image_tag is not given"),
    ({"script": {**SCRIPT, "volumes": [{"name": "script-cm-vol"}]}}, "script.volumes[0] has the name"),
    ({"script": {**SCRIPT, "volume_mounts": [{"mountPath": "/data/"}]}}, "script.volume_mounts[0] has the"),
    ({"script": None, "pod_spec": {"containers": [{}]}}, "pod_spec.restartPolicy is 'Always'"),
    ({"script": None, "pod_spec": {"restartPolicy": "Never"}}, "pod_spec has no containers"),
    ({"script": None, "pod_spec": {**POD, "initContainers": [{"volumeMounts": [{"mountPath": "/data"}]}]}},
     "pod_spec.initContainers[0].volumeMounts[0]"),
])
def test_refused_processes(changed, message):
    with pytest.raises(InvalidInput) as refused:
        rules.require_valid_process({**PROCESS, **changed})
    assert message in str(refused.value)
