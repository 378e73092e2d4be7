# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of an AlluxioRuntime, and the names that Fluid's chart gives to those with masters. Pure.

Source: Fluid 1.0.8, charts/alluxio/templates/master/statefulset.yaml and service.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# The Raft domains, as Alluxio's option -domain names them.
MASTER = "MASTER"
JOB_MASTER = "JOB_MASTER"
DOMAINS = (MASTER, JOB_MASTER)

# The field of the runtime's spec for each option that describes a component.
COMPONENTS = {"master": "master", "worker": "worker", "job_master": "jobMaster", "job_worker": "jobWorker",
              "fuse": "fuse", "api_gateway": "apiGateway"}

MASTER_CONTAINER = "alluxio-master"
JOB_MASTER_CONTAINER = "alluxio-job-master"
FUSE_CONTAINER = "alluxio-fuse"
# The key in ConfigMap <name>-config with the Java options that all components read.
COMMON_JAVA_OPTIONS = "ALLUXIO_JAVA_OPTS"
# The volume of the masters' journal. The job masters keep theirs in the file system of their container.
JOURNAL_VOLUME = "alluxio-journal"
CSI_DRIVER = "fuse.csi.fluid.io"
# Lets Fluid's webhook mount the claims of a pod through a sidecar (pkg/common/constants.go).
SIDECAR = {"serverless.fluid.io/inject": "true"}


@dataclass(frozen=True)
class RaftComponent:
    """The names of one Raft domain's masters. main_class: the class that their JVM runs.

    spec_field: their field in the runtime's spec. java_options: their key in ConfigMap <name>-config.
    web_port: the name of the container's port. raft_port: the name of the Service's port for peers.
    info_path: the path of the web API that returns the properties in force.
    """

    container: str
    main_class: str
    spec_field: str
    java_options: str
    web_port: str
    raft_port: str
    info_path: str


_RAFT_COMPONENTS = {
    MASTER: RaftComponent(
        MASTER_CONTAINER, "alluxio.master.AlluxioMaster", "master", "ALLUXIO_MASTER_JAVA_OPTS", "web",
        "embedded", "/api/v1/master/info?raw_configuration=true"),
    JOB_MASTER: RaftComponent(
        JOB_MASTER_CONTAINER, "alluxio.master.AlluxioJobMaster", "jobMaster", "ALLUXIO_JOB_MASTER_JAVA_OPTS",
        "job-web", "job-embedded", "/api/v1/job_master/info?raw_configuration=true"),
}


def options_of(params: dict, owner: str) -> tuple[dict, str]:
    """Return the options of a component or other group, or of the runtime itself, and their prefix.

    owner: the option that holds them; empty for those of the runtime itself.
    """
    return (params.get(owner) or {}, f"{owner}.") if owner else (params, "")


def raft_component(domain: str) -> RaftComponent:
    """Return the component whose masters are the Raft group of that domain."""
    return _RAFT_COMPONENTS[domain]


def container_of(domain: str) -> str:
    """Return the name of the container of a domain's masters."""
    return raft_component(domain).container


def web_port(pod: dict, domain: str) -> int | None:
    """Return the number of a master pod's web port, None if the pod declares none."""
    component = raft_component(domain)
    return next((port["containerPort"] for container in pod.get("spec", {}).get("containers") or []
                 if container["name"] == component.container
                 for port in container.get("ports") or [] if port.get("name") == component.web_port), None)


def registered(csi_nodes: Iterable[dict]) -> set[str]:
    """Return the nodes whose kubelet has registered Fluid's CSI driver.

    The chart creates the CSIDriver even without the plugin (Fluid 1.0.8: charts/fluid/fluid/templates/csi).
    """
    return {node["metadata"]["name"] for node in csi_nodes
            if any(driver["name"] == CSI_DRIVER for driver in (node.get("spec") or {}).get("drivers") or [])}
