# SPDX-License-Identifier: GPL-3.0-or-later
"""The role drill: the removal of its reading pod, however the drill ends."""

import pytest
from role_site import RoleSite

READER = {"name": "hbase-drill-reader-3f9a1c"}
FAILED = {"failed": True, "msg": "no image"}
LEADER = {"killed": "hbase-master-1"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return RoleSite(tmp_path_factory.mktemp("drill"))


@pytest.mark.parametrize(("answers", "modules"), [
    ({"pod": {**READER, **FAILED}}, ["alluxio_failover", "pod", "objects_absent"]),
    ({"pod": {"name": "", **FAILED}}, ["alluxio_failover", "pod"]),
    ({"pod": FAILED}, ["alluxio_failover", "pod"]),
    ({"alluxio_failover": FAILED}, ["alluxio_failover", "pod", "alluxio_failover", "objects_absent"])])
def test_a_failed_drill_removes_the_pod_that_it_created(site, answers, modules):
    answers = {"alluxio_failover in check mode": LEADER, **answers}
    [started] = site.run("failover_drill", hosts={"one": answers}, passes=False,
                         fluid_drill_confirm="hbase").values()
    assert started == modules
    assert "no image" in site.output


def test_check_mode_starts_no_pod(site):
    [started] = site.run("failover_drill", "--check", hosts={"one": {"alluxio_failover": LEADER}},
                         fluid_drill_confirm="hbase").values()
    assert started == ["alluxio_failover"]
