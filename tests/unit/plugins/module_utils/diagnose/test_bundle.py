# SPDX-License-Identifier: GPL-3.0-or-later
"""The support bundle: its files, and the page that names the probable cause."""

import json

from broken_cache import LONG_AGO

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE


def broken(cache):
    cache.unready("hbase-worker-0", restarts=2, state={"waiting": {
        "reason": "ErrImagePull", "message": "alluxio/alluxio:none: not found"}})
    cache.log("hbase-worker-0", "started", container="alluxio-worker")
    cache.log("hbase-worker-0", "ended", container="alluxio-worker", previous=True, when=LONG_AGO)
    cache.event("Pod", "hbase-worker-0", "Failed", "Error:\nErrImagePull")


def test_the_first_page_names_the_cause_with_its_evidence(cache, diagnose):
    broken(cache)
    files = diagnose(path="/tmp/any")["files"]
    page = files["index.md"].splitlines()
    assert next(iter(files)) == "index.md"
    assert page[0] == "# Diagnosis of data/hbase"
    assert page[4:9] == [
        "## Probable cause", "", "**image_pull**: Pod data/hbase-worker-0 on node node0", "",
        "- Evidence: container alluxio-worker with image alluxio/alluxio:2.9.4 is waiting: ErrImagePull: "
        "alluxio/alluxio:none: not found"]
    assert page[9] == "- Remedy: correct image and tag (fluid_image, fluid_image_tag)"
    assert "- MASTER quorum: leader hbase-master-0:19200, 3 of 3 peers AVAILABLE" in page


def test_its_files(cache, diagnose):
    broken(cache)
    cache.put_masters()
    cache.put_application("app")
    result = diagnose(path="/tmp/any")
    files = result["files"]
    assert json.loads(files["causes.json"]) == result["causes"]
    assert {"objects/cache/dataset-hbase.json", "objects/cache/alluxioruntime-hbase.json",
            "objects/cache/statefulset-hbase-master.json", "objects/pods/pod-app.json",
            "objects/pods/pod-hbase-master-0.json", "objects/nodes/node-node0.json",
            "objects/fluid/deployment-dataset-controller.json",
            "objects/claims/persistentvolumeclaim-alluxio-journal-hbase-master-0.json",
            "logs/hbase-worker-0/alluxio-worker.log", "events.txt"} <= files.keys()
    assert files["logs/hbase-worker-0/alluxio-worker.previous.log"].endswith("Z ended\n")
    assert files["events.txt"] == (
        "2026-11-23T11:59:30Z Warning Failed Pod/hbase-worker-0: Error: ErrImagePull\n")
    assert files["mounts.txt"] == "pod app on node0 (container app, /data): is read\n"
    assert json.loads(files["quorums.json"])["MASTER"]["peers"][0]["state"] == AVAILABLE


def test_a_healthy_cache(cache, diagnose):
    assert "No cause of a fault was found." in diagnose(path="/tmp/any")["files"]["index.md"].splitlines()


def test_without_a_path_there_is_no_archive(cache, diagnose):
    assert "files" not in diagnose()
