# SPDX-License-Identifier: GPL-3.0-or-later
"""Fluid's installation as the cluster shows it, and what its chart needs. IO, read-only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256

from ..api.client import Client
from ..errors import Forbidden, KindNotFound, PreconditionFailed
from ..fluid.kinds import ALLUXIO_RUNTIME, RUNTIMES
from ..k8s.kinds import DAEMON_SET, DEPLOYMENT, NAMESPACE, SECRET, Kind, ObjectRef, annotations_of
from ..k8s.names import require_namespace
from ..progress import Reporter
from . import helm, release as helm_release, values
from .readiness import Readiness

# The controller that every installation has, and its label (Fluid: charts/fluid/fluid/templates/controller).
_DATASET_CONTROLLER = "dataset-controller"
_CSI_PLUGIN = "csi-nodeplugin-fluid"
# The Deployments of a release, which all must be available. Others in the namespace are not Fluid's.
_HELM = ["app.kubernetes.io/managed-by=Helm"]


@dataclass(frozen=True)
class Installation:
    """Where Fluid runs. release: its Helm release; None if it was installed without Helm. idle: whether its
    dataset controller has 0 replicas, without which no cache is created or removed.
    """

    namespace: str
    release: ObjectRef | None
    idle: bool = False


def require_valid(params: dict) -> None:
    """Raise InvalidInput for invalid options."""
    require_namespace(params["namespace"])
    if params["release_namespace"]:
        require_namespace(params["release_namespace"])
    values.require_registry(params["image_registry"])


def read(client: Client, params: dict, _check_mode: bool, reporter: Reporter) -> dict:
    """Return the result of the module fluid_installation_info."""
    found = find(client)
    _warn_of_another_place(found, params, reporter)
    given = ObjectRef(params["release_namespace"] or params["namespace"], params["release_name"])
    namespace = found.namespace if found else params["namespace"]
    release = given if found is None else found.release
    used, definitions = _used_runtimes(client)
    needed = used if ALLUXIO_RUNTIME in used else [ALLUXIO_RUNTIME, *used]
    binary = helm.find(params["binary_path"]) if release else ""
    chart_values = _chart_values(params, namespace, needed, binary) if release else {}
    adopted = found is not None and release not in (None, given)
    # Helm does not create the definitions of an existing release again.
    up_to_date = found is not None and release is not None and definitions and _is_up_to_date(
        client, params, release, chart_values, adopted)
    if release and not up_to_date:
        helm.require_supported(binary)
        helm.require_connection(params, reporter.warn)
    csi = values.has_csi(chart_values) if release else _has_csi_plugin(client, namespace)
    idle = [*([_DATASET_CONTROLLER] if found.idle else []), *_idle(client, namespace, used)] if found else []
    unchanged = found is not None and not idle and (up_to_date or release is None)
    return {
        "changed": False, "installed": found is not None, "namespace": namespace,
        "release": release and {"name": release.name, "namespace": release.namespace},
        "adopted": adopted, "chart_values": chart_values, "definitions": definitions, "csi": csi,
        "idle_controllers": idle, "up_to_date": up_to_date,
        "ready": unchanged and _is_ready(client, namespace, _HELM if release else [], csi),
        "cluster": _cluster(client), "digest": _digest(params, release, chart_values)}


def _is_up_to_date(client: Client, params: dict, release: ObjectRef, chart_values: dict,
                   adopted: bool) -> bool:
    """Return whether Helm would leave the release as it is; False if only Helm can decide."""
    chart = helm.chart_of(
        params["chart_ref"], params["chart_version"]) if helm.compares_by_release() else None
    if chart is None:
        return False
    try:
        existing = helm_release.newest(
            client.list(SECRET, release.namespace, helm_release.selector(release.name)))
    except Forbidden:
        return False
    return helm_release.is_up_to_date(existing, chart, chart_values, kept=adopted)


def _is_ready(client: Client, namespace: str, selectors: list[str], csi: bool) -> bool:
    """Return whether all of Fluid is ready, on each node: fluid_ready would neither wait nor warn."""
    readiness = Readiness(client, namespace, selectors, csi)
    try:
        return readiness.observe().done and not readiness.nodes.excluded and not readiness.lost
    except Forbidden:
        return False


def _cluster(client: Client) -> str:
    """Return what identifies the cluster, whatever its address: the UID of its namespace kube-system."""
    try:
        existing = client.get(NAMESPACE, ObjectRef(None, "kube-system"))
    except Forbidden:
        return ""
    return existing["metadata"]["uid"] if existing else ""


def _digest(params: dict, release: ObjectRef | None, chart_values: dict) -> str:
    """Return a hash that is equal for equal releases, charts and values."""
    chart = [params[option] for option in ("chart_ref", "chart_repo_url", "chart_version")]
    return sha256(json.dumps([chart, release, chart_values], sort_keys=True).encode()).hexdigest()


def find(client: Client) -> Installation | None:
    """Return the cluster's installation of Fluid; None without one.

    Raises PreconditionFailed for several: they share resource definitions and the CSI driver's name.
    """
    found = [_installation(existing) for existing in client.list(
        DEPLOYMENT, None, label_selector=f"control-plane={_DATASET_CONTROLLER}")
        if existing["metadata"]["name"] == _DATASET_CONTROLLER]
    if len(found) > 1:
        raise PreconditionFailed(
            f"Fluid is installed in the namespaces {', '.join(sorted(each.namespace for each in found))}: "
            "expected one installation in a cluster. Uninstall the others")
    return found[0] if found else None


def _installation(controller: dict) -> Installation:
    """Return the installation of a dataset controller; Helm's annotations name its release."""
    notes = annotations_of(controller)
    name, namespace = (notes.get(f"meta.helm.sh/release-{part}") for part in ("name", "namespace"))
    return Installation(controller["metadata"]["namespace"], ObjectRef(namespace, name) if name else None,
                        controller["spec"].get("replicas") == 0)


