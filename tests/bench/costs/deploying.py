# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy_ha.yml on a cache that stands already: time and requests, beside the same with kubernetes.core.

The example inventory's cache has to be up, as `make demo` leaves it. Most of either run is the same, Fluid's
installation and the verification with its pods; the runs of the tag deploy alone tell the rest.
"""

import os
import time
from pathlib import Path
from statistics import median

import yaml

from .cluster import Refused, Request
from .playing import run_playbook
from .report import Figure, Skipped
from .session import Session

_CHECKOUT = Path(__file__).parents[3]
_INVENTORY = _CHECKOUT / "playbooks" / "inventory" / "hbase"
_LAB_VARS = _CHECKOUT / "tests" / "tools" / "lab.yml"
_OURS = _CHECKOUT / "playbooks" / "deploy_ha.yml"
_THEIRS = _CHECKOUT / "tests" / "bench" / "playbooks" / "deploy_ha_core.yml"


def measure(session: Session) -> list[Figure]:
    _require_cache(session)
    works = {"deploy_ha.yml, unchanged": [], "deploy_ha.yml --tags deploy, unchanged": ["--tags", "deploy"]}
    return [figure for work, options in works.items() for figure in _compared(session, work, options)]


def _compared(session: Session, work: str, options: list[str]) -> list[Figure]:
    ours, theirs = zip(*([_run(session, playbook, options) for playbook in (_OURS, _THEIRS)]
                         for _round in range(session.rounds)),
                       strict=True)
    return [
        Figure(work, "requests", ours[-1][0]),
        Figure(work, "wall time", median(seconds for _requests, seconds in ours), "s"),
        Figure(work, "requests, with kubernetes.core", theirs[-1][0]),
        Figure(work, "wall time, with kubernetes.core",
               median(seconds for _requests, seconds in theirs), "s"),
    ]


def _run(session: Session, playbook: Path, options: list[str]) -> tuple[int, float]:
    """Requests and seconds of a whole run of ansible-playbook."""
    lab = ["--extra-vars", f"@{_LAB_VARS}"] if os.environ.get("FLUID_LAB_CHART") else []
    session.proxy.take()
    start = time.monotonic()
    run_playbook(playbook, session.proxy.kubeconfig, ["--inventory", _INVENTORY, *lab, *options])
    return len(session.proxy.take()), time.monotonic() - start


def _require_cache(session: Session) -> None:
    inventory = yaml.safe_load((_INVENTORY / "group_vars" / "all.yml").read_text())
    name, namespace = inventory["fluid_name"], inventory["fluid_namespace"]
    target = f"/apis/data.fluid.io/v1alpha1/namespaces/{namespace}/alluxioruntimes/{name}"
    try:
        status = session.cluster.send(Request("GET", target)).get("status") or {}
    except Refused:
        status = {}
    if {status.get("masterPhase"), status.get("workerPhase")} != {"Ready"}:
        raise Skipped(f"no cache {namespace}/{name} is ready on this cluster: `make demo` deploys it on a "
                      "full lab, and `make bench` then measures deploy_ha.yml there")
