# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an inventory for the record of a cache: names, variables and groups. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..module_utils.fluid.components import MASTER_CONTAINER
from .clusters import Cluster

CACHES, MASTERS = "alluxio_caches", "alluxio_masters"
# The phase of a Dataset that Fluid has not processed, and of a runtime without its Dataset.
_NO_PHASE = "none"
_NOT_IN_GROUPS = re.compile(r"\W", re.ASCII)


@dataclass(frozen=True)
class Host:
    """One host of the inventory. variables: values that come from the cluster, which are no templates."""

    name: str
    variables: dict
    groups: tuple[str, ...]


def hosts(record: dict, cluster: Cluster, python: str) -> Iterator[Host]:
    """Yield the host of a cache, and one for each of its masters. python: the controller's interpreter."""
    name = _joined(record["name"], record["namespace"], cluster.name)
    places = [f"alluxio_namespace_{record['namespace']}",
              *([f"alluxio_cluster_{cluster.name}"] if cluster.name else [])]
    labels = [f"alluxio_label_{key}_{value}" if value else f"alluxio_label_{key}"
              for key, value in sorted(record["labels"].items())]
    phase = f"alluxio_phase_{(record['phase'] or _NO_PHASE).lower()}"
    observed = {key: value for key, value in record["variables"].items() if key.startswith("alluxio_")}
    yield Host(name, {
        "ansible_connection": "local", "ansible_python_interpreter": python, **record["variables"],
        **cluster.playbook_variables(), "alluxio_cluster": cluster.name,
        **({"alluxio_master_hosts": [_master_name(record, each, cluster) for each in record["masters"]]}
           if record["masters"] else {}),
    }, _groups(CACHES, phase, *places, *labels))
    for master in record["masters"]:
        yield Host(_master_name(record, master, cluster), {
            "ansible_connection": "kubernetes.core.kubectl", "ansible_kubectl_pod": master["pod"],
            "ansible_kubectl_namespace": record["namespace"], "ansible_kubectl_container": MASTER_CONTAINER,
            **cluster.kubectl_variables(), **observed, "alluxio_cache": name,
            "alluxio_cluster": cluster.name,
            **{f"alluxio_{key}": master[key] for key in ("role", "node", "address")},
            "alluxio_pod_phase": master["phase"],
        }, _groups(MASTERS, *([f"alluxio_{master['role']}"] if master["role"] else [])))


def _master_name(record: dict, master: dict, cluster: Cluster) -> str:
    """Return a name that no cache can have."""
    return _joined(master["pod"], record["name"], record["namespace"], cluster.name)


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _groups(*names: str) -> tuple[str, ...]:
    return tuple(_NOT_IN_GROUPS.sub("_", name) for name in names)
