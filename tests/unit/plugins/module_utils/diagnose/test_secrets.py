# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that are planted wherever a cache can hold them occur in neither result nor archive."""

import json
import re

import pytest
from broken_cache import RECENT
from fake_raft import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.diagnose import sanitize
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.redaction import HIDDEN

PLANTED = "planted/Key+{}="
KEYS = [PLANTED.format(number) for number in range(20)]
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@pytest.fixture
def planted(cache):
    """A cache with credentials in all places but Secrets; its first worker fails, and quotes one."""
    key = iter(KEYS)
    cache.cluster.change(fluid_kinds.DATASET, "hbase", NAMESPACE, {
        "metadata": {"annotations": {APPLIED: json.dumps({"spec": {"aws.secretKey": next(key)}}),
                                     "team/api-token": next(key)}},
        "spec": {"sharedOptions": {"aws.accessKeyId": "AKIAIOSFODNN7EXAMPLE", "fs.azure.sas.box": next(key)},
                 "mounts": [{"mountPoint": f"https://u:{next(key).replace('/', '%2F')}@mirrors.example.org/",
                             "name": "hbase", "options": {"aws.secretKey": KEYS[4], "endpoint": "http://s3.example.org"}}]}})
    cache.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, {"spec": {
        "properties": {"alluxio.security.password": KEYS[5]},
        "jvmOptions": [f"-Dfs.secret.key={KEYS[6]}"]}})
    cache.change_pod("hbase-worker-0", spec={"containers": [{
        "name": "alluxio-worker", "args": ["--secret-key", KEYS[7], f"--password={KEYS[8]}"],
        "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": KEYS[9]},
                {"name": "JAVA_OPTS", "value": f"-Xmx1g -Daws.secretKey={KEYS[10]}"}]}]})
    cache.unready("hbase-worker-0", restarts=1, state={"waiting": {
        "reason": "CrashLoopBackOff", "message": f"back-off, token={KEYS[11]}"}})
    cache.cluster.put(kinds.SECRET, {"metadata": {"name": "keys", "namespace": NAMESPACE},
                                     "data": {"key": KEYS[12]}})
    cache.event("AlluxioRuntime", "hbase", "ErrorProcessRuntime",
                f"+ alluxio fs mount /hbase s3://box --option aws.secretKey={KEYS[13]} "
                f"Connection refused by mirrors.example.org")
    cache.log("hbase-worker-0", previous=True, container="alluxio-worker", text="\n".join([
        f"2026-11-23 11:59:30,100 INFO  start -Dfs.s3a.secret.key={KEYS[14]} -Xmx1g",
        f'{{"password": "{KEYS[15]}", "user": "x"}}', f"Authorization: Bearer {KEYS[16]}",
        f"using {KEYS[4]} of the mount", f"secret = '{KEYS[17]} with spaces'",
        f"GET /box?X-Amz-Signature={KEYS[18]}", f"failed with Access Key: {KEYS[19]}"]))
    cache.log("hbase-worker-0", "", container="alluxio-worker", when=RECENT)
    return cache


def test_no_planted_credential_is_returned_or_archived(planted, diagnose):
    result = diagnose(path="/tmp/any")
    assert {each["cause"] for each in result["causes"]} == {"container_fails", "under_store_unreachable"}
    text = json.dumps(result)
    assert re.findall(".{60}planted.{20}", text) == []
    assert "AKIA" not in text
    assert text.count(HIDDEN) > 2 * len(KEYS) - 10
    assert "aws.secretKey" in result["files"]["objects/cache/dataset-hbase.json"]


def test_a_long_log_begins_with_a_whole_line(cache, diagnose):
    """The rest of a line that was cut has no key by which its credential is known."""
    line, ends = f"start aws.secretKey={'planted' * 50}", "x" * (256 * 1024 - 200)
    cache.unready("hbase-worker-0", restarts=1)
    cache.cluster.logs["hbase-worker-0", "alluxio-worker", True] = f"{line}\n{ends}\n"
    files = diagnose(path="/tmp/any")["files"]
    assert files["logs/hbase-worker-0/alluxio-worker.previous.log"] == ends + "\n"


def test_secrets_and_config_maps_are_not_read(planted, diagnose, cluster):
    diagnose(path="/tmp/any")
    assert not {"secrets", "configmaps"} & {plural for _verb, plural in cluster.requests}


@pytest.mark.parametrize(("tree", "shown"), [
    ({"secretName": "keys", "secretKeyRef": {"name": "keys", "key": "a"}},
     {"secretName": "keys", "secretKeyRef": {"name": "keys", "key": "a"}}),
    ({"name": "DB_PASSWORD", "value": "x"}, {"name": "DB_PASSWORD", "value": HIDDEN}),
    ({"name": "aws.secretKey", "valueFrom": {"secretKeyRef": {"name": "keys"}}},
     {"name": "aws.secretKey", "valueFrom": {"secretKeyRef": {"name": "keys"}}}),
    (["--token", "abc", "run"], ["--token", HIDDEN, "run"]),
    ({"metadata": {"managedFields": [1], "annotations": {APPLIED: "{}", "datacache.fluid/last-applied": "{}",
                                                         "kept": "1"}}},
     {"metadata": {"annotations": {"kept": "1"}}}),
    ({"replicas": 3, "ready": True, "token": None}, {"replicas": 3, "ready": True, "token": None}),
], ids=["references", "variable", "encrypted option", "flag", "records", "other types"])
def test_a_tree_keeps_all_but_credentials(tree, shown):
    assert sanitize.clean(tree) == shown


def test_a_short_value_is_hidden_in_its_place_only():
    tree = {"options": {"token": "true"}, "readOnly": "true"}
    assert sanitize.secrets_of(tree) == set()
    assert sanitize.clean(tree) == {"options": {"token": HIDDEN}, "readOnly": "true"}
