# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: deploy-ha.yml on the example inventory, on a real cluster."""

from . import artifact, cluster, paths, shell

AFTERWARDS = """
The cache is up. To look at it:
  {look}
  kubectl get dataset,alluxioruntime,pods,pvc
Run `make demo` again and nothing changes. {stop}
"""


def run() -> int:
    """Deploy the three-master cache and leave it running."""
    collection = artifact.installed()
    environ = cluster.start("full", collection.environ())
    code = shell.status([collection.tools.program("ansible-playbook"), "--inventory", paths.INVENTORY,
                         *cluster.extra_vars(), paths.CHECKOUT / "playbooks" / "deploy-ha.yml"], environ)
    if code:
        cluster.diagnose(collection, environ)
        return code
    if cluster.is_given():
        print(AFTERWARDS.format(look="export KUBECONFIG=" + environ["KUBECONFIG"],
                                stop="Remove it with playbooks/cleanup.yml."))
    else:
        print(AFTERWARDS.format(look='eval "$(lab/lab env)"', stop="End the lab with `make lab-down`."))
    return 0
