# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that a playbook refuses before a module starts, with a sentence that names the variable."""

import json

import pytest
from role_site import RoleSite


@pytest.mark.parametrize(("playbook", "answers", "sentence"), [
    ("switch_leader", {}, "Set one of fluid_leader and fluid_exclude_node"),
    ("switch_leader", {"fluid_leader": " ", "fluid_exclude_node": ""},
     "Set one of fluid_leader and fluid_exclude_node"),
    ("switch_leader", {"fluid_leader": "hbase-master-1", "fluid_exclude_node": "node2"},
     "Set one of fluid_leader and fluid_exclude_node"),
    ("rebuild_master", {"fluid_rebuild": " "}, "fluid_rebuild is empty"),
    ("report", {"fluid_report_page": " "}, "fluid_report_page is not set"),
    ("report", {"fluid_report_page": "/srv/caches.txt"}, "fluid_report_page is '/srv/caches.txt'"),
], ids=["none", "blank", "both", "blank-pod", "blank-page", "no-page"])
def test_no_module_starts(tmp_path, playbook, answers, sentence):
    site = RoleSite(tmp_path)
    assert site.run(playbook, passes=False, **answers) == {"one": []}
    assert sentence in " ".join(site.output.split())


def test_one_answer_transfers_the_leadership(tmp_path):
    site = RoleSite(tmp_path)
    started = site.run("switch_leader", fluid_exclude_node="node2", fluid_leader="")
    assert started == {"one": ["alluxio_quorum"]}


# Fails unless its option rebuild is the name alone.
STRICT = """#!/usr/bin/python
# WANT_JSON
import json, sys
given = json.load(open(sys.argv[1]))
print(json.dumps({"changed": False, "leader": "", "failed": given["rebuild"] != "hbase-master-1"}))
"""


def test_blanks_around_the_name_of_a_pod_are_no_part_of_it(tmp_path):
    """As a form gives a name that was copied."""
    site = RoleSite(tmp_path)
    (site.modules / "alluxio_quorum.py").write_text(STRICT)
    assert site.run("rebuild_master", fluid_rebuild=" hbase-master-1 ") == {"one": ["alluxio_quorum"]}


@pytest.mark.parametrize(("playbook", "answer"), [
    ("cleanup", " "), ("heal", " "), ("cleanup", ","), ("cleanup", [""])])
def test_blank_hosts_are_no_choice_of_all_caches(tmp_path, playbook, answer):
    """AWX accepts a blank as the answer to a required question."""
    site = RoleSite(tmp_path)
    assert site.run(playbook, "-e", json.dumps({"fluid_hosts": answer}), passes=False) == {"one": []}
    assert "fluid_hosts is blank: expected hosts or a group of the inventory" in " ".join(site.output.split())
