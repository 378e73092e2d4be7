# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that people write into plain options reach the cluster and no output."""

import json

SECRET, OTHER = "kept-in-the-cluster", "kept-there-as-well"


def test_options_of_a_dataset(run, existing, api, namespace):
    mounts = [{"name": "a", "mount_point": "https://ann:pass-in-url@host/",
               "options": {"aws.secretKey": SECRET, "region": "x"}}]
    changed = [{**mounts[0], "options": {"aws.secretKey": OTHER, "region": "y"}}]
    outputs = [
        run("dataset", check=True, name="hbase", mounts=mounts, shared_options={"token": SECRET}),
        run("dataset", name="hbase", mounts=mounts, shared_options={"token": SECRET}),
        run("dataset", name="hbase", mounts=mounts, shared_options={"token": SECRET}),
        run("dataset_info", name="hbase"),
        run("dataset", check=True, name="hbase", mounts=changed),
        run("dataset", name="hbase", mounts=changed),
        run("dataset", datasets=[{"name": "hbase", "mounts": mounts}]),
        run("dataset", name="hbase", mounts=mounts, wait=True, wait_timeout=1),
    ]
    api.patch(f"/apis/data.fluid.io/v1alpha1/namespaces/{namespace}/datasets/hbase", {"spec": {"mounts": [
        {"name": "a", "mountPoint": "https://ann:pass-in-url@host/", "options": {"aws.secretKey": OTHER}},
    ]}}, "kubectl-edit")
    outputs.append(run("dataset", name="hbase", mounts=mounts))
    assert "spec.mounts was set by field manager kubectl-edit" in outputs[-1]["msg"]
    text = json.dumps(outputs)
    assert not [secret for secret in (SECRET, OTHER, "pass-in-url") if secret in text]
    assert existing("datasets")["spec"]["mounts"][0]["options"]["aws.secretKey"] == OTHER


def test_an_error_of_the_server_does_not_repeat_a_secret(fail):
    mounts = [{"name": "a", "mount_point": "s3://a/", "options": {"aws.secretKey": SECRET}}]
    assert SECRET not in json.dumps(fail("dataset", name="hbase", mounts=mounts,
                                         tolerations=[{"effects": "x"}]))


def test_properties_of_a_runtime(run, fluid, existing):
    options = {"properties": {"aws.secretKey": SECRET}, "fuse": {"env": {"S3_PASSWORD": OTHER}}}
    outputs = [run("alluxio_runtime", name="hbase", **options), run("alluxio_runtime_info", name="hbase"),
               run("alluxio_runtime", name="hbase")]
    text = json.dumps(outputs)
    assert not [secret for secret in (SECRET, OTHER) if secret in text]
    assert outputs[2]["changed"]
    assert "properties" not in existing("alluxioruntimes")["spec"]


def test_a_secret_by_reference_is_shown_for_what_it_is(succeed, existing):
    mount = {"name": "a", "mount_point": "s3://a/", "encrypt_options": [
        {"name": "aws.secretKey", "secret_name": "s3-credentials", "secret_key": "secret"}]}
    [shown] = succeed("dataset", name="hbase", mounts=[mount])["result"]["spec"]["mounts"]
    assert shown["encryptOptions"] == [
        {"name": "aws.secretKey", "valueFrom": {"secretKeyRef": {"name": "s3-credentials", "key": "secret"}}}]
    assert existing("datasets")["spec"]["mounts"] == [shown]
