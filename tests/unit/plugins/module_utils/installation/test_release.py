# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release's Secrets show, and when Helm has nothing to do."""

import base64
import gzip
import json

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.installation import release
from ansible_collections.datacache.fluid.plugins.module_utils.installation.release import Chart, Release

VALUES = {"namespace": "fluid-system", "runtime": {"alluxio": {"enabled": True}}}
METADATA = {"name": "fluid", "version": "1.0.8", "appVersion": "1.0.8-8c9cd61"}
FLUID = Chart("fluid", "1.0.8", "1.0.8-8c9cd61")


def encoded(content):
    """As Helm encodes a release, and the Secret once more."""
    return base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()


def secret(revision=1, status="deployed", **content):
    content = {"name": "fluid", "info": {"status": status}, "chart": {"metadata": METADATA}, "config": VALUES,
               **content}
    return {"metadata": {"name": f"sh.helm.release.v1.fluid.v{revision}",
                         "labels": {"owner": "helm", "name": "fluid", "version": str(revision)}},
            "data": {"release": encoded(content)}}


def test_a_revision():
    assert release.newest([secret()]) == Release("deployed", FLUID, VALUES)


def test_a_revision_without_values_and_version_of_the_application():
    found = release.newest([secret(config=None, chart={"metadata": {"name": "fluid", "version": "1.0.8"}})])
    assert found == Release("deployed", Chart("fluid", "1.0.8", ""), {})


def test_the_newest_revision_counts():
    found = release.newest([secret(9), secret(10, "failed"), secret(2)])
    assert found is not None and found.status == "failed"


@pytest.mark.parametrize("data", [
    {}, {"release": "!"}, {"release": base64.b64encode(b"e30=").decode()}, {"release": encoded([])},
    {"release": encoded({"info": {}})}, {"release": encoded({"info": {"status": "deployed"}, "chart": None})},
], ids=["missing", "no-base64", "no-gzip", "list", "no-status", "no-chart"])
def test_another_format_shows_nothing(data):
    assert release.newest([{"metadata": {"labels": {"version": "1"}}, "data": data}]) is None
    assert release.newest([]) is None


def test_the_secrets_of_replaced_revisions_are_not_read():
    assert release.selector("fluid") == "owner=helm,name=fluid,status!=superseded"


GIVEN = {"runtime": {"alluxio": {"enabled": True}}}


@pytest.mark.parametrize(("existing", "chart", "values", "kept", "expected"), [
    (Release("deployed", FLUID, VALUES), FLUID, VALUES, False, True),
    (Release("deployed", FLUID, VALUES), Chart("fluid", "1.0.8"), VALUES, False, True),
    (Release("deployed", FLUID, VALUES), Chart("fluid", "1.0.8", "1.0.8"), VALUES, False, False),
    (Release("deployed", FLUID, VALUES), Chart("fluid", "1.0.7"), VALUES, False, False),
    (Release("deployed", FLUID, VALUES), Chart("other", "1.0.8"), VALUES, False, False),
    (Release("failed", FLUID, VALUES), FLUID, VALUES, False, False),
    (Release("pending-upgrade", FLUID, VALUES), FLUID, VALUES, False, False),
    (Release("deployed", FLUID, VALUES), FLUID, GIVEN, False, False),
    (Release("deployed", FLUID, VALUES), FLUID, GIVEN, True, True),
    (Release("deployed", FLUID, VALUES), FLUID, {"csi": {"enabled": False}}, True, False),
    (None, FLUID, VALUES, False, False),
], ids=["equal", "of-a-repository", "another-application", "another-version", "another-chart", "failed",
        "pending", "values-removed", "values-kept", "values-added", "no-release"])
def test_when_helm_has_nothing_to_do(existing, chart, values, kept, expected):
    assert release.is_up_to_date(existing, chart, values, kept) is expected
