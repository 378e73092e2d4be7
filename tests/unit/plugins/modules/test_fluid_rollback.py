# SPDX-License-Identifier: GPL-3.0-or-later
"""The module fluid_rollback: when it runs `helm rollback`, and with which connection."""

import json
import os

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.installation import rollback

MODULE = "fluid_rollback"
DEPLOYED = {"revision": 3, "status": "deployed", "description": "Upgrade complete"}


@pytest.fixture
def helm(tmp_path):
    """A helm with a history, which notes its arguments and the variables of its connection."""
    def make(*history, fails=False):
        answer = tmp_path / "history"
        answer.write_text(json.dumps(history))
        file = tmp_path / "helm"
        file.write_text(f"#!/bin/sh\n[ $1 = history ] && exec cat {answer}\n"
                        f"echo \"$@\" >> {tmp_path}/log\n"
                        f"env | grep -E '^(HELM_)?KUBE' >> {tmp_path}/log\n"
                        f"{'echo no such revision >&2; exit 1' if fails else 'exit 0'}\n")
        file.chmod(0o755)
        return str(file)
    return make


@pytest.fixture
def log(tmp_path):
    return lambda: (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []


@pytest.mark.parametrize(("newest", "needed"), [
    (DEPLOYED, False),
    ({**DEPLOYED, "status": "failed"}, True),
    ({"revision": 4, "status": "deployed", "description": "Upgrade complete"}, True),
    ({"revision": 4, "status": "failed", "description": "Upgrade failed"}, True),
    ({"revision": 4, "status": "pending-upgrade", "description": "Preparing upgrade"}, True),
    ({"revision": 5, "status": "deployed", "description": "Rollback to 3"}, False),
    ({"revision": 5, "status": "failed", "description": "Rollback to 3"}, True),
    ({"revision": 5, "status": "deployed", "description": "Rollback to 2"}, True),
], ids=["before", "damaged", "upgraded", "failed", "interrupted", "rolled-back", "half-rolled-back", "other"])
@pytest.mark.parametrize("check", [False, True])
def test_a_release_is_rolled_back_unless_it_is_at_the_revision(run, helm, log, newest, needed, check):
    binary = helm({"revision": 2, "status": "superseded", "description": ""}, newest)
    result = run(MODULE, check=check, revision=3, binary_path=binary)
    assert (result["changed"], result["revision_before"]) == (needed, newest["revision"])
    assert result["status_before"] == newest["status"]
    assert [line for line in log() if line.startswith("rollback")] == (
        ["rollback fluid 3 --namespace fluid-system --timeout 300s"] if needed and not check else [])


def test_a_revision_that_does_not_exist_yet(run, helm, log):
    result = run(MODULE, revision=7, binary_path=helm(DEPLOYED))
    assert result["msg"].startswith(
        "Helm release fluid in namespace fluid-system is at revision 3, expected 7")
    assert log() == []


def test_a_failure_of_helm(run, helm):
    result = run(MODULE, revision=3, binary_path=helm({**DEPLOYED, "status": "failed"}, fails=True))
    assert result["msg"].endswith("failed: no such revision")


def test_no_release(run, helm):
    assert "could not read the output of `helm history`" in run(MODULE, revision=3, binary_path=helm())["msg"]


@pytest.mark.parametrize(("options", "message"), [
    ({"revision": 0}, "revision is 0: expected at least 1"),
    ({"revision": 1, "wait_timeout": 0}, "wait_timeout is 0"),
    ({"revision": 1, "release_namespace": "a_b"}, "a_b"),
])
def test_an_invalid_option_is_refused(run, options, message):
    assert message in run(MODULE, **options)["msg"]


def test_the_connection_is_that_of_the_module(run, helm, log):
    run(MODULE, revision=3, binary_path=helm({**DEPLOYED, "status": "failed"}), context="two",
        host="https://a.host", api_key="kept", ca_cert="/ca.crt", validate_certs=False,
        kubeconfig={"clusters": []})
    found = dict(line.split("=", 1) for line in log()[1:])
    file = found.pop("KUBECONFIG")
    assert found == {
        "HELM_KUBECONTEXT": "two", "HELM_KUBEAPISERVER": "https://a.host", "HELM_KUBETOKEN": "kept",
        "HELM_KUBECAFILE": "/ca.crt", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY": "true"}
    assert not os.path.exists(file)


@pytest.mark.parametrize(("options", "expected"), [
    ({}, {}),
    ({"kubeconfig": "~/one", "context": None}, {"KUBECONFIG": os.path.expanduser("~/one")}),
    ({"validate_certs": True, "ca_cert": "/ca"}, {"HELM_KUBECAFILE": "/ca"}),
])
def test_the_variables_of_helm(options, expected):
    assert rollback.variables(options) == expected
