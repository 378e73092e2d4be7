# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorded metrics of a cache's masters as the series that Prometheus stores of them."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"
ENDPOINTS = {"MASTER": "web", "JOB_MASTER": "job-web"}
_LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>[^}]*)\})?\s+(?P<value>\S+)\s*$")
_LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Series:
    """values: in promtool's notation, such as 1+0x60."""

    name: str
    labels: dict
    values: str

    def __str__(self):
        pairs = ",".join(f'{key}="{value}"' for key, value in sorted(self.labels.items()))
        return f"{self.name}{{{pairs}}}"

    def matches(self, name, **labels):
        return re.fullmatch(name, self.name) is not None and labels.items() <= self.labels.items()


def leader(domain):
    """Return the index of the master that led the group when its metrics were recorded."""
    targets = json.loads((RECORDED / "targets.json").read_text())["targets"]
    [pod] = [each["pod"] for each in targets if each["raft_domain"] == domain and each["file"]]
    return int(pod.rpartition("-")[2])


def recorded(minutes, namespace, name):
    """Return the series of all targets, each with one value for that many minutes.

    namespace, name: of the cache that has these metrics.
    """
    targets = json.loads((RECORDED / "targets.json").read_text())
    cache = {"namespace": namespace, "fluid_runtime": name}
    found = {}
    for target in targets["targets"]:
        labels = cache | {
            "job": "alluxio-master", "pod": target["pod"].replace(targets["name"], cache["fluid_runtime"], 1),
            "endpoint": ENDPOINTS[target["raft_domain"]], "raft_domain": target["raft_domain"]}
        text = (RECORDED / target["file"]).read_text() if target["file"] else ""
        for each in [*samples(text, labels), ("up", labels, 1 if target["file"] else 0)]:
            series = Series(each[0], each[1], f"{each[2]}+0x{minutes}")
            found[str(series)] = series
    return list(found.values())


def samples(text, target):
    """Yield name, labels and value of each line. Prometheus renames labels that the target has too."""
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match or match["value"] == "NaN":
            continue
        own = dict(_LABEL.findall(match["labels"] or ""))
        renamed = {f"exported_{key}" if key in target or key == "instance" else key: value
                   for key, value in own.items()}
        yield match["name"], target | renamed, float(match["value"])


def kube_state(minutes, namespace, name, masters, workers):
    """Return what kube-state-metrics has of a healthy cache (its docs/metrics/workload)."""
    place = {"namespace": namespace, "job": "kube-state-metrics"}
    found = [Series("kube_statefulset_replicas", place | {"statefulset": f"{name}-{role}"}, str(number))
             for role, number in (("master", masters), ("worker", workers))]
    found += [Series("kube_daemonset_status_number_unavailable", place | {"daemonset": f"{name}-fuse"}, "0"),
              Series("kube_daemonset_status_desired_number_scheduled",
                     place | {"daemonset": f"{name}-fuse"}, "2")]
    restarts = [(f"{name}-master-0", "alluxio-master"), (f"{name}-fuse-x2k9d", "alluxio-fuse"),
                (f"{name}-worker-0", "alluxio-worker")]
    found += [Series("kube_pod_container_status_restarts_total", place | {"pod": pod, "container": container},
                     "1") for pod, container in restarts]
    return [replace(each, values=f"{each.values}+0x{minutes}") for each in found]
