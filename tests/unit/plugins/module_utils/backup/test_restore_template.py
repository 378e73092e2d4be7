# SPDX-License-Identifier: GPL-3.0-or-later
"""What a restoration adds to the masters' template, and that it takes all of it out again."""

import copy
import subprocess
from dataclasses import replace

import pytest
from fake_journals import stateful_set
from rfc7396 import apply_patch

from ansible_collections.datacache.fluid.plugins.module_utils.backup import restore_template
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore_template import (
    FOLDER,
    JOURNAL_VOLUME,
    OLD,
    STARTED,
    STARTING,
    WAITER,
    WAITING,
    stage,
)
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import operations
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import ANNOTATION, Restoration
from ansible_collections.datacache.fluid.plugins.module_utils.journal import gate, template
from ansible_collections.datacache.fluid.plugins.module_utils.journal.volume import JournalVolume

NEW = Restoration("data.hbase.20261124T182233Z", "a" * 64, "2026-11-24T19:00:00Z")
OPTION = "-Dalluxio.master.journal.init.from.backup=/datacache-restore/backup.gz"


@pytest.fixture
def existing():
    made = stateful_set()
    made["metadata"]["resourceVersion"] = "7"
    return made


def patched(existing, patch):
    return apply_patch(copy.deepcopy(existing), patch)


def options(existing):
    return [each for each in restore_template.master_container(existing)["env"]
            if each["name"] == "ALLUXIO_MASTER_JAVA_OPTS"]


