# SPDX-License-Identifier: GPL-3.0-or-later
"""Each job template, run as AWX runs it, by the account with the least privilege that the documentation
gives for it. The jobs follow one another on one cache.
"""

from dataclasses import dataclass

import pytest
import yaml
from cluster_accounts import CHECKOUT, kubectl


@dataclass(frozen=True)
class Job:
    trust: str
    template: str
    answers: tuple[str, ...] = ()
    # The sentence with which it fails, where it has to.
    refusal: str = ""

    def __str__(self) -> str:
        return f"{self.template} as {self.trust}{' refused' if self.refusal else ''}"


ONE = "fluid_hosts=hbase.default"
BACKUPS = "fluid_backup_claim=backups"
JOBS = (
    Job("admin", "install"),
    Job("deploy", "preflight"),
    Job("deploy", "deploy-ha", ("fluid_master_replicas=3", 'fluid_warm_up=["/hbase"]')),
    Job("operate", "verify", ("fluid_probes=true",)),
    Job("deploy", "scale-masters", (ONE, "fluid_master_replicas=5")),
    Job("deploy", "scale-masters", (ONE, "fluid_master_replicas=3")),
    Job("operate", "switch-leader", (ONE, "fluid_leader=hbase-master-1")),
    Job("operate", "rolling-restart", (ONE,)),
    Job("deploy", "scale-workers", (ONE, "fluid_worker_replicas=3")),
    Job("operate", "roll-workers", (ONE,)),
    Job("operate", "failover-drill", (ONE, "fluid_drill_confirm=another"), refusal="fluid_drill_confirm"),
    Job("operate", "failover-drill", (ONE, "fluid_drill_confirm=hbase")),
    Job("operate", "backup", (BACKUPS,)),
    Job("operate", "restore", (ONE, "fluid_restore_confirm=default/hbase", BACKUPS)),
    Job("operate", "heal"),
    Job("operate", "rebuild-master", (ONE, "fluid_rebuild=hbase-master-1")),
    Job("operate", "remount"),
    Job("read", "report", ("fluid_report_page=/tmp/caches.html",)),
    Job("read", "diagnose"),
    Job("admin", "upgrade"),
    Job("deploy", "cleanup", (ONE,)),
)


CLAIM = """
apiVersion: v1
kind: PersistentVolume
metadata: {name: operations-backups}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 1Gi}
  storageClassName: ""
  persistentVolumeReclaimPolicy: Delete
  hostPath: {path: /tmp/datacache-operations-backups, type: DirectoryOrCreate}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [NODE]}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backups, namespace: default}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
  storageClassName: ""
  volumeName: operations-backups
"""


@pytest.fixture(scope="module")
def claim():
    """The claim of the backups, on one node."""
    node = kubectl("get", "nodes", "--output", "jsonpath={.items[0].metadata.name}")
    kubectl("apply", "--filename", "-", input=CLAIM.replace("NODE", node))
    yield
    kubectl("delete", "--filename", "-", "--ignore-not-found", input=CLAIM.replace("NODE", node))


@pytest.mark.usefixtures("claim")
@pytest.mark.parametrize("case", JOBS, ids=str)
def test_a_job_ends_as_its_account(case, job):
    result, output = job(case.trust, case.template, *case.answers)
    if case.refusal:
        assert (result["status"], case.refusal in output) == ("failed", True), output[-4000:]
    else:
        assert result["status"] == "successful", output[-4000:]


def test_each_template_has_a_job_here():
    data = yaml.safe_load((CHECKOUT / "playbooks" / "vars" / "awx.yml").read_text())
    playbooks = {each["playbook"] for each in data["controller_templates"]}
    assert playbooks == {f"{each.template}.yml" for each in JOBS}
