# SPDX-License-Identifier: GPL-3.0-or-later
"""The Java options that Fluid 1.0.8 sets in a runtime without a declaration. Pure.

Source: pkg/ddc/alluxio/transform_optimization.go, transform_permission.go and transform.go, and the chart's
templates/config/alluxio-conf.yaml.
"""

from __future__ import annotations

import re

MASTER_JVM_OPTIONS = ("-Xmx16G", "-XX:+UnlockExperimentalVMOptions")

# Properties of all components. A declared value replaces the default; without the declaration the default
# returns.
PROPERTIES = {
    "alluxio.fuse.cached.paths.max": "1000000",
    "alluxio.fuse.debug.enabled": "false",
    "alluxio.fuse.jnifuse.enabled": "true",
    "alluxio.fuse.jnifuse.libfuse.version": "3",
    "alluxio.fuse.logging.threshold": "1000ms",
    "alluxio.job.master.finished.job.retention.time": "30sec",
    "alluxio.job.worker.threadpool.size": "32",
    "alluxio.master.journal.folder": "/journal",
    "alluxio.master.journal.log.size.bytes.max": "500MB",
    "alluxio.master.journal.type": "EMBEDDED",  # with more than one master
    "alluxio.master.metadata.sync.concurrency.level": "128",
    "alluxio.master.metadata.sync.executor.pool.size": "128",
    "alluxio.master.metadata.sync.ufs.prefetch.pool.size": "128",
    "alluxio.master.metastore": "ROCKS",
    "alluxio.master.metastore.inode.cache.max.size": "10000000",
    "alluxio.master.rpc.executor.core.pool.size": "128",
    "alluxio.master.rpc.executor.max.pool.size": "1024",
    "alluxio.master.security.impersonation.root.groups": "*",
    "alluxio.master.security.impersonation.root.users": "*",
    "alluxio.security.authorization.permission.enabled": "false",
    "alluxio.security.stale.channel.purge.interval": "365d",
    "alluxio.underfs.object.store.breadcrumbs.enabled": "false",
    "alluxio.user.block.avoid.eviction.policy.reserved.size.bytes": "2GB",
    "alluxio.user.block.master.client.pool.gc.threshold": "10min",
    "alluxio.user.block.master.client.threads": "1024",
    "alluxio.user.block.worker.client.pool.min": "512",
    "alluxio.user.block.write.location.policy.class":
    "alluxio.client.block.policy.LocalFirstAvoidEvictionPolicy",
    "alluxio.user.client.cache.enabled": "false",
    "alluxio.user.file.create.ttl.action": "FREE",
    "alluxio.user.file.master.client.threads": "1024",
    "alluxio.user.file.passive.cache.enabled": "false",
    "alluxio.user.file.readtype.default": "CACHE",
    "alluxio.user.logging.threshold": "1000ms",
    "alluxio.user.metadata.cache.enabled": "true",
    "alluxio.user.metadata.cache.expiration.time": "10min",
    "alluxio.user.metadata.cache.max.size": "6000000",
    "alluxio.user.metrics.collection.enabled": "true",
    "alluxio.user.ufs.block.read.location.policy": "alluxio.client.block.policy.LocalFirstPolicy",
    "alluxio.user.update.file.accesstime.disabled": "true",
    "alluxio.user.worker.list.refresh.interval": "2min",
    "alluxio.worker.allocator.class": "alluxio.worker.block.allocator.MaxFreeAllocator",
    "alluxio.worker.block.master.client.pool.size": "1024",
}

# Properties that Fluid computes from the Dataset, the tiers and the ports that it allocates. Their values are
# known from the existing ConfigMap only.
_COMPUTED = re.compile(
    r"alluxio\.(worker\.tieredstore\..*|.*\.port|(master|worker|user)\.hostname"
    r"|master\.mount\.table\.root\.ufs"
    r"|master\.embedded\.journal\.addresses|user\.file\.replication\.max|user\.short\.circuit\.enabled"
    r"|user\.direct\.memory\.io\.enabled|user\.block\.size\.bytes\.default"
    r"|user\.streaming\.reader\.chunk\.size\.bytes"
    r"|user\.local\.reader\.chunk\.size\.bytes|worker\.network\.reader\.buffer\.size"
    r"|user\.streaming\.data\.timeout"
    r"|fuse\.user\.group\.translation\.enabled|underfs\..*)\Z")


def works_out(key: str) -> bool:
    """Return whether Fluid computes the property's value instead of copying it from the runtime.

    Fluid also writes the options of a Dataset's root mount as properties: these are under-store properties,
    or have keys that do not begin with "alluxio.".
    """
    return not key.startswith("alluxio.") or _COMPUTED.match(key) is not None
