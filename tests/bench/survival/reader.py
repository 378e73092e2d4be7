# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading application of the role drill, as a pod of a row's own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from jinja2 import Environment, StrictUndefined

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.pods import is_ready, unready_reason

from .cache import Cache, until

_ROLE = Path(__file__).parents[3] / "roles" / "drill"
_SECONDS_TO_START = 300


@contextmanager
def reading(cache: Cache) -> Iterator[str]:
    """The name of a pod that reads a file of the cache until the block ends."""
    pod = _manifest(cache)
    name = pod["metadata"]["name"]
    cache.client.create(kinds.POD, pod, "raft")
    try:
        existing = {}

        def ready() -> bool:
            existing.update(cache.client.get(kinds.POD, name, cache.namespace))
            return is_ready(existing)

        until(f"pod {name} to read", ready, _SECONDS_TO_START, lambda: unready_reason(existing))
        yield name
    finally:
        existing = cache.client.get(kinds.POD, name, cache.namespace)
        if existing:
            cache.client.delete(kinds.POD, name, cache.namespace, existing["metadata"]["uid"])
        until(f"pod {name} to be gone", lambda: cache.client.get(kinds.POD, name, cache.namespace) is None, _SECONDS_TO_START)


def _manifest(cache: Cache) -> dict:
    environment = Environment(undefined=StrictUndefined)
    environment.filters["to_json"] = json.dumps
    template = environment.from_string((_ROLE / "templates" / "reader_pod.yml.j2").read_text())
    return yaml.safe_load(template.render(
        lookup=lambda _plugin, file: (_ROLE / "files" / file).read_text(), __drill_reader=cache.name + "-reader",
        drill_name=cache.name, drill_namespace=cache.namespace, drill_image=cache.content.image, drill_file=""))