def test_the_template_is_set_up(existing):
    patch = restore_template.begin(existing, NEW)
    assert patch["metadata"] == {"resourceVersion": "7"}
    after = patched(existing, patch)
    spec = after["spec"]["template"]["spec"]
    assert after["spec"]["updateStrategy"] == {"type": "OnDelete"}
    assert [each["name"] for each in spec["initContainers"]] == ["journal-format", WAITER]
    assert spec["initContainers"][1]["image"] == "alluxio/alluxio:2.9.4"
    assert spec["volumes"] == [
        {"name": JOURNAL_VOLUME, "emptyDir": {"sizeLimit": "30Gi"}}, {"name": WAITER, "emptyDir": {}}]
    assert {"name": WAITER, "mountPath": FOLDER} in restore_template.master_container(after)["volumeMounts"]
    assert options(after) == [
        {"name": "ALLUXIO_MASTER_JAVA_OPTS", "value": "$(ALLUXIO_MASTER_JAVA_OPTS) " + OPTION}]
    assert operations.under_way(after) == NEW
    assert after["spec"]["template"]["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"


def test_the_template_becomes_what_it_was(existing):
    begun = patched(existing, restore_template.begin(existing, NEW))
    ended = patched(begun, restore_template.end(begun))
    assert ended["spec"]["template"] == existing["spec"]["template"]
    assert operations.under_way(ended) is None


def test_options_of_the_users_own_stay(existing):
    restore_template.master_container(existing)["env"].append({
        "name": "ALLUXIO_MASTER_JAVA_OPTS", "value": "-Xmx1g"})
    begun = patched(existing, restore_template.begin(existing, NEW))
    assert options(begun)[0]["value"] == "-Xmx1g " + OPTION
    assert patched(begun, restore_template.end(begun))["spec"]["template"] == existing["spec"]["template"]


def test_another_restoration_takes_over(existing):
    begun = patched(existing, restore_template.begin(existing, NEW))
    other = Restoration("data.hbase.20261123T182233Z", "b" * 64, "2026-11-24T19:05:00Z")
    again = patched(begun, restore_template.begin(begun, other))
    assert operations.under_way(again) == other
    begun["spec"]["template"]["metadata"]["annotations"][ANNOTATION] = other.text()
    assert again["spec"]["template"] == begun["spec"]["template"]


def test_a_template_without_init_containers_and_environment(existing):
    spec = existing["spec"]["template"]["spec"]
    del spec["initContainers"]
    del spec["containers"][0]["env"]
    begun = patched(existing, restore_template.begin(existing, NEW))
    after = patched(begun, restore_template.end(begun))["spec"]["template"]["spec"]
    assert "initContainers" not in after
    assert not after["containers"][0]["env"]


@pytest.mark.parametrize(("volumes", "fresh"), [
    ([{"name": JOURNAL_VOLUME, "emptyDir": {}}], True),
    ([{"name": JOURNAL_VOLUME, "hostPath": {"path": "/x"}}], False),
    ([{"name": "other", "emptyDir": {}}], False),
    (None, False),
])
def test_whether_the_journal_is_fresh(existing, volumes, fresh):
    existing["spec"]["template"]["spec"]["volumes"] = volumes
    assert restore_template.journal_is_fresh(existing) is fresh


def pod(annotation, state=None, deleted=False):
    statuses = [{"name": "journal-format", "state": {"terminated": {"exitCode": 0}}}]
    if state:
        statuses.append({"name": WAITER, "state": state})
    made = {"metadata": {"name": "hbase-master-0", "annotations": {ANNOTATION: annotation}},
            "status": {"initContainerStatuses": statuses}}
    if deleted:
        made["metadata"]["deletionTimestamp"] = "2026-11-24T19:00:00Z"
    return made


@pytest.mark.parametrize(("pod", "expected"), [
    pytest.param({"metadata": {}}, OLD, id="without-annotation"),
    pytest.param(pod("else", {"running": {}}), OLD, id="of-another-restoration"),
    pytest.param({"metadata": {"annotations": {ANNOTATION: NEW.text()}}}, STARTING, id="just-created"),
    pytest.param(pod(NEW.text()), STARTING, id="formatting"),
    pytest.param(pod(NEW.text(), {"waiting": {"reason": "PodInitializing"}}), STARTING, id="not-running-yet"),
    pytest.param(pod(NEW.text(), {"terminated": {"exitCode": 1}}), STARTING, id="ended-by-a-signal"),
    pytest.param(pod(NEW.text(), {"running": {}}, deleted=True), STARTING, id="deleted-by-somebody"),
    pytest.param(pod(NEW.text(), {"running": {}}), WAITING, id="waiting"),
    pytest.param(pod(NEW.text(), {"terminated": {"exitCode": 0}}), STARTED, id="started"),
])
def test_stage(pod, expected):
    assert stage(pod, NEW) == expected


@pytest.fixture
def on_claims(recorded):
    """Masters with claims and a gate, as alluxio_runtime makes them."""
    made = template.replacement(
        "hbase", recorded("stateful_set_master.json"), JournalVolume("claim"), probe=True)
    made["metadata"]["resourceVersion"] = "7"
    return made


def init_containers(stateful_set):
    return {each["name"]: each for each in stateful_set["spec"]["template"]["spec"]["initContainers"]}


def test_claims_are_emptied_and_the_gate_is_open_while_it_lasts(on_claims):
    assert restore_template.journal_is_fresh(on_claims)
    begun = patched(on_claims, restore_template.begin(on_claims, NEW))
    containers = init_containers(begun)
    assert list(containers) == [gate.CONTAINER, WAITER]
    assert {"name": gate.OPEN, "value": NEW.backup} in containers[gate.CONTAINER]["env"]
    assert {"mountPath": "/journal", "name": JOURNAL_VOLUME} in containers[WAITER]["volumeMounts"]
    again = patched(begun, restore_template.begin(begun, NEW))
    assert again["spec"]["template"] == begun["spec"]["template"]
    ended = patched(begun, restore_template.end(begun))
    assert {**ended["spec"], "updateStrategy": {}} == {**on_claims["spec"], "updateStrategy": {}}


def test_a_journal_is_emptied_once_for_each_restoration(on_claims, tmp_path):
    journal, go = tmp_path / "journal", tmp_path / "go"
    (journal / "lost+found").mkdir(parents=True)
    go.touch()

    def run(restoration):
        begun = patched(on_claims, restore_template.begin(on_claims, restoration))
        shell, option, script, _folder, mark = init_containers(begun)[WAITER]["command"]
        script = script.replace(restore_template.GO, str(go))
        subprocess.run([shell, option, script, journal, mark], check=True, timeout=9)
        return sorted(path.name for path in journal.iterdir() if not path.name.startswith("."))

    def write():
        (journal / "raft" / "group").mkdir(parents=True)
        (journal / "raft" / "group" / "log_0-1").write_text("x")

    write()
    assert run(NEW) == ["lost+found"]
    write()
    assert run(NEW) == ["lost+found", "raft"]  # restored, and restarted
    assert run(replace(NEW, began="2026-11-25T19:00:00Z")) == ["lost+found"]
