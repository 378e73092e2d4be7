# SPDX-License-Identifier: GPL-3.0-or-later
"""What passes the validation is accepted by the API server. API_INVENTORIES sets their number."""

import os

import raw_api
from hypothesis import HealthCheck, given, settings
from inventories import inventories
from inventory_site import Refused, require_valid
from raw_api import FLUID

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid import dataset, runtime

NUMBER = int(os.environ.get("API_INVENTORIES", "150"))


@settings(max_examples=NUMBER, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))
@given(inventory=inventories())
def test_the_server_accepts_what_passes(api, inventory):
    try:
        parts = require_valid(inventory)
    except (Refused, InvalidInput):
        return
    for plural, build, options in (("datasets", dataset.manifest, parts["dataset"]),
                                   ("alluxioruntimes", runtime.manifest, parts["runtime"])):
        _require_accepted(api, plural, build({**options, "spec_overrides": None}))
        try:
            _require_accepted(api, plural, build(options))
        except raw_api.Refused as err:
            # Overrides are fields that only the definitions of the cluster know.
            assert options.get("spec_overrides") and "strict decoding error: unknown field" in str(err)


def _require_accepted(api, plural, manifest):
    # The namespace of the inventory may not exist, and is no part of what the definitions validate.
    manifest["metadata"]["namespace"] = "default"
    api.request("POST", f"{FLUID}/namespaces/default/{plural}", manifest, dryRun="All",
                fieldValidation="Strict")
