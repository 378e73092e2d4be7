# SPDX-License-Identifier: GPL-3.0-or-later
"""Running modules in this process, on the cluster in memory."""

import json
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from importlib import import_module
from types import SimpleNamespace
from unittest import mock

import fake_failover
import pytest
from ansible.module_utils.basic import AnsibleModule
from fake_journals import FakeJournals
from fake_masters import FakeMasters
from module_arguments import patch_module_args
from playbook_permissions import lacking
from restorations import CLAIM, OTHER_FILES

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline, pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.module import run as module_run
from ansible_collections.datacache.fluid.plugins.module_utils.preflight.permissions import Access
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import verification

PLUGINS = "ansible_collections.datacache.fluid.plugins"


@pytest.fixture
def run(cluster, monkeypatch, capsys):
    """Run a module with options and return its result, with the text of its warnings under `warnings`.

    Each playbook that runs the module with these options has the permissions for what it has asked of the
    cluster.
    """
    monkeypatch.setattr(module_run, "connect", lambda _params: cluster)
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock())
    warnings = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warnings.append(text))

    def run_module(plugin, /, check=False, diff=False, **options):
        warnings.clear()
        cluster.accesses.clear()
        capsys.readouterr()
        module = import_module(PLUGINS + ".modules." + plugin)
        with patch_module_args({**options, "_ansible_check_mode": check, "_ansible_diff": diff}), \
                noted_commands(cluster), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        assert lacking(plugin, options, cluster.accesses) == []
        return {**result, "warnings": list(warnings)}
    return run_module


@contextmanager
def noted_commands(cluster):
    """Note the permissions that commands in pods need, whatever executes them."""
    def noting(execute):
        def noted(client, pod, *args, **more):
            cluster.accesses |= {Access("", "pods/exec", verb, pod.namespace) for verb in ("get", "create")}
            return execute(client, pod, *args, **more)
        return noted
    with ExitStack() as stack:
        for name in ("execute", "receive", "send"):
            stack.enter_context(mock.patch.object(pod_exec, name, noting(getattr(pod_exec, name))))
        yield


@pytest.fixture
def cache(cluster, tmp_path, monkeypatch):
    """A cache of three masters with a claim for its backups."""
    return FakeJournals(cluster, tmp_path, monkeypatch)


@pytest.fixture
def masters(cluster, recorded, monkeypatch):
    """Three masters of a cache; nothing reads the properties of their processes."""
    group = FakeMasters(cluster, recorded, monkeypatch)
    monkeypatch.setattr(deadline, "SYSTEM_CLOCK", cluster.virtual_clock(group.now))
    monkeypatch.setattr(verification, "require_in_force", lambda *_args: None)
    return group


@pytest.fixture
def time(cluster):
    """The clock of this machine and of the API server, which a test sets forward."""
    clock = SimpleNamespace(now=datetime(2026, 11, 24, 18, 0, tzinfo=timezone.utc))
    cluster.utc_now = cluster.server_time = lambda: clock.now
    clock.forward = lambda **much: setattr(clock, "now", clock.now + timedelta(**much))
    return clock


@pytest.fixture
def failover(cluster, monkeypatch):
    return fake_failover.make(cluster, monkeypatch)


@pytest.fixture
def saved(cache, run, time):
    """The backup of a cache whose files have changed since."""
    made = run("alluxio_backup", **CLAIM)["backup"]
    cache.set_tree(OTHER_FILES)
    time.forward(hours=1)
    cache.commands.clear()
    cache.cluster.requests.clear()
    return made
