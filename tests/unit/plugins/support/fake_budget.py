# SPDX-License-Identifier: GPL-3.0-or-later
"""A PodDisruptionBudget with maxUnavailable 1 as the API server and the disruption controller serve it.

The API server decides an eviction by the budget's status, which it updates before it deletes the pod: two
evictions never use the same allowed disruption (pkg/registry/core/pod/storage/eviction.go:
checkAndDecrement).
The controller recomputes the status some time after each change of a pod
(pkg/controller/disruption/disruption.go: a pod that was evicted and still exists is not healthy).
"""

from fake_masters import NAMESPACE

from ansible_collections.datacache.fluid.plugins.module_utils.errors import DisruptionForbidden
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.pods import is_ready


class FakeBudget:
    """The budget of the masters. lag: returns the seconds until the controller has seen a change."""

    def __init__(self, masters, lag):
        masters.put_budget()
        self._masters, self._cluster, self._lag = masters, masters.cluster, lag
        self._evicted = set()  # UIDs
        self._note = masters.cluster._note
        masters.cluster._note = self._noted
        masters.cluster.evict = self.evict
        self._sync()

    def evict(self, ref, uid):
        self._cluster._ask("create", kinds.EVICTION, ref.namespace)
        pod = self._cluster.stored(kinds.POD, ref.name, ref.namespace)
        if pod is None or pod["metadata"]["uid"] != uid:
            return False
        if self._is_protected(pod):
            if self._allowed <= 0:
                raise DisruptionForbidden(
                    "Cannot evict pod as it would violate the pod's disruption budget.", 429)
            self._allowed -= 1
            self._evicted.add(uid)
        return self._cluster.delete(kinds.POD, ref, uid)

    def _is_protected(self, pod):
        """An unready pod may go while the others are enough (IfHealthyBudget, the default)."""
        if pod["status"]["phase"] == "Pending" or "deletionTimestamp" in pod["metadata"]:
            return False
        return is_ready(pod) or self._healthy < self._desired

    def _noted(self, event, key, existing):
        self._note(event, key, existing)
        if key[0] in (kinds.POD, kinds.STATEFUL_SET) and key[2].startswith("hbase-master"):
            self._cluster.later(self._lag(), self._sync)

    def _sync(self):
        pods = list(self._cluster._select(kinds.POD, NAMESPACE, "role=alluxio-master", ""))
        workload = self._masters.workload
        self._evicted &= {pod["metadata"]["uid"] for pod in pods}
        self._healthy = sum(is_ready(pod) and "deletionTimestamp" not in pod["metadata"]
                            and pod["metadata"]["uid"] not in self._evicted for pod in pods)
        self._desired = (workload["spec"]["replicas"] if workload else 0) - 1
        self._allowed = max(0, self._healthy - self._desired)
