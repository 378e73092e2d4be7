# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that let Prometheus and Grafana monitor one cache. Pure.

The files of the role deploy describe all caches. Several Prometheus rules with the same expressions would
record each series twice, and dashboards with the same UID would replace each other. So the objects of a cache
select its namespace and name only.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ...fluid import kinds as fluid_kinds
from ...fluid.manifest import text_map
from ...k8s.kinds import CONFIG_MAP, Kind, ObjectRef, ref_to

GROUP = "monitoring.coreos.com"
SERVICE_MONITOR = Kind("ServiceMonitor", "servicemonitors", GROUP)
PROMETHEUS_RULE = Kind("PrometheusRule", "prometheusrules", GROUP)
# Of each object that this collection creates for a cache's metrics.
OBJECTS = {SERVICE_MONITOR: "alluxio-masters", PROMETHEUS_RULE: "alluxio-rules",
           CONFIG_MAP: "alluxio-dashboard"}
# The matcher of the rules' selectors that an object of one cache replaces.
ALL_CACHES = 'fluid_runtime!=""'
# The label by which the sidecar of Grafana's Helm chart finds dashboards.
DASHBOARD_LABELS = {"grafana_dashboard": "1"}
_UID_LENGTH = 40  # characters; Grafana, pkg/util/shortid_generator.go


def object_ref(cache: ObjectRef, kind: Kind) -> ObjectRef:
    """Return the reference of the object of that kind."""
    return ObjectRef(cache.namespace, f"{cache.name}-{OBJECTS[kind]}")


def pinned(spec: Any, cache: ObjectRef) -> Any:
    """Return a value in which all selectors of rules select one cache."""
    if isinstance(spec, dict):
        return {key: pinned(value, cache) for key, value in spec.items()}
    if isinstance(spec, list):
        return [pinned(value, cache) for value in spec]
    if isinstance(spec, str):
        return spec.replace(ALL_CACHES, f'namespace="{cache.namespace}",fluid_runtime="{cache.name}"')
    return spec


def manifests(runtime: dict, params: dict) -> dict[Kind, dict]:
    """Return the objects of an existing AlluxioRuntime by kind. params: options of cache_metrics."""
    cache, labels = ref_to(runtime), text_map(params["labels"]) or {}
    return {
        SERVICE_MONITOR: _manifest(SERVICE_MONITOR, runtime, labels, {
            "spec": _of_release(params["service_monitor"], cache)}),
        PROMETHEUS_RULE: _manifest(PROMETHEUS_RULE, runtime, labels, {
            "spec": pinned(params["prometheus_rule"], cache)}),
        CONFIG_MAP: _manifest(CONFIG_MAP, runtime, {**DASHBOARD_LABELS, **labels}, {
            "data": {f"alluxio-{cache.namespace}-{cache.name}.json": json.dumps(
                dashboard_of(params["dashboard"], cache), sort_keys=True)}})}


def dashboard_of(dashboard: dict, cache: ObjectRef) -> dict:
    """Return the dashboard with constants instead of the variables that select a cache."""
    values = {"namespace": cache.namespace, "fluid_runtime": cache.name}
    variables = [_constant(each, values[each["name"]]) if each["name"] in values else each
                 for each in dashboard["templating"]["list"]]
    digest = hashlib.sha256(f"{cache.namespace}/{cache.name}".encode()).hexdigest()
    return {**dashboard, "uid": f"alluxio-{digest}"[:_UID_LENGTH],
            "title": f"Alluxio cache {cache.namespace}/{cache.name}",
            "templating": {**dashboard["templating"], "list": variables}}


def _constant(variable: dict, value: str | None) -> dict:
    chosen = {"text": value, "value": value}
    return {"name": variable["name"], "type": "constant", "query": value, "current": chosen,
            "options": [{**chosen, "selected": True}], "hide": 2}


def _of_release(spec: dict, cache: ObjectRef) -> dict:
    """Return the spec of a ServiceMonitor that selects the Services of one cache in its own namespace."""
    selector = spec["selector"]
    return {**{key: value for key, value in spec.items() if key != "namespaceSelector"},
            "selector": {**selector, "matchLabels": {**selector["matchLabels"], "release": cache.name}}}


def _manifest(kind: Kind, runtime: dict, labels: dict, content: dict) -> dict:
    """Return an object that the runtime owns, so that it is deleted with it."""
    ref = object_ref(ref_to(runtime), kind)
    owner = fluid_kinds.owned_by_runtime(ref_to(runtime).name, runtime["metadata"]["uid"])
    return {"apiVersion": kind.api_version, "kind": kind.kind,
            "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels,
                         "ownerReferences": [owner]}, **content}
