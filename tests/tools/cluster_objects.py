# SPDX-License-Identifier: GPL-3.0-or-later
"""Records which objects a cluster holds, and says later what has come and what has gone.

    cluster_objects.py record FILE     write the cluster's objects, one a line
    cluster_objects.py compare FILE    exit code 1, and the difference, when they are others now

Node labels count as objects, because Fluid marks the nodes that it uses.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from kubernetes import config
from kubernetes.client import ApiClient

# They come and go by themselves, whatever anybody does.
PASSING = {"Event", "Lease", "PodMetrics", "NodeMetrics"}


def main() -> int:
    action, file = sys.argv[1:]
    config.load_config()
    now = set(objects(ApiClient()))
    if action == "record":
        Path(file).write_text("\n".join(sorted(now)) + "\n")
        return 0
    before = set(Path(file).read_text().splitlines())
    for what, lines in (("left behind", now - before), ("missing", before - now)):
        for line in sorted(lines):
            print(f"{what}: {line}")
    return 1 if now != before else 0


def objects(client: ApiClient) -> Iterator[str]:
    """One line for each object of every kind that the API server lists, and for each label of a node."""
    for group_version in _group_versions(client):
        for kind in _get(client, group_version)["resources"]:
            if "/" in kind["name"] or "list" not in kind["verbs"] or kind["kind"] in PASSING:
                continue
            for item in _get(client, f"{group_version}/{kind['name']}")["items"]:
                yield f"{kind['kind']} {_key(item)}"
                if kind["kind"] == "Node":
                    yield from (f"label of Node {_key(item)}: {label}"
                                for label in item["metadata"].get("labels", {}))


def _key(item: dict) -> str:
    """Return namespace and name of an object, of an IPAddress those of its Service: a new one has another."""
    named = (item.get("spec") or {}).get("parentRef") or item["metadata"]
    return f"{named.get('namespace') or '-'}/{named['name']}"


def _group_versions(client: ApiClient) -> Iterator[str]:
    """The preferred version of each API group, as a path."""
    yield "/api/v1"
    for group in _get(client, "/apis")["groups"]:
        yield "/apis/" + group["preferredVersion"]["groupVersion"]


def _get(client: ApiClient, path: str) -> dict:
    response = client.call_api(*client.param_serialize("GET", path, auth_settings=["BearerToken"]))
    return json.loads(response.read())


if __name__ == "__main__":
    sys.exit(main())
