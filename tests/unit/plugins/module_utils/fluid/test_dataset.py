# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import dataset
from ansible_collections.datacache.fluid.plugins.module_utils.redaction import secrets_within

WEB = {"mount_point": "https://host/path/", "name": "web"}


def params(**given):
    return {"name": "hbase", "namespace": "data", **given}


def spec(**given):
    return dataset.manifest(params(**given))["spec"]


@pytest.mark.parametrize("point", [
    "https://host/path/", "s3://bucket/path", "local:///data", "dataset://data/other",
    "hdfs://namenode:8020/", "pvc://claim/sub",
])
def test_mount_points_with_a_scheme_pass(point):
    dataset.require_valid(params(mounts=[{"mount_point": point}]))


@pytest.mark.parametrize(("given", "message"), [
    pytest.param({"name": "HBase"}, "Dataset name 'HBase' is not a DNS-1035 label", id="name"),
    pytest.param({"namespace": "My_Team"}, "namespace 'My_Team' is not a DNS-1123 label", id="namespace"),
    pytest.param({"mounts": [{"mount_point": "bucket/path"}]},
                 "mount_point 'bucket/path' is not a URL with a lower-case scheme: expected for example "
                 "https://host/path/", id="no-scheme"),
    pytest.param({"mounts": [{"mount_point": "/data"}]},
                 "mount_point '/data' is not a URL with a lower-case scheme", id="a-path"),
    pytest.param({"mounts": [{"mount_point": "1s3://x"}]},
                 "mount_point '1s3://x' is not a URL with a lower-case scheme", id="no-scheme-of-rfc-3986"),
    pytest.param({"mounts": [{"mount_point": "S3://x"}]},
                 "mount_point 'S3://x' is not a URL with a lower-case scheme", id="upper-case-scheme"),
    pytest.param({"mounts": [{"mount_point": "s3://"}]}, "mount_point 's3://' is not a URL",
                 id="nothing-after-the-scheme"),
    pytest.param({"mounts": [WEB, {**WEB, "mount_point": "s3://b/"}]},
                 "two mounts have the path /web: give each mount its own name or path",
                 id="two-of-one-name"),
    pytest.param({"mounts": [WEB, {"mount_point": "s3://b/", "path": "/web"}]},
                 "two mounts have the path /web",
                 id="name-and-path-meet"),
    pytest.param({"mounts": [{"mount_point": "s3://a/"}, {"mount_point": "s3://b/"}]},
                 "two mounts have the path /",
                 id="two-without-a-name"),
])
def test_refused(given, message):
    with pytest.raises(InvalidInput) as refused:
        dataset.require_valid(params(**given))
    assert str(refused.value).startswith(message)


def test_a_minimal_manifest_asks_for_nothing():
    assert dataset.manifest(params()) == {
        "apiVersion": "data.fluid.io/v1alpha1", "kind": "Dataset",
        "metadata": {"name": "hbase", "namespace": "data"}, "spec": {}}


@pytest.mark.parametrize(("given", "desired"), [
    pytest.param({"mounts": [{**WEB, "path": "/w", "read_only": True, "shared": False}]},
                 {"mounts": [{"mountPoint": "https://host/path/", "name": "web", "path": "/w",
                              "readOnly": True, "shared": False}]},
                 id="mount"),
    pytest.param({"mounts": [{**WEB, "options": {"anonymous": True, "retries": 3}}]},
                 {"mounts": [{"mountPoint": "https://host/path/", "name": "web",
                              "options": {"anonymous": "true", "retries": "3"}}]},
                 id="mount-options-as-text"),
    pytest.param({"mounts": [{**WEB,
                              "encrypt_options": [{"name": "aws.secretKey", "secret_name": "s3",
                                                   "secret_key": "key"}]}]},
                 {"mounts": [{"mountPoint": "https://host/path/", "name": "web", "encryptOptions": [
                     {"name": "aws.secretKey",
                      "valueFrom": {"secretKeyRef": {"name": "s3", "key": "key"}}}]}]},
                 id="mount-options-from-a-secret"),
    pytest.param({"mounts": []}, {"mounts": []}, id="no-mounts"),
    pytest.param({"shared_options": {"a": 1},
                  "shared_encrypt_options": [{"name": "n", "secret_name": "s", "secret_key": "k"}]},
                 {"sharedOptions": {"a": "1"},
                  "sharedEncryptOptions": [{"name": "n",
                                            "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
                 id="shared-options"),
    pytest.param({"owner": {"uid": 0, "gid": 5, "user": "root", "group": "g"}},
                 {"owner": {"uid": 0, "gid": 5, "user": "root", "group": "g"}}, id="owner"),
    pytest.param({"node_affinity": {"nodeSelectorTerms": []}},
                 {"nodeAffinity": {"required": {"nodeSelectorTerms": []}}},
                 id="node-affinity"),
    pytest.param({"tolerations": [{"operator": "Exists"}], "access_modes": ["ReadOnlyMany"],
                  "placement": "Shared"},
                 {"tolerations": [{"operator": "Exists"}], "accessModes": ["ReadOnlyMany"],
                  "placement": "Shared"}, id="the-rest"),
])
def test_manifest(given, desired):
    assert spec(**given) == desired


def test_sensitive_values_are_those_whose_key_says_so():
    mounts = [{**WEB, "options": {"aws.secretKey": "abcdef", "region": "somewhere", "password": ""}},
              {**WEB, "options": None}]
    assert sorted(secrets_within(params(mounts=mounts, shared_options={"api.token": 1234567}))) == [
        "1234567", "abcdef"]
    assert secrets_within(params()) == []


def test_the_password_of_a_mount_point_is_sensitive():
    mounts = [{"mount_point": "https://ann:p%40ss@host/path/"}]
    assert secrets_within(params(mounts=mounts)) == ["p%40ss"]


@pytest.mark.parametrize(("mounts", "is_reference"), [
    ([{"mountPoint": "dataset://data/other"}], True),
    ([{"mountPoint": "https://host/"}], False),
    (None, False),
])
def test_is_reference(mounts, is_reference):
    assert dataset.is_reference({"spec": {"mounts": mounts}}) is is_reference
