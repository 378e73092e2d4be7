# SPDX-License-Identifier: GPL-3.0-or-later
"""A restoration while no API server answers: nobody has seen then that a majority has no journals."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import ELECTION_TIMEOUT_MAX
from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import ensure as restore
from ansible_collections.datacache.fluid.plugins.module_utils.errors import QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import kinds as fluid_kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters


@pytest.mark.parametrize(("election", "outage"), [("5s", 0), ("5s", 16), ("20s", 65), ("1s", 5)],
                         ids=["none", "balanced", "alluxios-own", "fast"])
def test_an_outage_is_no_time_without_journals(cluster, journals, params, reporter, warnings, monkeypatch,
                                               election, outage):
    """A switch restarts: neither this run nor two kubelets reach the API server, and the masters do not reach
    each other. Two seconds after it is back the nodes are Ready, then a leader is elected.
    """
    cluster.change(fluid_kinds.ALLUXIO_RUNTIME, "hbase", "data", {
        "spec": {"properties": {ELECTION_TIMEOUT_MAX: election}}})
    cluster.put(kinds.CONFIG_MAP, {"metadata": {"name": "hbase-config", "namespace": "data"}, "data": {
        "ALLUXIO_JAVA_OPTS": f"-D{ELECTION_TIMEOUT_MAX}={election}"}})
    armed, began = [], []

    def ready(index, value):
        # as the node lifecycle controller sets it: the pod alone, its containers stay ready
        if cluster.stored(kinds.POD, f"hbase-master-{index}", "data"):
            cluster.change(kinds.POD, f"hbase-master-{index}", "data", {
                "status": {"conditions": [{"type": "Ready", "status": value}]}})

    def quorum(masters, domain):
        masters.pods()  # as the real one, which lists the pods first, by the guarded client
        if armed and not began:
            began.append(cluster.now)
            journals.lead("")
            for index in (0, 2):
                cluster.later(max(0, outage - 5), lambda index=index: ready(index, "False"))
                cluster.later(outage + 2, lambda index=index: ready(index, "True"))
            cluster.later(outage + 5, lambda: journals.lead("hbase-master-1"))
            if outage:
                cluster.go_down(outage)
            raise QuorumUnknown("nobody leads")
        return journals.quorum(domain)

    monkeypatch.setattr(Masters, "quorum", quorum)
    create.ensure(cluster, params(), False, reporter)
    journals.set_tree(["drwxr-xr-x root root 0 PERSISTED 11-24-2026 11:00:00:000 DIR /acknowledged-since"])
    armed.append(1)
    result = restore.ensure(cluster, params(), False, reporter)
    assert began
    assert result["safety_backup"], f"{warnings}"


def test_two_outages_are_no_time_without_journals(cluster, journals, params, reporter, warnings, monkeypatch):
    """A switch restarts twice: the only look in between comes before the nodes are Ready again."""
    armed, looks = [], []

    def ready(value):
        for index in (0, 2):
            if cluster.stored(kinds.POD, f"hbase-master-{index}", "data"):
                cluster.change(kinds.POD, f"hbase-master-{index}", "data", {
                    "status": {"conditions": [{"type": "Ready", "status": value}]}})

    def quorum(masters, domain):
        masters.pods()
        if not armed or len(looks) == 3:
            return journals.quorum(domain)
        looks.append(cluster.now)
        if len(looks) == 1:
            journals.lead("")  # the masters notice it first
        elif len(looks) == 2:
            cluster.later(60, lambda: ready("False"))
            cluster.go_down(65)
        else:
            cluster.later(92, lambda: ready("True"))
            cluster.later(95, lambda: journals.lead("hbase-master-1"))
            cluster.go_down(90)
        raise QuorumUnknown("nobody leads")

    monkeypatch.setattr(Masters, "quorum", quorum)
    create.ensure(cluster, params(), False, reporter)
    journals.set_tree(["drwxr-xr-x root root 0 PERSISTED 11-24-2026 11:00:00:000 DIR /acknowledged-since"])
    armed.append(1)
    result = restore.ensure(cluster, params(), False, reporter)
    assert len(looks) == 3
    assert result["safety_backup"], f"{warnings}"
