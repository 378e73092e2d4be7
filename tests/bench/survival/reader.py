# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading application of the role drill, as a pod of a row's own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml
from jinja2 import Environment, StrictUndefined

from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ref_to
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.pods import is_ready, unready_reason

from .cache import Cache, until

_ROLE = Path(__file__).parents[3] / "roles" / "drill"
_SECONDS_TO_START = 300
_SECONDS_TO_READ = 3600


@contextmanager
def reading(cache: Cache) -> Iterator[str]:
    """The name of a pod that reads a file of the cache until the block ends."""
    pod = _manifest(cache)
    ref = ref_to(pod)
    cache.client.create(kinds.POD, pod, "raft")
    try:
        existing = {}

        def ready() -> bool:
            existing.update(cache.client.get(kinds.POD, ref))
            return is_ready(existing)

        until(f"pod {ref.name} to read", ready, _SECONDS_TO_START, lambda: unready_reason(existing))
        yield ref.name
    finally:
        existing = cache.client.get(kinds.POD, ref)
        if existing:
            cache.client.delete(kinds.POD, ref, existing["metadata"]["uid"])
        until(f"pod {ref.name} to be absent", lambda: cache.client.get(kinds.POD, ref) is None,
              _SECONDS_TO_START)


def _manifest(cache: Cache) -> dict:
    environment = Environment(undefined=StrictUndefined)
    environment.filters["to_json"] = json.dumps
    template = environment.from_string((_ROLE / "templates" / "reader_pod.yml.j2").read_text())
    pod = yaml.safe_load(template.render({
        **yaml.safe_load((_ROLE / "defaults" / "main.yml").read_text()),
        "lookup": lambda _plugin, file: (_ROLE / "files" / file).read_text(),
        "drill_name": cache.name, "drill_namespace": cache.namespace, "drill_image": cache.content.image,
        "drill_wait_timeout": _SECONDS_TO_READ}))
    pod["metadata"]["name"] = cache.name + "-reader"
    return pod
