# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.redaction import (
    HIDDEN,
    is_sensitive,
    masked_text,
    passwords_in,
    redacted,
    secrets_in,
    secrets_within,
)


@pytest.mark.parametrize("key", [
    "aws.secretKey", "aws.accessKeyId", "fs.oss.accessKeySecret", "fs.swift.password", "fs.cos.secret.key",
    "fs.adl.account.x.oauth2.credential", "fs.azure.account.key.x.blob.core.windows.net", "fs.azure.sas.c.x",
    "API_TOKEN", "my.passphrase", "apiKey", "PRIVATE_KEY", "x-api-key",
])
def test_sensitive(key):
    assert is_sensitive(key)


@pytest.mark.parametrize("key", ["alluxio.underfs.s3.endpoint", "alluxio.user.file.readtype.default",
                                 "region", "path"])
def test_not_sensitive(key):
    assert not is_sensitive(key)


@pytest.mark.parametrize("options", ["options", "sharedOptions", "properties", "env"])
def test_credentials_in_maps_of_options_are_hidden(options):
    tree = {"spec": {options: {"secretKey": "abc", "endpoint": "https://s3"}}}
    assert redacted(tree) == {"spec": {options: {"secretKey": HIDDEN, "endpoint": "https://s3"}}}


@pytest.mark.parametrize("text", [
    "-Daws.secretKey=hunter2", "-Dfs.s3a.secret.key=hunter2", "-Ds3a.secretKey=hunter2",
    "-Dalluxio.underfs.s3.secret.key=hunter2", "-Dfs.oss.accessKeySecret=hunter2",
    "-Djavax.net.ssl.keyStorePassword=hunter2", "-Dfs.azure.account.key.x.blob.core.windows.net=hunter2",
    "-Dfs.azure.sas.c.a.blob.core.windows.net=hunter2", "-Dtoken=hunter2", "-Dmy.passphrase=hunter2",
    "-Dalluxio.security.login.impersonation.credential=hunter2",
])
def test_a_secret_in_an_option_is_hidden(text):
    assert "hunter2" not in str(redacted([text]))
    assert "hunter2" not in str(redacted(text))


def test_credentials_in_lists_are_hidden():
    assert redacted([{"mounts": [{"options": {"password": "abc"}}]}]) == [
        {"mounts": [{"options": {"password": HIDDEN}}]}]


@pytest.mark.parametrize(("url", "shown"), [
    ("https://ann:secret@host/path/", "https://ann:VALUE_HIDDEN@host/path/"),
    ("hdfs://:secret@host:8020/", "hdfs://:VALUE_HIDDEN@host:8020/"),
    ("https://host:8443/a@b/", "https://host:8443/a@b/"),
    ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
])
def test_passwords_in_urls_are_hidden(url, shown):
    assert redacted({"mountPoint": url}) == {"mountPoint": shown}
    assert passwords_in(url) == (["secret"] if shown != url else [])


def test_secrets_in_leaves_out_what_would_mask_half_of_the_output():
    assert secrets_in({"api.token": "1", "renew.token": True, "aws.secretKey": "abcdef",
                       "region": "somewhere"}) == ["abcdef"]
    assert secrets_in(None) == []


@pytest.mark.parametrize(("tree", "secrets"), [
    ({"mounts": [{"mount_point": "https://ann:abcdef@host/", "options": {"aws.secretKey": "ghijkl"}}]},
     ["abcdef", "ghijkl"]),
    ({"mount": {"options": {"aws.secretKey": "ghijkl", "region": "somewhere"}}}, ["ghijkl"]),
    ({"master": {"env": {"API_TOKEN": "ghijkl"}}, "masters": 3, "volume": None}, ["ghijkl"]),
    ({"token": "outside-of-options"}, []),
], ids=["of-the-shape", "misspelt", "component", "other-field"])
def test_secrets_within_a_tree_of_any_shape(tree, secrets):
    assert sorted(secrets_within(tree)) == secrets


