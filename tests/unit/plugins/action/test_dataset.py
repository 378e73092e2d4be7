# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action gives to the module that it watches; that a person sees the lines is tested in tests/api.
"""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.datacache.fluid.plugins.action import dataset
from ansible_collections.datacache.fluid.plugins.action.dataset import ActionModule
from ansible_collections.datacache.fluid.plugins.module_utils.progress import ACTION, CALLER, VARIABLE


@pytest.fixture
def action(monkeypatch):
    """Run an action whose module does something, and return (its result, the environment that the module
    had).
    """
    def run(transport="local", async_val=0, environment=None, module=lambda _environment: {"changed": True},
            **task_vars):
        seen = []

        def execute(self, task_vars, wrap_async):
            seen.append(self._task.environment)
            return module(self._task.environment)
        monkeypatch.setattr(ActionBase, "run", lambda _self, _tmp, _task_vars: {})
        monkeypatch.setattr(ActionBase, "_execute_module", execute)
        action = ActionModule.__new__(ActionModule)
        action._connection = SimpleNamespace(transport=transport)
        action._task = SimpleNamespace(async_val=async_val, environment=environment)
        return action.run(task_vars={"inventory_hostname": "localhost", **task_vars}), seen[0]
    return run


def progress_file(environment):
    return Path(environment[-1][VARIABLE])


def test_the_module_can_write_to_a_file_that_goes_with_it(action):
    def module(environment):
        progress_file(environment).write_text("waiting\n")
        return {"changed": True, "written": True}
    result, environment = action(module=module)
    assert result == {"changed": True, "written": True}
    assert not progress_file(environment).exists()
    assert not progress_file(environment).parent.exists()


def test_the_tasks_own_environment_stays(action):
    _result, environment = action(environment=[{"HTTPS_PROXY": "http://proxy"}])
    assert environment[0] == {"HTTPS_PROXY": "http://proxy"}
    assert len(environment) == 2


@pytest.mark.parametrize("where", [{"transport": "ssh"}, {"async_val": 60}], ids=["remote", "async"])
def test_where_the_file_is_out_of_reach_the_module_runs_as_ever(action, where):
    result, environment = action(**where)
    assert result == {"changed": True}
    assert environment is None


def test_a_module_that_fails_leaves_nothing_behind(action):
    seen = []

    def module(environment):
        seen.append(progress_file(environment))
        raise RuntimeError("worker died")
    with pytest.raises(RuntimeError):
        action(module=module)
    assert not seen[0].parent.exists()


@pytest.mark.parametrize("where", [{}, {"transport": "ssh"}, {"async_val": 60}],
                         ids=["local", "remote", "async"])
@pytest.mark.parametrize(("known", "caller"), [
    ({"ansible_play_name": "Restart", "awx_job_id": 7}, "play Restart, AWX job 7"),
    ({"ansible_play_name": "Restart"}, "play Restart"),
])
def test_the_module_learns_the_play_and_the_job(action, where, known, caller):
    _result, environment = action(**where, **known)
    assert environment[0] == {CALLER: caller}


def test_each_action_is_displayed_and_a_state_again_only_when_it_changes(action, monkeypatch):
    monkeypatch.setattr(dataset, "_READ_PAUSE", 0.01)
    monkeypatch.setattr(dataset, "_QUIET", 0.0)
    shown = []
    monkeypatch.setattr(dataset.Display, "display", lambda _self, text, stderr: shown.append(text))

    def module(environment):
        with progress_file(environment).open("a") as file:
            for second in range(5):
                file.write(f"waiting: hbase-master-2 has run for {second} s\n")
                file.flush()
                time.sleep(0.05)
            for name in ("hbase-master-1", "hbase-master-0"):
                file.write(f"{ACTION}restarting master {name}\n")
        return {}
    action(module=module)
    assert [text.rpartition(" (")[0] for text in shown] == [
        "[localhost] waiting: hbase-master-2 has run for 0 s",
        "[localhost] restarting master hbase-master-1",
        "[localhost] restarting master hbase-master-0"]
