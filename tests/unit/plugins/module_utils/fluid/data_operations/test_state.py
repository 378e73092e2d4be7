# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import Change
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.data_operations import names, state
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

CREATED, EARLIER, LATER = "2026-11-23T11:05:42Z", "2026-11-23T11:00:00Z", "2026-11-23T12:00:00Z"
TARGET = Change(("spec", "target"))


def operation(phase="Complete", **spec):
    metadata = {"name": "warm", "namespace": "data", "creationTimestamp": CREATED}
    return {"kind": "DataLoad", "metadata": metadata,
            "spec": {"policy": "Once", "dataset": {"name": "hbase"}, **spec}, "status": {"phase": phase}}


@pytest.mark.parametrize(("existing", "changes", "after", "retry", "reason"), [
    (operation(), [], None, False, ""),
    (operation("Failed"), [], None, False, ""),
    (operation("Failed"), [], None, True, "it has failed"),
    (operation(), [], None, True, ""),
    (operation(), [TARGET], None, False, "spec.target changes, which Fluid reads only"),
    (operation(""), [TARGET], None, False, "spec.target changes"),
    (operation(), [Change(("spec", "ttlSecondsAfterFinished"))], None, False, ""),
    (operation(), [Change(("metadata", "labels", "a"))], None, False, ""),
    (operation(), [], EARLIER, False, ""), (operation(), [], CREATED, False, ""),
    (operation(), [], LATER, False, f"it was created at {CREATED}, before {LATER}"),
    (operation("Failed"), [], LATER, False, "it was created at"),
    (operation("Executing"), [], LATER, False, "it was created at"),
    (operation("Pending"), [], LATER, False, ""), (operation(""), [], LATER, False, ""),
    (operation("Failed", policy="Cron"), [], None, True, ""),
    (operation("Failed", policy="Cron"), [TARGET], None, True, "spec.target changes"),
])
def test_reason_to_replace(existing, changes, after, retry, reason):
    found = state.reason_to_replace(existing, changes, after, retry)
    assert found.startswith(reason) and bool(found) is bool(reason)


@pytest.mark.parametrize(("spec", "name"), [
    ({"dataset": {"name": "a"}}, "a"), ({"dataset": "backed-up"}, "backed-up"),
    ({"from": {"dataset": {"name": "b"}}, "to": {"externalStorage": {}}}, "b"),
    ({"from": {"dataset": {"name": "b"}}, "to": {"dataset": {"name": "c"}}}, "c"), ({}, None),
])
def test_dataset_of(spec, name):
    assert state.dataset_of({"spec": spec}) == name


def test_summary():
    existing = operation("Failed")
    existing["status"] |= {
        "duration": "4s", "conditions": [{"reason": "BackoffLimitExceeded", "message": ""}]}
    assert state.summary(existing) == {
        "kind": "DataLoad", "name": "warm", "namespace": "data", "dataset": "hbase", "policy": "Once",
        "phase": "Failed", "duration_text": "4s", "reason": "BackoffLimitExceeded",
        "last_schedule_time": None, "last_successful_time": None}


@pytest.mark.parametrize(("kind", "job"), [
    (fluid_kinds.DATA_LOAD, "warm-loader-job"), (fluid_kinds.DATA_PROCESS, "warm-processor-job"),
    (fluid_kinds.DATA_MIGRATE, "warm-migrate-migrate")])
def test_jobs(kind, job):
    """As pkg/utils/data*.go of Fluid 1.0.8 name them."""
    assert names.job(kind, ObjectRef("data", "warm")) == ObjectRef("data", job)
