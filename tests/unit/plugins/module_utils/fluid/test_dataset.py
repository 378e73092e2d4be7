# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import dataset
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.dataset import (
    demands_on_masters,
    manifest,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.scheduling import Demands
from ansible_collections.datacache.fluid.plugins.module_utils.redaction import secrets_within

WEB = {"mount_point": "https://host/path/", "name": "web"}


def params(**given):
    return {"name": "hbase", "namespace": "data", **given}


def spec(**given):
    return dataset.manifest(params(**given))["spec"]


@pytest.mark.parametrize("mount", [
    {"mount_point": "https://host/~user/path/"}, {"mount_point": "s3://bucket/path", "path": "/"},
    {"mount_point": "local:///my data", "name": "data"}, {"mount_point": "dataset://data/other/sub"},
    {"mount_point": "hdfs://[fd00::1]:8020/", "name": "/h"}, {"mount_point": "pvc://claim/sub", "path": "/"},
], ids=lambda mount: mount["mount_point"])
def test_mounts_that_fluid_can_use_pass(mount):
    dataset.require_valid(params(mounts=[mount]))


@pytest.mark.parametrize("parent", [
    {"mount_point": "s3://b/", "path": "/data"}, {"mount_point": "pvc://claim", "path": "/"},
    {"mount_point": "local:///data", "name": "data"},
], ids=lambda parent: parent["mount_point"])
def test_a_mount_below_another_passes(parent):
    dataset.require_valid(params(mounts=[parent, {**WEB, "path": "/data/sub/web"}]))


def test_a_claim_at_the_root_beside_an_under_store_passes():
    dataset.require_valid(params(mounts=[{"mount_point": "pvc://claim", "path": "/"}, WEB]))


@pytest.mark.parametrize("key", [".dockerconfigjson", "aws_key-1.txt", "k" * 253])
def test_the_keys_of_secrets_pass(key):
    dataset.require_valid(params(mounts=[{**WEB, "encrypt_options": [secret(secret_key=key)]}]))


@pytest.mark.parametrize("overrides", [
    {"placement": "Shared", "sharedOptions": {"a": "1"}}, {"mounts": [{"mountPoint": "s3://b & id"}]},
    {"dataRestoreLocation": {"path": 5}}, {"later": 1}, {"owner": "text"},
], ids=["options", "below-an-option", "another-type", "a-newer-fluid", "no-dictionary"])
def test_overrides_that_break_no_rule_are_left_to_the_server(overrides):
    dataset.require_valid(params(mounts=[WEB], spec_overrides=overrides))


@pytest.mark.parametrize(("length", "mounts"), [(45, [WEB]), (63, [{"mount_point": "dataset://data/other"}])])
def test_the_longest_name_passes(length, mounts):
    dataset.require_valid(params(name="n" * length, mounts=mounts))


def secret(name="aws.secretKey", secret_name="s3", secret_key="key"):
    return {"name": name, "secret_name": secret_name, "secret_key": secret_key}


@pytest.mark.parametrize(("given", "message"), [
    pytest.param({"name": "HBase"}, "Dataset name 'HBase' is not a DNS-1035 label", id="name"),
    pytest.param({"runtimes": [{"name": "a"}, {"name": "b", "master_replicas": -1}]},
                 "runtimes[1].master_replicas is -1: expected at least one master", id="no-masters"),
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
    pytest.param({"mounts": [WEB, {"mount_point": "s3://b/", "name": "/web"}]},
                 "two mounts have the path /web", id="name-with-a-slash"),
    pytest.param({"name": "n" * 46}, f"Dataset name '{'n' * 46}' has 46 characters: expected at most 45, ",
                 id="name-of-46"),
    pytest.param({"name": "n" * 46, "mounts": [WEB]}, f"Dataset name '{'n' * 46}' has 46 characters",
                 id="name-of-46-with-a-store"),
    pytest.param({"mounts": [WEB, {"mount_point": "s3://b/", "path": "/"}]},
                 "the mount of s3://b/ has the path / beside other mounts, and Fluid silently drops it: ",
                 id="root-beside-another"),
    pytest.param({"mounts": [{**WEB, "path": "web"}]},
                 "mounts[0].path is 'web', which is relative: expected an absolute path such as /web",
                 id="relative"),
    pytest.param({"mounts": [{**WEB, "path": "/a/../web/"}]},
                 "mounts[0].path is '/a/../web/': expected a path without empty, '.' and '..' parts and "
                 "without a '/' at its end, such as /a/web", id="not-canonical"),
    pytest.param({"mounts": [{**WEB, "name": "web/"}]},
                 "the path of mounts[0] from its name is '/web/': expected a path without empty",
                 id="name-ends-with-a-slash"),
    pytest.param({"mounts": [{**WEB, "name": "my web"}]},
                 "mounts[0], whose path is '/my web' has the character ' '", id="name-with-a-space"),
    pytest.param({"mounts": [{"mount_point": "https://host/a&touch /tmp/x"}]},
                 "mounts[0].mount_point has the character '&': Fluid passes it to a shell in the masters, "
                 "which "
                 "would split or execute it; write it in hexadecimal, such as %20 for a space", id="command"),
    pytest.param({"mounts": [{"mount_point": "s3://bucket/my data", "name": "web"}]},
                 "mounts[0].mount_point has the character ' ': Fluid passes it to a shell in the masters, "
                 "which would split or execute it; mount the folder above it, or rename the folder",
                 id="folder-of-a-bucket"),
    pytest.param({"mounts": [{**WEB, "options": {"title": "Index of", "a": 1}}]},
                 "the value of mounts[0].options.title has the character ' ': Fluid passes it to a shell in "
                 "the "
                 "masters, which would split or execute it; use a value without spaces, as a Secret's has to "
                 "be, too", id="option-with-a-space"),
    pytest.param({"mounts": [{**WEB, "options": {"key": "a&b"}}]},
                 "the value of mounts[0].options.key has the character '&': Fluid passes it to a shell in "
                 "the masters, which would split or execute it; put the value into a Secret and use "
                 "encrypt_options", id="option-with-an-ampersand"),
    pytest.param({"mounts": [{**WEB, "options": {"a;b": 1}}]},
                 "the name of mounts[0].options.a;b has the character ';'", id="key-with-a-semicolon"),
    pytest.param({"mounts": [{**WEB, "options": {"a=b": 1}}]}, "mounts[0].options.a=b: expected the name",
                 id="key-with-an-equals-sign"),
    pytest.param({"mounts": [{**WEB, "options": {"file": "~/key"}}]},
                 "the value of mounts[0].options.file starts with '~'", id="home"),
    pytest.param({"shared_options": {"a": "$(id)"}},
                 "the value of shared_options.a has the character '$': Fluid passes it to a shell in the "
                 "masters, "
                 "which would split or execute it; put the value into a Secret and use "
                 "shared_encrypt_options",
                 id="shared-option"),
    pytest.param({"mounts": [{**WEB, "encrypt_options": [secret(name="a b")]}]},
                 "the name of mounts[0].encrypt_options a b has the character ' '", id="encrypted-key"),
    pytest.param({"mounts": [{**WEB, "options": {"k": 1}, "encrypt_options": [secret(name="k")]}]},
                 "mounts[0].encrypt_options k is set twice", id="plain-and-encrypted"),
    pytest.param({"mounts": [{**WEB, "encrypt_options": [secret(secret_name="my.secret")]}]},
                 "secret_name of mounts[0].encrypt_options aws.secretKey, 'my.secret' cannot name a volume "
                 "of the "
                 "pods, as Fluid needs it: expected at most 42 ", id="secret-with-a-dot"),
    pytest.param({"shared_encrypt_options": [secret(secret_name="s" * 43)]},
                 f"secret_name of shared_encrypt_options aws.secretKey, '{'s' * 43}' cannot name a volume",
                 id="long-secret"),
    *[pytest.param({"mounts": [{**WEB, "encrypt_options": [secret(secret_key=key)]}]},
                   f"secret_key of mounts[0].encrypt_options aws.secretKey, {key!r} cannot be a key of a "
                   "Secret: expected at most 253 letters, digits", id=f"secret-key-{number}")
      for number, key in enumerate(["k;touch /tmp/x", "$(id)", "a/../b", "..", "", "k" * 254])],
    pytest.param({"shared_encrypt_options": [secret(secret_key="a b")]},
                 "secret_key of shared_encrypt_options aws.secretKey, 'a b' cannot be a key",
                 id="shared-secret-key"),
    pytest.param({"mounts": [{**WEB, "options": {"alluxio": {"underfs": {"s3": {"endpoint": "x"}}}}}]},
                 "mounts[0].options.alluxio is a mapping: expected text, a number or a boolean; write nested "
                 "keys as one, such as alluxio.underfs.s3.endpoint: ...", id="nested-option"),
    pytest.param({"shared_options": {"a": [1]}},
                 "shared_options.a is a list: expected text, a number or a boolean",
                 id="nested-shared-option"),
    pytest.param({"owner": {"uid": -1, "gid": 1, "user": "a", "group": "g"}},
                 "owner.uid is -1: expected an ID from 0 to", id="owner"),
    pytest.param({"labels": {"team": {"name": "x"}}},
                 "labels.team is a mapping: expected text", id="nested-label"),
    pytest.param({"mounts": [{"mount_point": "local:///data"}]},
                 "mounts[0] of local:///data has no name: Fluid names the volume of the pods after it",
                 id="local-without-a-name"),
    pytest.param({"mounts": [{"mount_point": "local:///data", "path": "/data"}]},
                 "mounts[0] of local:///data has no",
                 id="local-with-a-path-alone"),
    pytest.param({"mounts": [{"mount_point": "local:///data", "name": "My_Data"}]},
                 "mounts[0].name 'My_Data' cannot name a volume of the pods", id="local-name"),
    pytest.param({"mounts": [{"mount_point": "local://data", "name": "data"}]},
                 "mounts[0].mount_point is 'local://data': expected an absolute path after local://, such as "
                 "local:///data", id="relative-local"),
    pytest.param({"mounts": [{"mount_point": "local:///a: b", "name": "data"}]},
                 "mounts[0].mount_point or its path has ': '", id="local-that-breaks-the-chart"),
    pytest.param({"mounts": [{"mount_point": "pvc://my.claim"}]},
                 "the claim of mounts[0].mount_point 'my.claim' cannot name a volume", id="claim-with-a-dot"),
    pytest.param({"mounts": [{"mount_point": "pvc://claim/../x"}]},
                 "mounts[0].mount_point is 'pvc://claim/../x': expected a folder of the claim",
                 id="claim-upwards"),
    pytest.param({"mounts": [{"mount_point": "pvc://claim//x"}]},
                 "mounts[0].mount_point is 'pvc://claim//x': expected a folder", id="two-slashes"),
    pytest.param({"mounts": [{"mount_point": "local:///data/../etc", "name": "data"}]},
                 "mounts[0].mount_point is 'local:///data/../etc': expected a path without '..'",
                 id="local-upwards"),
    *[pytest.param({"mounts": [{"mount_point": point, "name": "data", "path": "/a:b"}]},
                   "mounts[0] has the path /a:b: Kubernetes mounts no path with a ':'", id=f"colon-{point}")
      for point in ("pvc://claim", "local:///data")],
    pytest.param({"mounts": [{"mount_point": "pvc://claim/a", "name": "a"},
                             {"mount_point": "pvc://claim/b", "name": "b"}]},
                 "pvc://claim/a and pvc://claim/b both need a volume claim of the pods",
                 id="one-claim-twice"),
    pytest.param({"mounts": [{"mount_point": "pvc://data", "name": "a"},
                             {"mount_point": "local:///b", "name": "data"}]},
                 "pvc://data and local:///b both need a volume data of the pods", id="claim-and-local"),
    pytest.param({"mounts": [{"mount_point": "s3://b/", "name": "a"}, {"mount_point": "s3://b/x",
                 "name": "x"}]},
                 "mounts[1].mount_point s3://b/x and s3://b/ lie within each other", id="overlapping"),
    pytest.param({"mounts": [{**WEB, "path": "/data/web"}]},
                 "mounts[0] has the path /data/web, and no mount before it provides /data: Alluxio mounts "
                 "into an existing folder only; use a path such as /data-web", id="no-parent"),
    pytest.param({"mounts": [{**WEB, "path": "/data/web"}, {"mount_point": "s3://b/", "path": "/data"}]},
                 "mounts[0] has the path /data/web, and no mount before it provides /data", id="late-parent"),
    pytest.param({"mounts": [WEB, {"mount_point": "dataset://data/other", "name": "o"}]},
                 "mounts[1] is dataset://data/other beside other mounts: Fluid mounts another Dataset alone",
                 id="reference-beside-another"),
    pytest.param({"mounts": [{"mount_point": "dataset://other"}]},
                 "mounts[0].mount_point is 'dataset://other': expected dataset://namespace/name",
                 id="reference-without-a-namespace"),
    pytest.param({"mounts": [{"mount_point": "dataset://data/hbase"}]},
                 "mounts[0].mount_point is 'dataset://data/hbase', the Dataset itself", id="itself"),
    pytest.param({"node_affinity": {"required": {"nodeSelectorTerms": []}}},
                 "node_affinity has required: expected a NodeSelector", id="affinity-of-a-pod"),
    # Overrides are refused as the options are that have these fields.
    *[pytest.param({"spec_overrides": given}, f"spec_overrides, read as options: {message}",
                   id=f"override-{message}")
      for given, message in [
          ({"sharedOptions": {"a": "x & touch /tmp/x"}},
           "the value of shared_options.a has the character ' '"),
          ({"mounts": [{"mountPoint": "s3://b;id", "name": "b"}]},
           "mounts[0].mount_point has the character ';'"),
          ({"mounts": [{"mountPoint": "s3://b/", "options": {"k": "$(id)"}}]},
           "the value of mounts[0].options.k"),
          ({"sharedEncryptOptions": [{"name": "k", "valueFrom": {"secretKeyRef": {"name": "s",
                                                                                  "key": "`id`"}}}]},
           "secret_key of shared_encrypt_options k, '`id`' cannot be a key"),
          ({"tolerations": [{"operator": "Any"}]}, "tolerations[0].operator is 'Any'"),
          ({"nodeAffinity": {"required": {"nodeSelectorTerms": []}}},
           "node_affinity.nodeSelectorTerms is empty")]],
    pytest.param({"spec_overrides": {"sharedEncryptOptions": [{"name": "k"}]}},
                 "spec_overrides has an element without the field of the option secret_name",
                 id="override-lacks"),
    *[pytest.param({"data_restore_location": given}, message, id=message) for given, message in [
        ({"path": "pvc://My_Claim/x"}, "the claim of data_restore_location.path 'My_Claim' is not a"),
        ({"path": "pvc://claim/../x"}, "data_restore_location.path is 'pvc://claim/../x': expected a path"),
        ({"path": "local:///a/../b", "node_name": "n"},
         "data_restore_location.path is 'local:///a/../b': expected a path without '..'"),
        ({"path": "pvc://claim/a;id"}, "data_restore_location.path has the character ';'"),
        ({"path": "local:///a", "node_name": "N !"}, "data_restore_location.node_name 'N !' is not")]],
    pytest.param({"data_restore_location": {"path": "/backup"}}, "data_restore_location.path is '/backup'",
                 id="restore"),
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
    pytest.param({"data_restore_location": {"path": "local:///backup", "node_name": "n"}},
                 {"dataRestoreLocation": {"path": "local:///backup", "nodeName": "n"}}, id="restore"),
    pytest.param({"runtimes": [{"name": "r", "namespace": "n", "category": "Accelerate", "type": "alluxio",
                                "master_replicas": 3}]},
                 {"runtimes": [{"name": "r", "namespace": "n", "category": "Accelerate", "type": "alluxio",
                                "masterReplicas": 3}]}, id="runtimes"),
    pytest.param({"placement": "Shared", "spec_overrides": {"placement": "Exclusive", "quota": {"files": 5}}},
                 {"placement": "Shared", "quota": {"files": 5}}, id="overrides-below-the-options"),
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


SSD = [{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]
POOL = [{"key": "dedicated", "operator": "Exists"}]


@pytest.mark.parametrize(("spec", "selector", "demands"), [
    (None, None, Demands()),
    (None, {"a": "b"}, Demands({"a": "b"})),
    ({"tolerations": POOL}, {"a": "b"}, Demands({"a": "b"}, POOL)),
    ({"mounts": [{"mountPoint": "local:///data"}], "nodeAffinity": {"required": {"nodeSelectorTerms": SSD}}},
     None, Demands(terms=SSD)),
    ({"mounts": [{"mountPoint": "s3://b/"}], "nodeAffinity": {"required": {"nodeSelectorTerms": SSD}}},
     None, Demands()),
    ({"mounts": [{"mountPoint": "local:///data"}]}, None, Demands()),
    ({"dataRestoreLocation": {"path": "local:///b", "nodeName": "n1"}}, {"a": "b"},
     Demands({"a": "b", "kubernetes.io/hostname": "n1"})),
    ({"dataRestoreLocation": {"path": "pvc://b/c", "nodeName": "n1"}}, None, Demands()),
], ids=["no-dataset", "selector", "tolerations", "local-mount", "other-mount", "no-affinity", "restore-node",
        "restore-claim"])
def test_what_masters_demand_of_their_node(spec, selector, demands):
    found = demands_on_masters(spec and {"spec": spec}, selector)
    assert (found.selector, list(found.tolerations), found.terms) == (
        demands.selector, list(demands.tolerations), demands.terms)


def test_the_manifest_of_the_options_has_these_demands():
    options = {"name": "hbase", "namespace": "data", "tolerations": POOL,
               "mounts": [{"mount_point": "local:///data", "name": "data"}],
               "node_affinity": {"nodeSelectorTerms": SSD}}
    assert demands_on_masters(manifest(options), None) == Demands({}, POOL, SSD)
