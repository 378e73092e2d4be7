# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the quorum is asked of, when some masters do not answer. Commands in containers are played back."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils import kinds, masters
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, QuorumUnknown
from ansible_collections.datacache.fluid.plugins.module_utils.masters import JOB_MASTER, MASTER, Masters
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import Quorum
from ansible_collections.datacache.fluid.plugins.module_utils.streams import Executed

LABELS = {"release": "hbase", "role": "alluxio-master"}


@pytest.fixture
def group(cluster, monkeypatch):
    """Return the masters of a runtime; pods: name to whether it is ready, answers: name to what its CLI says."""
    def make(pods, answers):
        for name, ready in pods.items():
            conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
            cluster.put(kinds.POD, {
                "metadata": {"name": name, "namespace": "data", "labels": LABELS}, "status": {"conditions": conditions}})

        def execute(_client, namespace, pod, container, command, _timeout):
            asked.append((namespace, pod, container, " ".join(command)))
            if isinstance(answers[pod], Exception):
                raise answers[pod]
            return answers[pod]
        monkeypatch.setattr(masters, "execute", execute)
        return Masters(cluster, "data", "hbase")
    asked = []
    make.asked = asked
    return make


@pytest.mark.parametrize("domain", [MASTER, JOB_MASTER])
def test_the_first_master_that_answers_is_enough(group, recorded, domain):
    said = Executed(0, recorded("quorum_info_master.txt"), "")
    quorum, pod = group({"hbase-master-0": True, "hbase-master-1": True}, {"hbase-master-0": said}).quorum(domain)
    assert (quorum.leader, pod) == ("hbase-master-1:21181", "hbase-master-0")
    assert group.asked == [
        ("data", "hbase-master-0", "alluxio-master", "alluxio fsadmin journal quorum info -domain " + domain)]


def test_ready_masters_are_asked_first(group, recorded):
    said = Executed(0, recorded("quorum_info_master.txt"), "")
    found = group({"hbase-master-0": False, "hbase-master-1": True}, {"hbase-master-1": said}).quorum(MASTER)
    assert found[1] == "hbase-master-1"
    assert len(group.asked) == 1


def test_a_master_that_does_not_answer_is_passed_over(group, recorded):
    answers = {"hbase-master-0": ApiError("no such container"), "hbase-master-1": Executed(1, "", "no leader\n"),
               "hbase-master-2": Executed(0, recorded("quorum_info_master.txt"), "")}
    assert group(dict.fromkeys(answers, True), answers).quorum(MASTER)[1] == "hbase-master-2"


def test_when_none_answers_each_ones_reason_is_told(group):
    answers = {"hbase-master-0": ApiError("no such container"), "hbase-master-1": Executed(1, "", "no leader\n")}
    with pytest.raises(QuorumUnknown) as unknown:
        group(dict.fromkeys(answers, True), answers).quorum(MASTER)
    assert str(unknown.value) == (
        "no master of AlluxioRuntime hbase in namespace data tells of its MASTER quorum: hbase-master-0: no such container; "
        "hbase-master-1: exit code 1: no leader")


def test_without_pods_nobody_can_be_asked(group):
    with pytest.raises(QuorumUnknown, match="there is no master pod"):
        group({}, {}).quorum(MASTER)


def test_a_single_master_is_a_group_of_one(group):
    text = "Current leader master: hbase-master-0/<unresolved>:19998\nAll masters: [hbase-master-0/<unresolved>:19998]\n"
    quorum, pod = group({"hbase-master-0": True}, {"hbase-master-0": Executed(0, text, "")}).single()
    assert (quorum.leader, quorum.complete(1), pod) == ("hbase-master-0:19998", True, "hbase-master-0")
    assert group.asked[0][3] == "alluxio fs masterInfo"


@pytest.mark.parametrize(("domain", "container"), [(MASTER, "alluxio-master"), (JOB_MASTER, "alluxio-job-master")])
def test_the_term_comes_from_the_leaders_log(cluster, group, recorded, domain, container):
    cluster.logs["hbase-master-1", container] = recorded("raft_leader_log.txt")
    found = group({"hbase-master-1": True}, {}).with_term(Quorum("hbase-master-1:21181"), domain)
    assert found == Quorum("hbase-master-1:21181", term=1)


@pytest.mark.parametrize("leader", [None, "10.10.0.12:21181"], ids=["no-leader", "leader-that-is-no-pod"])
def test_without_the_leaders_pod_the_term_is_not_known(group, leader):
    assert group({"hbase-master-1": True}, {}).with_term(Quorum(leader), MASTER) == Quorum(leader)
