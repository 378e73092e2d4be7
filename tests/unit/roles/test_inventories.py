# SPDX-License-Identifier: GPL-3.0-or-later
"""Any inventory passes the validation, or gets a sentence. INVENTORIES sets the number of inventories.

`make test-all` takes 10,000.
tests/api/test_inventories.py sends those that pass to an API server.
"""

import os
import re

from hypothesis import HealthCheck, event, given, settings, strategies as st
from inventories import inventories
from inventory_site import Refused, require_valid

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import dataset, runtime

NUMBER = int(os.environ.get("INVENTORIES", "300"))
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_LONGEST_SENTENCE = 1000
COMPONENTS = ("master", "jobMaster", "worker", "jobWorker", "fuse")


@settings(max_examples=NUMBER, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))
@given(inventory=inventories(), ha=st.booleans())
def test_any_inventory_passes_or_gets_a_sentence(inventory, ha):
    try:
        parts = require_valid(inventory, ha)
    except (Refused, InvalidInput) as refusal:
        event("refused")
        sentence = str(refusal)
        assert sentence.strip() and "\n" not in sentence and "Traceback" not in sentence
        assert len(sentence) < _LONGEST_SENTENCE
        return
    event("passed")
    made = [dataset.manifest(parts["dataset"]), runtime.manifest(parts["runtime"])]
    assert [reason for reason in map(fluid_refuses, made) if reason] == []


def fluid_refuses(manifest):
    """Why Fluid 1.0.8 or the API server would refuse a manifest, or silently use another one."""
    name, spec = manifest["metadata"]["name"], manifest["spec"]
    if not _NAME.fullmatch(name):
        return f"name {name}"
    masters = (spec.get("master") or {}).get("replicas", 1)
    if masters < 1 or (masters > 1 and masters % 2 == 0):
        return f"{masters} masters"
    if spec.get("replicas", 0) < 0:
        return "workers below zero"
    points = [mount["mountPoint"] for mount in spec.get("mounts") or []]
    if not all(re.match(r"[a-z][a-z0-9+.-]*://.", point) for point in points):
        return f"mounts {points}"
    paths = [mount.get("path") or "/" + mount.get("name", "") for mount in spec.get("mounts") or []]
    if len(paths) != len(set(paths)):
        return f"paths {paths}"
    return next((f"{each} is no text" for each in _texts(spec) if not isinstance(each, str)), "")


def _texts(spec):
    """The values of the maps that the API defines as map[string]string."""
    maps = [spec.get("sharedOptions"), spec.get("properties"),
            *(mount.get("options") for mount in spec.get("mounts") or []),
            *((spec.get(part) or {}).get(field) for part in COMPONENTS
              for field in ("properties", "env", "nodeSelector"))]
    return [value for each in maps for value in (each or {}).values()]
