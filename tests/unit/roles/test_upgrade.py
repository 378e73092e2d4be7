# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook upgrade: its order, its rollback, and its end after the first failure."""

import json

import pytest
from role_site import INSTALLATION, RoleSite

OUTDATED = {"up_to_date": False, "ready": False}
DATASETS = {"summaries": [
    {"name": "hbase", "namespace": "data", "phase": "Bound", "terminating": False},
    {"name": "new", "namespace": "data", "phase": "NotBound", "terminating": False}]}
BEFORE = {"status": {"status": "deployed", "revision": 3, "chart": "fluid-1.0.7"}}
FAILS = {"failed": True, "msg": "no such image"}
FOUND = ["fluid_installation_info", "helm_info", "dataset_info"]
CHART = ["helm_info", "k8s_info", "command", "k8s", "helm"]
VERIFIED = ["fluid_ready", "fluid_installation_info"]


def installation(**found):
    return {**INSTALLATION, "cluster": "one", **found}


def cluster(found=None, **answers):
    return {"helm_info": BEFORE, "dataset_info": DATASETS,
            "fluid_installation_info": installation(**(OUTDATED if found is None else found)), **answers}


@pytest.fixture
def upgrade(tmp_path):
    """Run the playbook on hosts, which are clusters of their own, and return the started modules."""
    site = RoleSite(tmp_path)
    helm = tmp_path / "helm"
    helm.write_text("#!/bin/sh\necho 'kind: CustomResourceDefinition'\n")
    helm.chmod(0o755)

    def run(*options, passes=True, hosts=None, **answers):
        found = site.run("upgrade", *options, passes=passes, hosts=hosts or {"one": cluster(**answers)},
                         fluid_helm_binary=str(helm), fluid_chart_version="1.0.8")
        return found if hosts else found["one"]

    run.output = lambda: " ".join(site.output.split())
    return run


def test_definitions_come_before_the_chart_and_checks_after_it(upgrade):
    assert upgrade(helm={"changed": True}) == [*FOUND, *CHART, "fluid_ready", *VERIFIED]


def test_an_upgraded_release_costs_no_helm(upgrade):
    assert upgrade(found={}) == [*FOUND, *VERIFIED]


@pytest.mark.parametrize("module", ["helm", "k8s", "fluid_ready"])
def test_a_failed_upgrade_is_rolled_back(upgrade, module):
    pods = {"resources": [{"metadata": {"name": "a"}, "status": {"phase": "Pending"},
                           "involvedObject": {"name": "b"}}]}
    started = upgrade(passes=False, **{"helm": {"changed": True}, module: FAILS, "k8s_info": pods,
                                       "fluid_rollback": {"changed": True}})
    assert started[started.index("fluid_rollback"):] == ["fluid_rollback", "fluid_ready"]
    text = ("The upgrade of Helm release fluid in namespace fluid-system failed, and it was rolled back to "
            "revision 3; the resource definitions stay. ")
    assert text + ("Fluid in" if module == "fluid_ready" else "no such image") in upgrade.output()
    assert ("After the rollback: no such image" in upgrade.output()) is (module == "fluid_ready")


def test_a_rollback_that_fails_keeps_the_reason_of_the_upgrade(upgrade):
    started = upgrade(passes=False, helm=FAILS, fluid_rollback={"failed": True, "msg": "timed out"})
    assert started[-1] == "fluid_rollback"
    assert ("failed, and its rollback to revision 3 failed, too. no such image After the rollback: timed out"
            in upgrade.output())


def test_a_dataset_that_is_terminating_is_not_waited_for(upgrade, tmp_path):
    """With the new controller its deletion may end."""
    leaving = {"name": "old", "namespace": "data", "phase": "Bound", "terminating": True}
    (module,) = tmp_path.rglob("modules/fluid_ready.py")
    module.write_text(module.read_text().replace("answers = ", (
        f'pathlib.Path("{tmp_path}/args").write_text(pathlib.Path(sys.argv[1]).read_text())\nanswers = ')))
    upgrade(found={}, dataset_info={"summaries": [*DATASETS["summaries"], leaving]})
    assert json.loads((tmp_path / "args").read_text())["bound_datasets"] == ["data/hbase"]


def test_a_release_that_helm_has_not_changed_is_not_waited_for(upgrade):
    assert upgrade(passes=False, helm=FAILS)[-1] == "fluid_rollback"
    assert "nothing was rolled back. no such image" in upgrade.output()


def test_an_interrupted_release_has_no_state_to_return_to(upgrade):
    before = {"status": {**BEFORE["status"], "status": "pending-upgrade"}}
    assert upgrade(passes=False, helm_info=before) == [*FOUND, "helm_info"]
    assert "another helm operation is in progress or was interrupted" in upgrade.output()


def test_an_idle_controller_after_the_upgrade(upgrade):
    started = upgrade(passes=False, found={"idle_controllers": ["jindoruntime-controller"], "ready": False})
    assert started == [*FOUND, "k8s_scale", "fluid_ready", *VERIFIED, "fluid_rollback"]
    assert "jindoruntime-controller in namespace fluid-system has 0 replicas" in upgrade.output()


@pytest.mark.parametrize(("answers", "message"), [
    ({"helm_info": {"status": {**BEFORE["status"], "chart": "fluid-1.1.0"}}},
     "has the chart fluid-1.1.0, and install_chart_version (fluid_chart_version) is 1.0.8"),
    ({"found": {"installed": False}}, "Fluid is not installed, expected a Helm release"),
    ({"found": {"release": None}}, "Fluid in namespace fluid-system was installed without Helm"),
], ids=["older-chart", "absent", "without-helm"])
def test_what_is_refused_before_a_change(upgrade, answers, message):
    assert set(upgrade(passes=False, **answers)) <= {"fluid_installation_info", "helm_info"}
    assert message in upgrade.output()


def test_a_final_release_follows_its_previews(upgrade):
    preview = {"status": {**BEFORE["status"], "chart": "fluid-1.0.8-beta.1"}}
    assert upgrade("-e", "fluid_chart_version=v1.0.8", helm_info=preview, helm={"changed": True}) == [
        *FOUND, *CHART, "fluid_ready", *VERIFIED]


def test_no_batch_follows_a_failure(upgrade):
    hosts = {"a": cluster(helm=FAILS), "b": cluster()}
    started = upgrade(passes=False, hosts=hosts)
    assert started["a"] and not started["b"]


def test_batches_hold_as_many_hosts_as_asked(upgrade):
    hosts = {"a": cluster(helm=FAILS), "b": cluster(helm={"changed": True})}
    assert upgrade("-e", "fluid_upgrade_at_once=2", passes=False, hosts=hosts)["b"]


@pytest.mark.parametrize("value", ["abc", "0"])
def test_an_invalid_batch_is_refused_with_a_sentence(upgrade, value):
    hosts = {name: cluster() for name in ("a", "b")}
    started = upgrade("-e", f"fluid_upgrade_at_once={value}", passes=False, hosts=hosts)
    assert not any(started.values())
    assert f"fluid_upgrade_at_once is '{value}': expected a number of hosts" in upgrade.output()
    assert "Traceback" not in upgrade.output()
