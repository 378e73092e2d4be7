# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.quorum import stale_clients
from ansible_collections.datacache.fluid.plugins.module_utils.quorum.stale_clients import (
    ScaleOutNote,
    StaleClients,
)

BEFORE, NOTED, AFTER = "2026-11-25T04:00:00Z", "2026-11-25T04:10:00Z", "2026-11-25T04:10:01Z"
GROWTH = ScaleOutNote(3, NOTED)


def pod(role, name, *started, node=""):
    """A pod whose containers run since these times; a time of None: the container does not run."""
    states = [{"state": {"running": {"startedAt": time}} if time else {"waiting": {}}} for time in started]
    return {"metadata": {"name": name, "labels": {"role": role} if role else {}},
            "spec": {"nodeName": node} if node else {},
            "status": {"containerStatuses": states} if states else {}}


@pytest.mark.parametrize("note", [ScaleOutNote(3, NOTED), ScaleOutNote(11, BEFORE)])
def test_a_note_is_read_as_it_was_written(note):
    assert stale_clients.parse_note(str(note)) == note


@pytest.mark.parametrize("text", ["", "3", "three " + NOTED, f"3 {NOTED} more"])
def test_another_text_is_no_note(text):
    assert stale_clients.parse_note(text) is None


def test_after_two_growths_clients_may_know_no_more_than_before_the_first():
    assert GROWTH.merged(ScaleOutNote(5, AFTER)) == ScaleOutNote(3, AFTER)
    assert ScaleOutNote(5, AFTER).merged(GROWTH) == ScaleOutNote(3, AFTER)


@pytest.mark.parametrize("started, is_late", [
    ([BEFORE], True), ([NOTED], True), ([AFTER], False),
    ([AFTER, BEFORE], True),  # a worker has two processes
    ([None], False), ([], False), ([None, BEFORE], True),
])
def test_a_client_is_late_by_its_oldest_container(started, is_late):
    found = stale_clients.find([pod("alluxio-worker", "hbase-worker-0", *started)], GROWTH)
    assert found == (StaleClients(3, ["worker hbase-worker-0"]) if is_late else None)


def test_only_workers_and_fuse_pods_are_clients_and_those_are_named_with_their_node():
    pods = [pod("alluxio-master", "hbase-master-0", BEFORE), pod("", "other", BEFORE),
            pod("alluxio-fuse", "hbase-fuse-b", BEFORE),
            pod("alluxio-worker", "hbase-worker-0", BEFORE, node="n1"),
            pod("alluxio-fuse", "hbase-fuse-a", BEFORE, node="n1")]
    assert stale_clients.find(pods, GROWTH).pods == ["FUSE pod hbase-fuse-a (on n1)", "FUSE pod hbase-fuse-b",
                                                     "worker hbase-worker-0"]


def test_the_warning_names_the_masters_and_the_pods():
    late = StaleClients(3, ["worker hbase-worker-0", "FUSE pod hbase-fuse-a (on n1)"])
    view = late.warning("hbase", 5)
    assert view.startswith(
        "worker hbase-worker-0, FUSE pod hbase-fuse-a (on n1) started with 3 of the 5 masters")
    assert "while hbase-master-3 or hbase-master-4 leads" in view
    assert late.refusal("hbase-master-4").startswith(
        "hbase-master-4 was added after worker hbase-worker-0, FUSE pod hbase-fuse-a")
