# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.fields import restore


@pytest.mark.parametrize("location", [
    {"path": "pvc://claim"}, {"path": "pvc://claim/a/folder/"}, {"path": "pvc://claim", "node_name": ""},
    {"path": "local:///a/folder", "node_name": "n"}, {},
])
def test_accepted(location):
    restore.require_valid(location)


@pytest.mark.parametrize(("location", "message"), [
    *[({"path": path, "node_name": "n"},
       f"data_restore_location.path is {path!r}: expected pvc://<claim>/<folder> or local:///<folder>")
      for path in ["", "/backup", "pvc://", "pvc:///folder", "local://folder", "local:///"]],
    ({"node_name": "n"}, "data_restore_location.path is ''"),
    ({"path": "local:///backup"}, "data_restore_location.path is 'local:///backup' without node_name"),
    ({"path": "pvc://claim/a", "node_name": "n"},
     "data_restore_location.node_name is 'n', which Fluid ignores for a claim"),
])
def test_refused(location, message):
    with pytest.raises(InvalidInput) as refused:
        restore.require_valid(location)
    assert str(refused.value).startswith(message)
