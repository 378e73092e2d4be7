# SPDX-License-Identifier: GPL-3.0-or-later
"""A property that the running Alluxio does not know is an error. Its `getConf` is played back."""

import subprocess

import pytest
from fake_raft import FakeRaft

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio.properties import (
    FIRST_ELECTION_TIMEOUTS,
)
from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.api.pod_exec import ExecResult
from ansible_collections.datacache.fluid.plugins.module_utils.apply.merge import Change
from ansible_collections.datacache.fluid.plugins.module_utils.errors import ApiError, Forbidden, InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import property_check
from ansible_collections.datacache.fluid.plugins.module_utils.masters import group

TIMEOUT = "alluxio.master.embedded.journal.election.timeout.min"
MISSPELT = "alluxio.master.embedded.journal.election.timeout.minimum"
SURE = "alluxio.master.journal.type"


@pytest.fixture
def alluxio(cluster, monkeypatch):
    """Three masters whose getConf knows some keys; return (pod, keys) of each question."""
    FakeRaft(cluster)
    asked = []

    def execute(_client, pod, _container, command, _timeout):
        keys = command[4:]
        asked.append((pod, keys))
        return ExecResult(0, "".join(key + "\n" for key in keys if key not in (TIMEOUT, SURE)), "")
    monkeypatch.setattr(pod_exec, "execute", execute)
    execute.asked = asked
    return execute


def require(cluster, *keys):
    property_check.require_known(cluster, ObjectRef("data", "hbase"), list(keys))


def test_what_alluxio_does_not_list_is_not_asked_for(cluster, alluxio):
    require(cluster, *FIRST_ELECTION_TIMEOUTS)
    assert alluxio.asked == []
    require(cluster, TIMEOUT, *FIRST_ELECTION_TIMEOUTS)
    assert [keys for _pod, keys in alluxio.asked] == [[TIMEOUT]]


def test_what_is_asked_for_is_that_of_the_masters():
    params = {"raft": {"profile": "fast", "write_timeout": "20s"},
              "properties": {"alluxio.a": "1", "fs.s3a.b": "2"},
              "master": {"properties": {"alluxio.c": "3"}}, "worker": {"properties": {"alluxio.d": "4"}}}
    assert property_check.declared(params) == [
        "alluxio.a", "alluxio.c", "alluxio.master.backup.delegation.enabled",
        "alluxio.master.embedded.journal.catchup.retry.wait",
        "alluxio.master.embedded.journal.election.timeout.max", TIMEOUT,
        "alluxio.master.embedded.journal.write.timeout"]


def test_what_changed_is_that_of_the_masters():
    changes = (Change(("spec", "properties", "alluxio.b")),
               Change(("spec", "master", "properties", "alluxio.a")),
               Change(("spec", "properties", "alluxio.gone"), removed=True),
               Change(("spec", "worker", "properties", "alluxio.c")),
               Change(("spec", "replicas")))
    assert property_check.changed(changes) == ["alluxio.a", "alluxio.b"]


def test_known_keys_cost_one_question(cluster, alluxio):
    require(cluster, TIMEOUT, SURE)
    assert alluxio.asked == [(ObjectRef("data", "hbase-master-0"), [TIMEOUT, SURE])]


def test_an_unknown_key_is_named(cluster, alluxio):
    with pytest.raises(InvalidInput) as refused:
        require(cluster, TIMEOUT, MISSPELT)
    assert str(refused.value) == (
        f"the Alluxio of AlluxioRuntime hbase in namespace data does not know {MISSPELT}: it would "
        "silently ignore it; check the spelling against the Alluxio version of the runtime")


# Prints the keys of a table, and those of templates that have a value, as Alluxio 2.9.0 and 2.9.4 do. Counts
# its starts.
GET_CONF = """#!/bin/bash
echo start >>"$STARTS"
[ $# -eq 1 ] || { echo "$2 is not a valid configuration key" >&2; exit 1; }
cat "$KNOWN"
for option in $ALLUXIO_JAVA_OPTS; do
  case $option in -Dalluxio.worker.tieredstore.level*.alias=*) echo "${option#-D}" ;; esac
done
"""
TEMPLATE = "alluxio.worker.tieredstore.level7.alias"
FIFTY = [f"alluxio.known.key{number}" for number in range(50)]


@pytest.mark.parametrize(("program", "keys", "found", "starts"), [
    (GET_CONF, [TIMEOUT, "alluxio.valueless"], [], 1),
    (GET_CONF, FIFTY, [], 1),
    (GET_CONF, [*FIFTY, TEMPLATE, "alluxio.worker.tieredstore.level8.alias"], [], 2),
    (GET_CONF, [*FIFTY, MISSPELT, "alluxio.known.key", TEMPLATE], [MISSPELT, "alluxio.known.key"], 2),
    ("#!/bin/bash\necho start >>$STARTS; exit 1\n", [TIMEOUT, MISSPELT], [], 1),
], ids=["known", "fifty", "templates", "misspelt", "broken"])
def test_the_command_prints_the_unknown_keys_alone(tmp_path, program, keys, found, starts):
    """A known key without a value is known, and a program that always fails tells of none."""
    (tmp_path / "alluxio").write_text(program)
    (tmp_path / "alluxio").chmod(0o755)
    (tmp_path / "known").write_text("".join(f"{key}={'10s' if key == TIMEOUT else ''}\n"
                                            for key in [TIMEOUT, "alluxio.valueless", *FIFTY]))
    result = subprocess.run(["bash", "-c", group._FIND_UNKNOWN, "find", *keys], check=True,
                            capture_output=True, text=True,
                            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "KNOWN": str(tmp_path / "known"),
                                 "STARTS": str(tmp_path / "starts")})
    assert result.stdout.split() == found
    assert (tmp_path / "starts").read_text() == "start\n" * starts


@pytest.mark.parametrize("keys", [[], [TIMEOUT]], ids=["no-keys", "no-masters"])
def test_nothing_to_ask_or_nobody_to_be_asked(cluster, keys):
    require(cluster, *keys)


@pytest.mark.parametrize("status", [403, 500])
def test_without_the_permission_a_created_runtime_stays_unproven(cluster, alluxio, monkeypatch, status):
    def refuse(*_args):
        raise {403: Forbidden, 500: ApiError}[status]("refused", status)
    monkeypatch.setattr(pod_exec, "execute", refuse)
    if status == 403:
        property_check.require_declared_known(cluster,
                                              {"name": "hbase", "namespace": "data",
                                               "properties": {TIMEOUT: "1s"}})
    else:
        with pytest.raises(ApiError):
            property_check.require_declared_known(
                cluster, {"name": "hbase", "namespace": "data", "properties": {TIMEOUT: "1s"}})
