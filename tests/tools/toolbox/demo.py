# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration: deploy-ha.yml on the example inventory, on a real cluster."""

from . import artifact, cluster, paths, shell

TABLE = paths.REPORTS / "demo.txt"

AFTERWARDS = """
The cache stays up. To look at it:
  {look}
  kubectl get dataset,alluxioruntime,pods,pvc
`make demo` again changes nothing. {stop}
"""


def run() -> int:
    """Deploy the three-master cache, leave it running, and end with its figures."""
    collection = artifact.installed()
    environ = cluster.start("full", collection.environ())
    paths.REPORTS.mkdir(parents=True, exist_ok=True)
    code = shell.status([collection.tools.program("ansible-playbook"), "--inventory", paths.INVENTORY,
                         *cluster.extra_vars(), "--extra-vars", f"fluid_report_path={TABLE}",
                         paths.CHECKOUT / "playbooks" / "deploy-ha.yml"], environ)
    if code:
        cluster.diagnose(collection, environ)
        return code
    if cluster.is_given():
        look, stop = "export KUBECONFIG=" + environ["KUBECONFIG"], "playbooks/cleanup.yml removes it."
    else:
        look, stop = 'eval "$(lab/lab env)"', "`make lab-down` ends the lab."
    print(AFTERWARDS.format(look=look, stop=stop))
    print(TABLE.read_text(), end="")
    return 0