def _warn_of_another_place(found: Installation | None, params: dict, reporter: Reporter) -> None:
    if found and found.namespace != params["namespace"]:
        reporter.warn(
            f"Fluid is installed in namespace {found.namespace}, expected {params['namespace']}: the "
            f"existing one is used. Set namespace (fluid_system_namespace) to {found.namespace}")


def _used_runtimes(client: Client) -> tuple[list[Kind], bool]:
    """Return the kinds of runtime that have objects, and whether the cluster knows any of the kinds."""
    used, known = [], False
    for kind in RUNTIMES:
        try:
            used += [kind] if next(client.list(kind, limit=1), None) else []
        except KindNotFound:
            continue
        known = True
    return used, known


def _chart_values(params: dict, namespace: str, needed: list[Kind], binary: str) -> dict:
    """Return the values for the chart: the given ones above those of other options, below what is needed.

    Alluxio is always enabled; another kind as long as the cluster has an object of it.
    """
    given = params["chart_values"]
    values.require_valid(given, namespace, needed)
    registry = params["image_registry"]
    images = values.from_registry(helm.chart_defaults(
        binary, params["chart_ref"], params["chart_repo_url"], params["chart_version"]), registry) \
        if registry else {}
    recovery = values.fuse_recovery(given) if params["fuse_recovery"] else {}
    layers = (images, values.pull_secrets(params["image_pull_secrets"]), given, recovery,
              values.enabled(needed))
    result: dict = {"namespace": namespace}
    for layer in layers:
        result = values.merged(result, layer)
    return result


def _has_csi_plugin(client: Client, namespace: str) -> bool:
    return client.get(DAEMON_SET, ObjectRef(namespace, _CSI_PLUGIN)) is not None


def _idle(client: Client, namespace: str, used: list[Kind]) -> list[str]:
    """Return the controllers with 0 replicas although caches of their kind exist."""
    controllers = [client.get(DEPLOYMENT, ObjectRef(namespace, values.controller_of(kind))) for kind in used]
    return [each["metadata"]["name"] for each in controllers if each and each["spec"].get("replicas") == 0]
