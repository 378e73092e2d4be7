# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a bound Dataset needs: nothing, a mount, a new runtime, or a warning."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle import dataset_changes
from ansible_collections.datacache.fluid.plugins.module_utils.lifecycle.dataset_changes import Changes

WEB, LOG = {"mountPoint": "https://host/", "name": "web"}, {"mountPoint": "s3://log/", "path": "/log"}
LOCAL, CLAIM = {"mountPoint": "local:///d", "name": "d"}, {"mountPoint": "pvc://c", "name": "c"}
ROOT = {"mountPoint": "s3://b/", "path": "/"}


def secret(name="s"):
    return [{"name": "k", "valueFrom": {"secretKeyRef": {"name": name, "key": "k"}}}]


def changes(before, after):
    def as_object(spec):
        return {"spec": {"mounts": spec} if isinstance(spec, list) else spec}
    return dataset_changes.of(as_object(before), as_object(after))


@pytest.mark.parametrize(("before", "after", "expected"), [
    pytest.param([WEB], [WEB, LOG], Changes(), id="fluid-adds-a-path"),
    pytest.param([WEB, LOG], [LOG], Changes(), id="fluid-removes-a-path"),
    pytest.param([WEB, LOG], [LOG, WEB], Changes(), id="order"),
    pytest.param([WEB], [{**WEB, "readOnly": False, "options": {}}], Changes(), id="defaults"),
    pytest.param([WEB], [{**WEB, "name": "w", "path": "/web"}], Changes(), id="another-name-of-one-path"),
    pytest.param([WEB], [{**WEB, "mountPoint": "https://other/"}], Changes(("/web",)), id="url"),
    pytest.param([WEB, LOG], [{**WEB, "readOnly": True}, {**LOG, "options": {"a": "1"}}],
                 Changes(("/web", "/log")), id="flag-and-option"),
    pytest.param([{**LOG, "encryptOptions": secret()}], [{**LOG, "encryptOptions": secret("t")}],
                 Changes(("/log",)), id="secret"),
    pytest.param({"mounts": [WEB, LOCAL]}, {"mounts": [WEB, LOCAL, LOG], "sharedOptions": {"a": "1"}},
                 Changes(("/web",)), id="shared-options-of-what-stays"),
    pytest.param({"mounts": [LOG], "sharedEncryptOptions": secret()}, {"mounts": [LOG]}, Changes(("/log",)),
                 id="shared-secret"),
    pytest.param([WEB], [WEB, LOCAL, CLAIM], Changes(refused="/c, /d as a volume of the pods"),
                 id="native-added"),
    pytest.param([WEB, LOCAL], [WEB], Changes(refused="/d as a volume of the pods"), id="native-removed"),
    pytest.param([WEB], [{**LOCAL, "name": "web"}], Changes(refused="/web as a volume of the pods"),
                 id="becomes-native"),
    pytest.param([LOCAL], [{**LOCAL, "options": {"a": "1"}}], Changes(), id="native-mounts-have-no-options"),
    pytest.param([ROOT], [{**ROOT, "options": {"a": "1"}}], Changes(refused="/ as the root of Alluxio"),
                 id="root"),
    pytest.param([ROOT], [WEB], Changes(refused="/ as the root of Alluxio"), id="root-removed"),
    pytest.param({"mounts": [ROOT]}, {"mounts": [ROOT], "sharedOptions": {"a": "1"}},
                 Changes(refused="/ as the root of Alluxio"), id="shared-options-of-the-root"),
    pytest.param({"mounts": [WEB]},
                 {"mounts": [WEB], "placement": "Shared", "accessModes": ["ReadOnlyMany"],
                  "owner": {"uid": 1}, "tolerations": [{}], "nodeAffinity": {"required": {}}},
                 Changes(ignored=("accessModes", "nodeAffinity", "owner", "placement", "tolerations")),
                 id="fields-of-the-creation"),
])
def test_what_a_change_needs(before, after, expected):
    assert changes(before, after) == expected


@pytest.mark.parametrize(("status", "running"), [
    ({"phase": "Bound", "runtimes": [{"type": "alluxio"}]}, True), ({"phase": "Updating"}, True),
    ({"phase": "NotBound"}, False), ({}, False), ({"phase": "Bound", "runtimes": [{"type": "thin"}]}, False),
])
def test_is_running(status, running):
    assert dataset_changes.is_running({"status": status}) is running


@pytest.mark.parametrize(("text", "paths"), [
    (None, []), ('["/a"]', ["/a"]), ("{", []), ("{}", []), ("[1]", [])])
def test_noted(text, paths):
    annotations = {} if text is None else {dataset_changes.ANNOTATION: text}
    assert dataset_changes.noted({"metadata": {"annotations": annotations}}) == paths
