# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what the masters of a cache serve at /metrics/prometheus, for the tests of the alerts.

    record_metrics.py NAMESPACE/NAME [FOLDER]    by default tests/metrics/recorded

Run it on a healthy cache from which a pod has read. It reads through the API server's pod proxy. A master
without an answer is recorded as down: only the leader of a group serves its web port.
"""

import json
import sys
from datetime import datetime, timezone
from pathlib import Path

from kubernetes import client, config

RECORDED = Path(__file__).parents[1] / "metrics" / "recorded"
PATH = "metrics/prometheus/"
# The Raft domain for each name of a web port (Fluid: charts/alluxio/templates/master/statefulset.yaml).
DOMAINS = {"web": "MASTER", "job-web": "JOB_MASTER"}


def main() -> int:
    if len(sys.argv) not in (2, 3) or "/" not in sys.argv[1]:
        print(__doc__)
        return 2
    namespace, name = sys.argv[1].split("/")
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else RECORDED
    config.load_config()
    targets = record(client.CoreV1Api(), namespace, name, folder)
    leaders = [f"{each['raft_domain']} {each['pod']}" for each in targets if each["file"]]
    print(f"{folder}: {len(targets)} targets, answers of {', '.join(leaders) or 'none'}")
    return 0 if len(leaders) == len(DOMAINS) else 1


def record(api: client.CoreV1Api, namespace: str, name: str, folder: Path) -> list[dict]:
    """Write a file for each master that answers, and targets.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.prom"):
        old.unlink()
    pods = api.list_namespaced_pod(namespace, label_selector=f"release={name},role=alluxio-master").items
    targets = []
    for pod in sorted(pods, key=lambda each: each.metadata.name):
        for port, domain in DOMAINS.items():
            text = _metrics(api, pod, port)
            file = f"{domain.lower()}_{pod.metadata.name}.prom" if text else ""
            if text:
                (folder / file).write_text(without_help(text))
            targets.append({"pod": pod.metadata.name, "raft_domain": domain, "file": file})
    images = sorted({each.image for pod in pods for each in pod.spec.containers})
    origin = f"recorded {datetime.now(timezone.utc):%Y-%m-%d} from {', '.join(images)}"
    (folder / "targets.json").write_text(json.dumps(
        {"origin": origin, "namespace": namespace, "name": name, "targets": targets}, indent=1) + "\n")
    return targets


def without_help(text: str) -> str:
    """The lines without descriptions, which are two thirds of the text."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("# HELP"))


def _metrics(api: client.CoreV1Api, pod: client.V1Pod, port: str) -> str:
    numbers = [each.container_port for container in pod.spec.containers for each in container.ports or []
               if each.name == port]
    if not numbers:
        return ""
    try:
        return api.connect_get_namespaced_pod_proxy_with_path(
            f"{pod.metadata.name}:{numbers[0]}", pod.metadata.namespace, PATH)
    except client.ApiException:
        return ""


if __name__ == "__main__":
    sys.exit(main())
