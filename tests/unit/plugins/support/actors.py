# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs that act on the masters of a CacheSite, as the modules perform them; all take a site.

Each reads the time from deadline.SYSTEM_CLOCK, which a test replaces.
"""

from fake_masters import NAMESPACE
from rollout_site import MIN

from ansible_collections.datacache.fluid.plugins.module_utils.backup import create
from ansible_collections.datacache.fluid.plugins.module_utils.backup.restore import ensure as backup_restore
from ansible_collections.datacache.fluid.plugins.module_utils.drill import ensure as drill_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.progress import Reporter
from ansible_collections.datacache.fluid.plugins.module_utils.quorum import ensure as quorum_ensure
from ansible_collections.datacache.fluid.plugins.module_utils.rollout import ensure as rollout_ensure

IDENTITY = {"name": "hbase", "namespace": NAMESPACE, "wait_timeout": 900}
QUORUM = {**IDENTITY, "leader": None, "exclude_node": None, "stable_peer_addresses": True, "rebuild": None}
BACKUP = {**IDENTITY, "claim": "backups", "path": "alluxio", "image": None, "keep": None, "max_age": None,
          "verify_tree": True}


def reporter():
    return Reporter(lambda _text: None, lambda _text: None)


def roll(one, restarted_after=None):
    params = {**IDENTITY, "spread_masters": None, "restarted_after": restarted_after}
    return rollout_ensure.ensure(one.cluster, params, False, reporter())


def rolling_restart(one):
    return roll(one, one.masters.now().strftime("%Y-%m-%dT%H:%M:%SZ"))


def property_rollout(one):
    one.masters.declare(properties={MIN: "1s"})
    return roll(one)


def scale(one):
    one.masters.declare(master={"replicas": 5})
    return roll(one)


def shrink(one):
    """Of a site with five masters."""
    one.masters.declare(master={"replicas": 3})
    return roll(one)


def heal(one):
    """A follower has closed its Raft server, and a heal comes that another master has to lead after."""
    one.masters.close_raft_server("hbase-master-2")
    return quorum_ensure.ensure(one.cluster, {**QUORUM, "leader": "hbase-master-1"}, False, reporter())


def rebuild(one):
    return quorum_ensure.ensure(one.cluster, {**QUORUM, "rebuild": "hbase-master-1"}, False, reporter())


def drill(one):
    return drill_ensure.ensure(one.cluster, {
        **IDENTITY, "confirm": "hbase", "max_failover_seconds": None, "reader_pod": None,
        "probe_writes": True, "kill": "process"}, False, reporter())


def backup(one):
    return create.ensure(one.cluster, BACKUP, False, reporter())


def save(one):
    """Back the cache up under one.saved, then write what the backup lacks."""
    one.saved = backup(one)["backup"]["name"]
    one.masters.write("later")
    one.cluster.sleep(30)


def restore(one, name="latest", discard_journals_of=None):
    return backup_restore.ensure(one.cluster, {
        **BACKUP, "backup": name, "confirm": f"{NAMESPACE}/hbase", "force_foreign": False,
        "skip_safety_backup": False, "discard_journals_of": discard_journals_of}, False, reporter())
