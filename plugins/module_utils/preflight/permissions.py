# SPDX-License-Identifier: GPL-3.0-or-later
"""The permissions of docs/rbac.yml, and the playbooks that need each. Pure.

A test compares both: a permission that is added to one is added to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from . import finding
from .finding import Finding

CACHE, FLUID, CLUSTER = "cache", "fluid", "cluster"
# Each of these runs the role deploy.
_DEPLOY = ("deploy", "deploy_ha", "scale_masters", "scale_workers")
_ROLL = (*_DEPLOY, "rolling_restart")
_MASTERS = (*_ROLL, "switch_leader", "rebuild_master", "heal")
_CLIENTS = ("roll_workers",)
_VERIFY, _DIAGNOSE = ("verify", "deploy_ha"), ("diagnose", "report")
_READ = (*_VERIFY, *_DIAGNOSE)
_INSTALL = ("install", "deploy_ha", "upgrade")
_UPGRADE = ("upgrade",)
_BACKUPS = ("backup", "restore")
_DRILL = ("failover_drill",)
_CLEANUP = ("cleanup",)
_REMOUNT = ("remount",)
_OPERATIONS = ("data_operations",)
_INVENTORY = ("inventory",)
_EVENTS = ("events",)
_EACH_CACHE = tuple(dict.fromkeys(
    (*_MASTERS, *_CLIENTS, *_READ, *_BACKUPS, *_DRILL, *_CLEANUP, *_REMOUNT)))
# The playbooks, and beside them the modules of data operations, the inventory plugin and the event source.
USERS = tuple(dict.fromkeys((*_EACH_CACHE, *_INSTALL, *_OPERATIONS, *_INVENTORY, *_EVENTS)))
_RUNTIMES = ("jindoruntimes", "juicefsruntimes", "thinruntimes", "efcruntimes", "vineyardruntimes",
             "goosefsruntimes", "cacheruntimes")
_FLUID_GROUP = "data.fluid.io"
_LOST = "masters whose local volumes are lost with their nodes are waited for"
_OWN_RUNS = "masters that a run restarts or adds are reported as lost"
_MOVES = "declared masters are not added, and no journal moves onto a claim"


class Access(NamedTuple):
    """A verb on a resource, such as pods/log. namespace: None for all of them, or a cluster-scoped one."""

    group: str
    resource: str
    verb: str
    namespace: str | None = None


@dataclass(frozen=True)
class Need:
    """Verbs on resources of a group. scope: the Role of the cache's namespace or of Fluid's, or the
    ClusterRole. users: those of USERS that send such requests. without: what an account without them cannot
    do although the playbook succeeds; empty if it fails.
    """

    scope: str
    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    users: tuple[str, ...]
    without: str = ""


NEEDS = (
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("get",), _EACH_CACHE),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list", "watch", "create", "patch"), _DEPLOY),
    Need(CACHE, _FLUID_GROUP, ("datasets",), ("list", "watch"), (*_VERIFY, "report")),
    Need(CACHE, _FLUID_GROUP, ("alluxioruntimes",), ("delete",), _DEPLOY, "fluid_recreate fails"),
    Need(CACHE, "", ("pods",), ("watch",), _DEPLOY, "fluid_recreate fails"),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("delete",), _CLEANUP),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list",), _CLEANUP,
         "a namespace that other workloads may use stays"),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("get",), _OPERATIONS),
    Need(CACHE, "", ("pods",), ("list",), _OPERATIONS),
    Need(CACHE, "", ("pods/proxy",), ("get",), _OPERATIONS),
    Need(CACHE, "", ("pods/log",), ("get",), _OPERATIONS, "the message of a failure has no log"),
    Need(CACHE, "", ("events",), ("list",), _OPERATIONS, "the message of a timeout has no events"),
    Need(CACHE, _FLUID_GROUP, _RUNTIMES, ("get",), (*_OPERATIONS, *_CLEANUP),
         "the message of a timeout names no runtime of another kind"),
    Need(CACHE, _FLUID_GROUP, ("dataloads", "datamigrates", "dataprocesses"),
         ("get", "list", "watch", "create", "patch", "delete"), _OPERATIONS),
    Need(CACHE, _FLUID_GROUP, ("databackups",), ("get", "list"), _OPERATIONS),
    Need(CACHE, "batch", ("cronjobs",), ("get",), _OPERATIONS, "a wait for an operation with policy Cron "
         "does not see its CronJob"),
    Need(CACHE, _FLUID_GROUP, _RUNTIMES, ("get",), _DEPLOY),
    Need(CACHE, "", ("persistentvolumeclaims",), ("get",),
         (*_DEPLOY, *_READ, *_BACKUPS, *_CLEANUP, "rebuild_master")),
    Need(CACHE, "", ("persistentvolumeclaims",), ("list",), (*_DIAGNOSE, *_BACKUPS)),
    Need(CACHE, "", ("persistentvolumeclaims",), ("list", "watch", "patch"), _DEPLOY),
    Need(CACHE, "", ("persistentvolumeclaims",), ("list", "delete"), _CLEANUP),
    Need(CACHE, "", ("persistentvolumeclaims",), ("delete",), ("rebuild_master",)),
    Need(CACHE, "", ("persistentvolumeclaims",), ("delete",), ("restore",), _LOST),
    Need(CACHE, "", ("pods", "events"), ("list",), _EACH_CACHE),
    Need(CACHE, "", ("pods/log",), ("get",), (*_MASTERS, *_READ, *_DRILL, *_BACKUPS)),
    Need(CACHE, "apps", ("statefulsets",), ("list",), (*_DEPLOY, *_DIAGNOSE)),
    Need(CACHE, "apps", ("statefulsets",), ("watch", "create", "delete"), _DEPLOY),
    Need(CACHE, "apps", ("statefulsets",), ("get", "patch"), (*_MASTERS, "restore", *_DRILL)),
    Need(CACHE, "apps", ("statefulsets",), ("list",), ("backup",), "backup_keep removes no backup"),
    Need(CACHE, "apps", ("statefulsets",), ("get",), (*_BACKUPS, *_REMOUNT, *_CLIENTS)),
    Need(CACHE, "apps", ("statefulsets",), ("watch", "create", "delete"), ("rolling_restart",), _MOVES),
    Need(CACHE, _FLUID_GROUP, ("alluxioruntimes",), ("patch",), ("rolling_restart",), _MOVES),
    Need(CACHE, "", ("persistentvolumeclaims",), ("list",), ("rolling_restart",), _MOVES),
    Need(CACHE, "", ("pods",), ("create", "delete", "watch"), (*_VERIFY, *_BACKUPS, *_DRILL)),
    Need(CACHE, "", ("pods",), ("create", "delete", "watch"), ("report",),
         "the page shows no sample of the files"),
    Need(CACHE, "", ("pods",), ("get",), (*_MASTERS, *_DRILL, *_CLIENTS)),
    Need(CACHE, "", ("pods",), ("delete",), (*_ROLL, *_CLIENTS, *_CLEANUP, "rebuild_master")),
    Need(CACHE, "", ("pods",), ("patch",), _MASTERS, "a scheduled run may repeat what an earlier one tried"),
    Need(CACHE, "", ("pods/eviction",), ("create",), (*_ROLL, *_CLIENTS)),
    Need(CACHE, "", ("pods/proxy",), ("get",), (*_MASTERS, *_READ, *_DRILL, *_BACKUPS)),
    Need(CACHE, "", ("pods/exec",), ("get", "create"), (*_MASTERS, *_DRILL, *_BACKUPS, *_REMOUNT, *_CLIENTS)),
    Need(CACHE, "", ("pods/exec",), ("get", "create"), ("verify", *_DIAGNOSE),
         "the mounts in running pods are unknown, and masters answer by pods/proxy alone"),
    Need(CACHE, "", ("services",), ("get", "list"), _MASTERS),
    Need(CACHE, "", ("services",), ("list",), (*_DIAGNOSE, *_DRILL)),
    Need(CACHE, "", ("services",), ("watch", "create", "delete"), _MASTERS),
    Need(CACHE, "", ("secrets",), ("get",), (*_REMOUNT, *_DEPLOY),
         "Secrets that do not exist are not found, and a mount does not wait for their present contents"),
    Need(CACHE, "", ("configmaps",), ("get", "patch"), (*_MASTERS, *_REMOUNT, "restore")),
    Need(CACHE, "", ("configmaps",), ("get",), ("backup",), "only the declared election timeouts are known"),
    Need(CACHE, "", ("configmaps",), ("get", "list"), _CLEANUP),
    Need(CACHE, "apps", ("controllerrevisions",), ("list",), _ROLL,
         "a reverted change restarts all masters"),
    Need(CACHE, "coordination.k8s.io", ("leases",), ("get", "create", "patch", "delete"),
         (*_MASTERS, *_DRILL, *_BACKUPS, *_REMOUNT, *_CLIENTS)),
    Need(CACHE, "policy", ("poddisruptionbudgets",), ("get", "list", "create", "patch", "delete"), _DEPLOY),
    Need(CACHE, "monitoring.coreos.com", ("servicemonitors", "prometheusrules"),
         ("get", "create", "patch", "delete"), _DEPLOY, "fluid_metrics fails"),
    Need(CACHE, "", ("configmaps",), ("get", "create", "patch", "delete"), _DEPLOY, "fluid_metrics fails"),
    Need(CACHE, "batch", ("jobs",), ("list", "delete"), _CLEANUP),
    Need(CACHE, "apps", ("daemonsets",), ("list",), _CLEANUP),
    Need(CACHE, "", ("services",), ("list",), _CLEANUP, "Services that Fluid has left are not found"),
    Need(CACHE, "coordination.k8s.io", ("leases",), ("get",), _CLEANUP, "a Lease that is left is not found"),
    Need(CACHE, "policy", ("poddisruptionbudgets",), ("get",), _CLEANUP,
         "a PodDisruptionBudget that is left is not found"),
    Need(CACHE, _FLUID_GROUP, ("dataloads", "datamigrates", "dataprocesses", "databackups"), ("list",),
         _CLEANUP, "operations that Fluid has left are not found"),
    Need(CACHE, _FLUID_GROUP, ("dataloads", "datamigrates", "dataprocesses", "databackups"),
         ("patch", "delete"), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("patch",), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, "", ("configmaps", "services"), ("delete",), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, "apps", ("daemonsets", "statefulsets"), ("delete",), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, "coordination.k8s.io", ("leases",), ("delete",), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, "policy", ("poddisruptionbudgets",), ("delete",), _CLEANUP, "cleanup_force fails"),
    Need(CACHE, "monitoring.coreos.com", ("servicemonitors", "prometheusrules"), ("get",), _CLEANUP,
         "objects of the metrics that are left are not found"),
    Need(CACHE, "monitoring.coreos.com", ("servicemonitors", "prometheusrules"), ("delete",), _CLEANUP,
         "cleanup_force fails"),
    Need(CACHE, "apps", ("deployments", "daemonsets", "statefulsets", "replicasets"), ("list",), _CLEANUP,
         "a namespace that other workloads may use stays"),
    Need(CACHE, "batch", ("jobs", "cronjobs"), ("list",), _CLEANUP,
         "a namespace that other workloads may use stays"),
    Need(CACHE, _FLUID_GROUP, _RUNTIMES, ("list",), _CLEANUP,
         "a namespace that other workloads may use stays"),
    Need(FLUID, "apps", ("deployments", "daemonsets"), ("get",), _READ,
         "promises about Fluid's controllers and CSI plugin are unknown"),
    Need(FLUID, "", ("pods", "events"), ("list",), _READ,
         "the pods of Fluid's controllers and CSI plugin are unknown"),
    Need(FLUID, "", ("pods/log",), ("get",), _DIAGNOSE, "the archive lacks the logs of Fluid"),
    Need(FLUID, "", ("secrets",), ("list",), _INSTALL, "each run of install runs helm"),
    Need(CLUSTER, "", ("persistentvolumes",), ("get",), (*_DEPLOY, *_READ, *_CLEANUP, "rebuild_master")),
    Need(CLUSTER, "", ("persistentvolumes",), ("get",), _BACKUPS, _LOST),
    Need(CLUSTER, "", ("persistentvolumes",), ("list", "watch", "patch"), _DEPLOY),
    Need(CLUSTER, "", ("persistentvolumes",), ("delete",), _CLEANUP),
    Need(CLUSTER, "", ("nodes",), ("list",), ("rebuild_master",)),
    Need(CLUSTER, "", ("nodes",), ("list",), (*_MASTERS, *_READ),
         "nothing checks that each master finds a node"),
    Need(CLUSTER, "", ("nodes",), ("list",), ("restore",),
         f"nothing checks that each master finds a node, and {_LOST}"),
    Need(CLUSTER, "", ("nodes",), ("list",), ("backup",), _LOST),
    Need(CLUSTER, "", ("nodes",), ("list",), _CLEANUP,
         "pods of nodes that are down, and labels of nodes, are not found"),
    Need(CLUSTER, "storage.k8s.io", ("csinodes",), ("list",), _READ,
         "nothing shows on which nodes the CSI plugin is registered"),
    Need(CLUSTER, "storage.k8s.io", ("csinodes",), ("list",), _DRILL,
         "its pod cannot read where sidecars mount the cache"),
    Need(CLUSTER, "storage.k8s.io", ("storageclasses",), ("list",), _DEPLOY,
         "journals of type auto are emptyDirs"),
    Need(CLUSTER, "", ("namespaces",), ("get", "create"), _DEPLOY,
         "a namespace that is missing is not created"),
    Need(CLUSTER, "", ("namespaces",), ("get", "delete"), _CLEANUP,
         "a namespace that the deployment created stays"),
    Need(CLUSTER, _FLUID_GROUP, ("*",), ("list",), _CLEANUP, "cleanup_fluid fails"),
    Need(CLUSTER, "apiextensions.k8s.io", ("customresourcedefinitions",), ("list", "delete"), _CLEANUP,
         "cleanup_fluid fails"),
    Need(CLUSTER, "apiextensions.k8s.io", ("customresourcedefinitions",), ("get",), _DIAGNOSE,
         "definitions that are older than Fluid are not found"),
    Need(FLUID, "apps", ("deployments", "daemonsets"), ("get",), _CLEANUP, "cleanup_fluid fails"),
    Need(FLUID, "", ("pods",), ("list",), _CLEANUP, "cleanup_fluid fails"),
    Need(CLUSTER, "storage.k8s.io", ("csinodes",), ("list",), _CLEANUP, "cleanup_fluid fails"),
    Need(CLUSTER, "", ("nodes",), ("patch",), _CLEANUP, "cleanup_force leaves labels on nodes"),
    Need(CLUSTER, "apps", ("deployments",), ("list",), (*_CLEANUP, *_READ),
         "the controller that blocks a deletion is not named"),
    Need(CLUSTER, "apps", ("deployments",), ("get", "list"), _INSTALL),
    Need(CLUSTER, "apps", ("daemonsets",), ("get",), _INSTALL),
    Need(CLUSTER, "storage.k8s.io", ("csinodes",), ("list",), _INSTALL),
    Need(CLUSTER, "", ("pods", "nodes"), ("list",), _INSTALL),
    Need(CLUSTER, "", ("namespaces",), ("get",), _INSTALL),
    Need(CLUSTER, _FLUID_GROUP, ("alluxioruntimes", *_RUNTIMES), ("list",), _INSTALL),
    Need(CLUSTER, _FLUID_GROUP, ("datasets",), ("get", "list"), _UPGRADE),
    Need(CLUSTER, "", ("pods",), ("list",), _DIAGNOSE,
         "the pods of other namespaces that take a port, and those of the cluster's DNS, are unknown"),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list",), _INVENTORY),
    Need(CACHE, "", ("pods",), ("list",), _INVENTORY, "the inventory has no masters"),
    Need(CACHE, "", ("pods/proxy",), ("get",), _INVENTORY, "the inventory does not know the leaders"),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list",), _EVENTS),
    Need(CACHE, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("watch",), _EVENTS,
         "a change is seen after the interval"),
    Need(CACHE, "", ("pods",), ("list",), _EVENTS, "there are no events of masters and FUSE pods"),
    Need(CACHE, "", ("pods/proxy",), ("get",), _EVENTS, "there are no events of masters"),
    Need(CACHE, "apps", ("statefulsets",), ("list", "watch"), _EVENTS,
         "a lost master is seen after the interval"),
    Need(CACHE, "coordination.k8s.io", ("leases",), ("get",), _EVENTS, _OWN_RUNS),
    Need(CLUSTER, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list",), _INVENTORY,
         "the inventory needs namespaces"),
    Need(CLUSTER, "", ("pods",), ("list",), _INVENTORY, "the inventory has no masters"),
    Need(CLUSTER, "", ("pods/proxy",), ("get",), _INVENTORY, "the inventory does not know the leaders"),
    Need(CLUSTER, _FLUID_GROUP, ("datasets", "alluxioruntimes"), ("list", "watch"), _EVENTS,
         "the event source needs namespaces"),
    Need(CLUSTER, "", ("pods",), ("list",), _EVENTS, "there are no events of masters and FUSE pods"),
    Need(CLUSTER, "", ("pods/proxy",), ("get",), _EVENTS, "there are no events of masters"),
    Need(CLUSTER, "apps", ("statefulsets",), ("list", "watch"), _EVENTS,
         "a lost master is seen after the interval"),
    Need(CLUSTER, "coordination.k8s.io", ("leases",), ("get",), _EVENTS, _OWN_RUNS),
)


def accesses(need: Need, namespaces: dict[str, str | None]) -> Iterator[Access]:
    """Yield each access of a need. namespaces: of each scope."""
    for resource in need.resources:
        for verb in need.verbs:
            yield Access(need.group, resource, verb, namespaces[need.scope])


def findings(users: Collection[str], namespaces: dict[str, str | None],
             is_allowed: Callable[[Access], bool]) -> Iterator[Finding]:
    """Yield a finding for each user of a permission and scope that the account lacks.

    users: of USERS. is_allowed: whether the account has an access.
    """
    for user in users:
        for scope in (CACHE, FLUID, CLUSTER):
            needs = [need for need in NEEDS if user in need.users and need.scope == scope]
            required = _lacking([need for need in needs if not need.without], namespaces, is_allowed)
            where = f"in namespace {namespaces[scope]}" if namespaces[scope] else "on the cluster"
            if required:
                yield Finding(finding.ERROR, "permissions",
                              f"for the playbook {user} the account lacks {where}: {'; '.join(required)}",
                              "grant the roles of docs/rbac.yml")
            for need in needs:
                lacking = _lacking([need], namespaces, is_allowed) if need.without else []
                if lacking:
                    yield Finding(finding.INFO, "permissions",
                                  f"the account lacks {where} {'; '.join(lacking)}: {need.without} ({user})")


def _lacking(needs: list[Need], namespaces: dict[str, str | None],
             is_allowed: Callable[[Access], bool]) -> list[str]:
    """Return the resources with the verbs that the account lacks."""
    verbs: dict[str, list[str]] = {}
    for need in needs:
        for access in accesses(need, namespaces):
            name = f"{access.resource}.{access.group}" if access.group else access.resource
            if access.verb not in verbs.get(name, []) and not is_allowed(access):
                verbs.setdefault(name, []).append(access.verb)
    return [f"{', '.join(each)} {name}" for name, each in verbs.items()]


def grants(rules: list[dict], access: Access) -> bool:
    """Return whether one of the rules permits the access, whatever the name of the object.

    rules: resourceRules of a SelfSubjectRulesReview.
    """
    return any(_has(rule.get("apiGroups"), access.group) and _has(rule.get("resources"), access.resource)
               and _has(rule.get("verbs"), access.verb) and not rule.get("resourceNames") for rule in rules)


def _has(values: list[str] | None, value: str) -> bool:
    subresource = value.partition("/")[2]
    return bool({"*", value, *([f"*/{subresource}"] if subresource else [])} & set(values or []))
