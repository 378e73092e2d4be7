# SPDX-License-Identifier: GPL-3.0-or-later
"""Running modules in this process, on the cluster in memory."""

import json
from datetime import datetime, timedelta, timezone
from functools import partial
from importlib import import_module
from types import SimpleNamespace

import fake_failover
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from fake_journals import FakeJournals
from restorations import CLAIM, OTHER_FILES

from ansible_collections.datacache.fluid.plugins.module_utils.api import pod_exec
from ansible_collections.datacache.fluid.plugins.module_utils.backup import create as backup_create
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import waits
from ansible_collections.datacache.fluid.plugins.module_utils.masters import group
from ansible_collections.datacache.fluid.plugins.module_utils.masters.group import Masters
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import stable_addresses

PLUGINS = "ansible_collections.datacache.fluid.plugins"
# Where connect was imported by name.
CONNECTS = ("module_utils.module.resource", "module_utils.module.info", "module_utils.rollout.ensure", "modules.dataset_volume",
            "modules.alluxio_quorum_info",
            "modules.alluxio_quorum", "modules.alluxio_failover", "modules.alluxio_backup", "modules.alluxio_backup_info",
            "modules.alluxio_restore")


@pytest.fixture
def run(cluster, monkeypatch, capsys):
    """Run a module with options and return its result, with the text of its warnings under `warnings`."""
    for name in CONNECTS:
        monkeypatch.setattr(import_module(PLUGINS + "." + name), "connect", lambda _params: cluster)
    for user in (stable_addresses, backup_create, waits):
        monkeypatch.setattr(user, "Waiter", partial(user.Waiter, clock=cluster.clock, sleep=cluster.sleep))
    warnings = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warnings.append(text))

    def run_module(plugin, /, check=False, diff=False, **options):
        warnings.clear()
        capsys.readouterr()
        module = import_module(PLUGINS + ".modules." + plugin)
        with patch_module_args({**options, "_ansible_check_mode": check, "_ansible_diff": diff}), pytest.raises(SystemExit) as ended:
            module.main()
        result = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        return {**result, "warnings": list(warnings)}
    return run_module


@pytest.fixture
def cache(cluster, tmp_path, monkeypatch):
    """A cache of three masters with a claim for its backups."""
    made = FakeJournals(cluster, tmp_path, monkeypatch)
    for name in ("execute", "receive", "send"):
        monkeypatch.setattr(pod_exec, name, getattr(made, name))
    monkeypatch.setattr(group, "execute", made.execute)
    monkeypatch.setattr(Masters, "quorum", lambda _self, domain: made.quorum(domain))
    return made


@pytest.fixture
def time(monkeypatch):
    """A clock that a test sets forward."""
    clock = SimpleNamespace(now=datetime(2026, 11, 24, 18, 0, tzinfo=timezone.utc))
    monkeypatch.setattr(backup_create, "now", lambda: clock.now)
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
