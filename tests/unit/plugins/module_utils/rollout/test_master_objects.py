# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of a runtime's masters: what is read of them, and that a write overwrites nobody's change."""

import pytest
from fake_masters import LABELS, NAMESPACE
from rollout_site import MIN, RUNTIME

from ansible_collections.datacache.fluid.plugins.module_utils.errors import AlreadyExists, PreconditionFailed
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.operations import GROWN, IN_PROGRESS
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import peer_services
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.stale_clients import ScaleOutNote
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.master_objects import (
    Mark,
    MasterObjects,
    ObservedObjects,
    desired_revision,
)
from ansible_collections.datacache.fluid.plugins.module_utils.rollout.plan import parse_time

SPEC = {"properties": {MIN: "1s"}}


@pytest.fixture
def one(site):
    """Three masters; the requests that made them are forgotten."""
    made = site()
    made.cluster.requests.clear()
    return made


@pytest.fixture
def objects(one):
    return MasterObjects(one.cluster, RUNTIME)


# -- reading -----------------------------------------------------------------------------------


def test_everything_is_observed_with_four_requests(one, objects):
    existing = objects.observe()
    assert (existing.members, existing.declared, existing.in_progress) == (3, 3, False)
    assert [pod["metadata"]["name"] for pod in existing.pods] == [
        f"hbase-master-{index}" for index in range(3)]
    assert existing.revision == one.masters.workload["status"]["updateRevision"]
    assert len(one.cluster.requests) == 4 and one.cluster.writes() == []


@pytest.mark.parametrize(("kind", "name", "message"), [
    (fluid_kinds.ALLUXIO_RUNTIME, "hbase", "AlluxioRuntime hbase in namespace data does not exist"),
    (kinds.STATEFUL_SET, "hbase-master",
     "has no StatefulSet hbase-master yet: wait until the runtime is ready"),
    (kinds.CONFIG_MAP, "hbase-config", "has no ConfigMap hbase-config yet"),
])
def test_an_absent_object_is_a_failed_precondition(one, objects, kind, name, message):
    one.cluster.vanish(kind, name, NAMESPACE)
    with pytest.raises(PreconditionFailed, match=message):
        objects.observe()


def test_a_terminating_runtime_is_refused(one, objects):
    deleted = {"metadata": {"deletionTimestamp": "2026-11-24T12:00:00Z"}}
    one.cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", NAMESPACE, deleted)
    with pytest.raises(PreconditionFailed, match="is terminating"):
        objects.observe()


@pytest.mark.parametrize(("annotations", "in_progress", "known"), [
    ({}, False, 5), ({IN_PROGRESS: "3"}, True, 3), ({IN_PROGRESS: "by hand"}, True, 5),
], ids=["no-rollout", "interrupted", "not-ours"])
def test_the_mark_keeps_how_many_masters_clients_know(annotations, in_progress, known):
    workload = {"metadata": {"annotations": annotations}, "spec": {"replicas": 5}}
    existing = ObservedObjects({}, {}, workload, [])
    assert (existing.in_progress, existing.known_masters) == (in_progress, known)


def test_the_scale_out_note_is_observed():
    workload = {"metadata": {"annotations": {GROWN: "3 2026-11-25T04:10:00Z"}}, "spec": {"replicas": 5}}
    assert ObservedObjects({}, {}, workload, []).scale_out_note == ScaleOutNote(3, "2026-11-25T04:10:00Z")


@pytest.mark.parametrize(("status", "revision"), [
    (None, None), ({"observedGeneration": 1, "updateRevision": "old"}, None),
    ({"observedGeneration": 2, "updateRevision": "new"}, "new"),
], ids=["no-status", "behind", "up-to-date"])
def test_no_revision_while_the_controller_lags(status, revision):
    assert desired_revision({"metadata": {"generation": 2}, "status": status}) == revision


# -- writing -----------------------------------------------------------------------------------


