# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook at verbosity 4 with diffs, on a cache with planted credentials: none is in what it writes."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_accounts import NAMESPACE, kubectl
from cluster_acts import apply, force, mount_cache
from plays import play

# In a Secret before and after its rotation, in an option of Java, in a variable of the environment.
PLANTED = ("planted-first-secret", "planted-second-secret", "planted-java-password", "planted-fuse-token")
STORE = {"alluxio.underfs.s3.endpoint": os.environ.get("FLUID_LAB_S3", ""),
         "alluxio.underfs.s3.disable.dns.buckets": "true"}
CACHE = {
    "fluid_master_replicas": 1, "fluid_worker_replicas": 1, "fluid_network_mode": "ContainerNetwork",
    "fluid_mounts": [{
        "name": "hbase", "mount_point": "s3://hbase/", "options": STORE,
        "encrypt_options": [
            {"name": "aws.accessKeyId", "secret_name": "bucket-keys", "secret_key": "access"},
            {"name": "aws.secretKey", "secret_name": "bucket-keys", "secret_key": "secret"}]}],
    "fluid_jvm_options": ["-Dexample.store.password=planted-java-password"],
    "fluid_fuse": {"env": {"STORE_TOKEN": "planted-fuse-token"}},
    "fluid_properties": {"alluxio.fuse.special.command.enabled": "true"}}
ACCOUNT = "hbase-secrets"
PLAYS = ("install", "preflight", "deploy", "deploy", "verify", "diagnose", "report", "remount", "cleanup")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the playbooks write, temporary files included."""
    return tmp_path_factory.mktemp("written")


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    """An account of the S3 server that owns the bucket, with the first planted secret."""
    admin("create-user", "--access", ACCOUNT, "--secret", PLANTED[0], "--role", "admin")
    keys(PLANTED[0])
    yield
    kubectl("delete", "secret", "bucket-keys")
    admin("delete-user", "--access", ACCOUNT)


@pytest.mark.parametrize("number", range(len(PLAYS)), ids=lambda number: f"{number}-{PLAYS[number]}")
def test_no_planted_secret_is_written(number, folder, monkeypatch):
    playbook = PLAYS[number]
    if playbook == "remount":
        admin("update-user", "--access", ACCOUNT, "--secret", PLANTED[1])
        keys(PLANTED[1])
    if playbook == "verify":
        mount_cache("reader")
    if playbook == "cleanup":
        force("reader")
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(folder / f"{number}-{playbook}.log"))
    (folder / "tmp").mkdir(exist_ok=True)
    paths = {"fluid_report_page": f"{folder}/page.html", "fluid_report_path": f"{folder}/report.json",
             "fluid_diagnosis_path": f"{folder}/bundle.tar.gz",
             "fluid_preflight_probe": playbook == "preflight"}
    found = play(playbook, {**CACHE, **paths}, options=("-vvvv", "--diff"))
    assert found.code == 0, found.output[-4000:]
    # Ansible prints the variables of the command line, which are the user's own.
    output = "\n".join(line for line in found.output.splitlines() if not line.startswith("extra_vars: "))
    assert [secret for secret in PLANTED if secret in output] == []
    assert [(path, secret) for path, text in written(folder) for secret in PLANTED
            if secret.encode() in text] == []


def test_what_is_written_is_readable_by_its_owner_alone(folder):
    made = [folder / name for name in ("page.html", "page.json", "bundle.tar.gz")]
    assert [oct(path.stat().st_mode & 0o777) for path in made] == ["0o600"] * 3
    # The kubernetes package caches the kinds of the cluster for kubernetes.core.
    temporary = [path for path in (folder / "tmp").rglob("*") if not path.name.startswith("k8srcp-")]
    assert [path for path in temporary if path.stat().st_mode & 0o077] == []


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """The contents of all files, and of the members of archives."""
    for path in folder.rglob("*"):
        if path.suffix == ".gz":
            with tarfile.open(path) as archive:
                for member in archive:
                    if member.isfile():
                        yield f"{path}/{member.name}", archive.extractfile(member).read()
        elif path.is_file():
            yield str(path), path.read_bytes()


def admin(*arguments: str) -> None:
    """Run a command of the administrator of the lab's S3 server."""
    subprocess.run(["versitygw", "admin", "--access", "LABADMIN", "--secret", "lab-admin-secret",
                    "--endpoint-url", os.environ["FLUID_LAB_S3"], *arguments], check=True)


def keys(secret: str) -> None:
    apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "bucket-keys", "namespace": NAMESPACE},
           "stringData": {"access": ACCOUNT, "secret": secret}})