@pytest.mark.parametrize("tree", [
    pytest.param({"encryptOptions": [{"name": "aws.secretKey",
                                      "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]},
                 id="reference-to-a-secret"),
    pytest.param({"tolerations": [{"tokenExpirationSeconds": 5}]}, id="field-outside-of-options"),
    pytest.param({"options": {"secretKey": ""}}, id="empty-credential"),
    pytest.param({"options": {"region": "x"}}, id="plain-option"),
    pytest.param("text", id="no-tree"),
])
def test_everything_else_stays(tree):
    assert redacted(tree) == tree


JVM = ["-Xmx1g", "-Daws.secretKey=abcdef", "-Dregion=somewhere"]


@pytest.mark.parametrize(("tree", "shown"), [
    ({"jvmOptions": JVM}, {"jvmOptions": ["-Xmx1g", "-Daws.secretKey=VALUE_HIDDEN", "-Dregion=somewhere"]}),
    ({"master": {"jvm_options": JVM[1:2]}}, {"master": {"jvm_options": ["-Daws.secretKey=VALUE_HIDDEN"]}}),
    ({"env": {"ALLUXIO_MASTER_JAVA_OPTS": " ".join(JVM)}},
     {"env": {"ALLUXIO_MASTER_JAVA_OPTS": "-Xmx1g -Daws.secretKey=VALUE_HIDDEN -Dregion=somewhere"}}),
    ({"env": [{"name": "ALLUXIO_JAVA_OPTS", "value": "$(X) -Daws.secretKey=abcdef "}]},
     {"env": [{"name": "ALLUXIO_JAVA_OPTS", "value": "$(X) -Daws.secretKey=VALUE_HIDDEN "}]}),
    ({"data": {"ALLUXIO_FUSE_JAVA_OPTS": "-Dfs.azure.account.key.x=abcdef=="}},
     {"data": {"ALLUXIO_FUSE_JAVA_OPTS": "-Dfs.azure.account.key.x=VALUE_HIDDEN"}}),
    ({"data": {"ALLUXIO_JAVA_OPTS": "-Da=https://ann:secret@host/ -Dtoken=abcdef"}},
     {"data": {"ALLUXIO_JAVA_OPTS": "-Da=https://ann:VALUE_HIDDEN@host/ -Dtoken=VALUE_HIDDEN"}}),
], ids=["list", "component", "environment", "rendered", "config-map", "with-a-url"])
def test_properties_in_jvm_options_are_hidden_like_others(tree, shown):
    assert redacted(tree) == shown
    assert [secret.rstrip("=") for secret in secrets_within(tree) if secret != "secret"] == ["abcdef"]
    assert secrets_within(shown) == [HIDDEN] * len(secrets_within(tree))


@pytest.mark.parametrize("option", ["-Daws.secretKey", "-Xmx1g", "-XX:OnError=secret", "-Dregion=secret",
                                    "x-Dtoken=abcdef"])
def test_other_jvm_options_stay(option):
    assert redacted({"jvmOptions": [option]}) == {"jvmOptions": [option]}
    assert secrets_within({"jvmOptions": [option]}) == []


@pytest.mark.parametrize(("text", "shown"), [
    ("run -Daws.secretKey=abc/d+e= -Xmx1g", f"run -Daws.secretKey={HIDDEN} -Xmx1g"),
    ("--option fs.s3.accessKey=abc,d&e x", f"--option fs.s3.accessKey={HIDDEN} x"),
    ("password = 'a b' end", f"password = {HIDDEN} end"),
    ('{"db.password": "a b", "x": 1}', f'{{"db.password": "{HIDDEN}", "x": 1}}'),
    (r'{\"token\":\"abc\"}', rf'{{\"token\":\"{HIDDEN}\"}}'),
    ("secret: abc", f"secret: {HIDDEN}"),
    ("Authorization: Bearer abcdefgh.ijk", f"Authorization: Bearer {HIDDEN}"),
    ("key AKIAIOSFODNN7EXAMPLE is", f"key {HIDDEN} is"),
    ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nend", f"{HIDDEN}\nend"),
    ("https://user:pass@host/", f"https://user:{HIDDEN}@host/"),
    ("the value known occurs", f"the value {HIDDEN} occurs"),
    ('secret "keys" not found', 'secret "keys" not found'),
    ("MountVolume.SetUp failed for volume: timeout", "MountVolume.SetUp failed for volume: timeout"),
], ids=range(13))
def test_credentials_in_free_text_are_masked(text, shown):
    assert masked_text(text, ["known"]) == shown


@pytest.mark.parametrize(("text", "shown"), [
    ("options map[aws.accessKeyId:planted aws.secretKey:planted endpoint:s3:9000]",
     f"options map[aws.accessKeyId:{HIDDEN} aws.secretKey:{HIDDEN} endpoint:s3:9000]"),
    ("https://a.blob.core.windows.net/c?sv=2020&sig=planted%3D&se=1",
     f"https://a.blob.core.windows.net/c?sv=2020&sig={HIDDEN}&se=1"),
    ("+ warm --secret-key planted --region x", f"+ warm --secret-key {HIDDEN} --region x"),
    ("+ warm --secret-key --region x", "+ warm --secret-key --region x"),
    ("https://ann:pla@nted:planted@host/x and b@c", f"https://ann:{HIDDEN}@host/x and b@c"),
    ("s3://a:planted@h,s3://b:planted@i", f"s3://a:{HIDDEN}@h,s3://b:{HIDDEN}@i"),
    ('image "registry/token-service:1.2" map[a:b]', 'image "registry/token-service:1.2" map[a:b]'),
])
def test_what_go_azure_and_shells_print_is_masked(text, shown):
    assert masked_text(text) == shown


STAMP = "2026-11-27T16:54:59.396169680Z "
ENTRY = ('{0}properties {{\n{0}  key: "alluxio.underfs.s3.endpoint"\n{0}  value: "http://store"\n{0}}}\n'
         '{0}properties {{\n{0}  key: "aws.secretKey"\n{0}  value: "{1}"\n{0}}}\n{0}shared: false')


@pytest.mark.parametrize("stamp", ["", STAMP], ids=["plain", "of-the-kubelet"])
@pytest.mark.parametrize("secret", ["planted", 'pla\\"nted', ""])
def test_the_options_of_a_mount_in_the_log_of_a_master_are_masked(stamp, secret):
    text = ENTRY.format(stamp, secret)
    assert masked_text(text) == ENTRY.format(stamp, HIDDEN)
    joined = " | ".join(text.splitlines())
    assert masked_text(joined) == " | ".join(ENTRY.format(stamp, HIDDEN).splitlines())


@pytest.mark.parametrize("stamp", ["", STAMP], ids=["plain", "of-the-kubelet"])
def test_a_log_that_begins_with_the_value_of_an_option_is_masked(stamp):
    assert masked_text(f'{stamp}  value: "planted"\nnext') == f'{stamp}  value: "{HIDDEN}"\nnext'


def test_a_password_with_the_sign_of_the_host():
    assert passwords_in("https://ann:pla@nted@host/x") == ["pla@nted"]


@pytest.mark.parametrize("piece", [
    "--token ", "map[token:", 'token" ', "a:b@", "://a:", "sig=", "map[", "--"])
def test_repeated_pieces_are_searched_in_linear_time(piece):
    assert len(masked_text(piece * 40_000)) > 0


def test_a_long_line_is_searched_in_linear_time():
    """With a key searched from each of its letters this takes minutes."""
    text = "a" * 300_000 + "-" * 100_000
    assert masked_text(text + " token=abc") == f"{text} token={HIDDEN}"
