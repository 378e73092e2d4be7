# SPDX-License-Identifier: GPL-3.0-or-later
"""The action validate_variables: what it makes of the variables of a host."""

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.datacache.fluid.plugins.action.validate_variables import ActionModule


class Templar:
    def template(self, value):
        if value == "{{ undefined }}":
            raise AnsibleError("'undefined' is undefined")
        rendered = {"{{ count }}": 5, "{{ word }}": "three"}
        return rendered.get(value, value) if isinstance(value, str) else value


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(ActionBase, "run", lambda _self, _tmp, _task_vars: {})
    monkeypatch.setattr(ActionBase, "validate_argument_spec",
                        lambda self, spec: (None, {name: self._task.args.get(name, []) for name in spec}))

    def action(required=(), collections=(), **task_vars):
        plugin = ActionModule.__new__(ActionModule)
        plugin._task = SimpleNamespace(args={"required": list(required), "collections": list(collections)})
        plugin._templar = Templar()
        return plugin.run(task_vars=task_vars)
    return action


def test_valid_variables_and_those_of_others_pass(run):
    assert run(["fluid_name"], fluid_name="hbase", fluid_worker_replicas="{{ count }}",
               inventory_hostname="h", fluidity="x") == {"changed": False}


def test_a_template_that_fails_is_left_to_the_task_that_uses_it(run):
    assert run(fluid_kubeconfig="{{ undefined }}") == {"changed": False}


def test_one_sentence_for_each_fault(run):
    assert run(["fluid_name"], fluid_nam="hbase", fluid_worker_replicas="{{ word }}") == {
        "changed": False, "failed": True,
        "msg": "no playbook of datacache.fluid reads fluid_nam: did you mean fluid_name?; "
               "fluid_name is not given: Set fluid_name, the name of the cache, in the inventory.; "
               "fluid_worker_replicas is 'three': expected a whole number, such as 2"}


def test_a_master_of_the_inventory_plugin_is_refused(run):
    assert run(["fluid_name"], alluxio_cache="hbase.data") == {
        "changed": False, "failed": True,
        "msg": "the host is a master of the cache hbase.data: the playbooks run on caches; give "
               "-e fluid_hosts=alluxio_caches"}


def test_a_collection_that_is_absent_gets_one_sentence(run):
    assert run(collections=["datacache.fluid"]) == {"changed": False}
    for absent in ("datacache.absent", "no_namespace.absent"):
        assert run(collections=[absent]) == {
            "changed": False, "failed": True,
            "msg": f"the collection {absent} is not installed: install it with "
                   f"ansible-galaxy collection install {absent}"}