def test_the_config_map_is_written_before_the_template(one, objects):
    found = objects.configure(SPEC, 3, None)
    assert found.changes
    assert one.cluster.writes() == [("patch", "configmaps"), ("patch", "statefulsets")]
    one.cluster.requests.clear()
    assert not objects.configure(SPEC, 3, None).changes
    assert one.cluster.writes() == []


def test_a_change_in_between_is_not_overwritten(one, objects):
    foreign = {"data": {"ALLUXIO_WORKER_JAVA_OPTS": "-Xmx1g "}}
    one.cluster.before_write(lambda: one.cluster.change(kinds.CONFIG_MAP, "hbase-config", NAMESPACE, foreign))
    objects.configure(SPEC, 3, None)
    data = one.masters.config_map["data"]
    assert (data["ALLUXIO_WORKER_JAVA_OPTS"], f"-D{MIN}=1s" in data["ALLUXIO_JAVA_OPTS"]) == ("-Xmx1g ", True)


def test_a_withdrawn_change_has_its_earlier_revision(one, objects):
    before = one.masters.workload
    found = objects.configure(SPEC, 3, None)
    annotations = dict.fromkeys(found.workload["spec"]["template"]["metadata"]["annotations"])
    withdrawn = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    assert objects.revision_with(one.masters.workload, withdrawn) == before["status"]["updateRevision"]


@pytest.mark.parametrize("forbidden", [False, True])
def test_a_new_template_has_no_revision_yet(one, objects, forbidden):
    if forbidden:
        one.cluster.forbidden.add(("list", "controllerrevisions"))
    patch = {"spec": {"template": {"metadata": {"annotations": {"a": "new"}}}}}
    assert objects.revision_with(one.masters.workload, patch) is None


def test_scaling_to_the_present_number_writes_nothing(one, objects):
    objects.scale(3)
    assert one.cluster.writes() == []
    objects.scale(4)
    assert one.masters.workload["spec"]["replicas"] == 4


@pytest.mark.parametrize(("mark", "text"), [
    (Mark(3), "3"), (Mark(5, parse_time("2026-11-24T18:00:00Z")), "5 2026-11-24T18:00:00+00:00"),
])
def test_the_mark_is_set_and_removed(one, objects, mark, text):
    objects.mark(mark)
    assert one.masters.workload["metadata"]["annotations"][IN_PROGRESS] == text
    assert Mark.parse(text) == mark
    objects.mark(None)
    assert IN_PROGRESS not in one.masters.workload["metadata"]["annotations"]


@pytest.mark.parametrize(("text", "mark"), [("", None), ("unknown", None), ("3 yesterday", Mark(3))])
def test_an_unknown_mark(text, mark):
    assert Mark.parse(text) == mark


def test_a_service_is_added_once_and_stable(one, objects):
    for _time in range(2):
        objects.add_service(3)
    assert one.cluster.writes() == [("create", "services")]
    assert peer_services.is_stable(one.cluster.stored(kinds.SERVICE, "hbase-master-3", NAMESPACE))


def test_a_service_whose_creation_was_not_answered_is_no_error(one, objects, monkeypatch):
    def create(*_args):
        raise AlreadyExists("exists", 409)
    monkeypatch.setattr(one.cluster, "create", create)
    objects.add_service(3)


def test_only_services_of_removed_masters_of_this_runtime_are_deleted(one, objects):
    def put(name, release):
        labels = {**LABELS, "release": release}
        one.cluster.put(kinds.SERVICE, {"metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
                                        "spec": {}})
    put("hbase-master-4", "other")
    put("hbase-master-web", "hbase")
    objects.remove_services(2)
    assert one.masters.services() == ["hbase-master-0", "hbase-master-1", "hbase-master-4",
                                      "hbase-master-web"]


def test_only_that_very_pod_is_evicted(one, objects):
    uid = one.cluster.stored(kinds.POD, "hbase-master-1", NAMESPACE)["metadata"]["uid"]
    assert not objects.evict_pod("hbase-master-1", "another", lambda: None)
    assert objects.evict_pod("hbase-master-1", uid, lambda: None)
