# SPDX-License-Identifier: GPL-3.0-or-later
"""Of two pods that count themselves as leader, the one that a majority answers is believed."""

import math
import re

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.raft import AVAILABLE, Peer, Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.components import MASTER
from ansible_collections.datacache.fluid.plugins.module_utils.masters.web_api import MasterWebApi

WEB, METRICS = 24110, "/metrics/prometheus/"
PODS = [{"metadata": {"name": f"hbase-master-{index}", "namespace": "data", "uid": f"uid-{index}"},
         "spec": {"containers": [
             {"name": "alluxio-master", "ports": [{"name": "web", "containerPort": WEB}]}]},
         "status": {"podIP": "10.0.0.1"}} for index in range(3)]


def silent_for(text, seconds, host="[012]"):
    return re.sub(rf"(ratis_server_hbase_master_{host}_23083_lastHeartbeatElapsedTime\{{[^}}]*\}}\s+)\S+",
                  rf"\g<1>{seconds * 1e9}", text)


@pytest.mark.parametrize("heard", [2, 25], ids=["counted-from-its-own-start", "unavailable"])
def test_a_leader_that_is_cut_off_is_not_believed(cluster, recorded, heard):
    """hbase-master-2 is cut off from the others, not from the API server; its followers have been silent for
    15 of 20 s. hbase-master-1 leads in its place, and has not heard of it.
    """
    text = recorded("leader_metrics_master.txt")
    swap = {"master-2": "master-1", "master-1": "master-2", "master_2": "master_1", "master_1": "master_2"}
    successor = re.sub("master[-_][12]", lambda found: swap[found[0]], text)
    cluster.web["hbase-master-2", WEB, METRICS] = silent_for(text, 15)
    cluster.web["hbase-master-1", WEB, METRICS] = silent_for(silent_for(successor, 1), heard, "2")
    view = MasterWebApi(cluster).ask(MASTER, PODS)
    assert view.pod == "hbase-master-1"


@pytest.mark.parametrize(("followers", "silent"), [
    ([], 0.0), ([3.0, 9.0], 3.0), ([9.0, None], 9.0), ([None, None], math.inf), ([1.0, 5.0, 2.0, 30.0], 2.0),
])
def test_the_silence_of_a_majority(followers, silent):
    peers = [Peer(f"m-{index}:1", AVAILABLE, silent=each) for index, each in enumerate(followers)]
    assert Quorum("m:1", (Peer("m:1", AVAILABLE, leader=True), *peers)).silent == silent
