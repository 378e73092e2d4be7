# SPDX-License-Identifier: GPL-3.0-or-later
"""The node labels that cleanup waits for, as Fluid builds them (pkg/utils/label.go)."""

from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

GONE = Path(__file__).parents[3] / "roles" / "cleanup" / "tasks" / "gone.yml"
UID = "4e0fd0ae-2bd5-4b9c-b3ad-53f9dfc1a0b5"


def labels(namespace, name):
    [task] = yaml.safe_load(GONE.read_text())
    variables = {"cleanup_namespace": namespace, "cleanup_name": name, **task["vars"],
                 "__cleanup_dataset": {"resources": [{"metadata": {"uid": UID}}]}}
    nodes = [item["label_selectors"] for item in task["vars"]["__cleanup_created_objects"]
             if item["kind"] == "Node"]
    try:
        from ansible.template import trust_as_template
    except ImportError:  # ansible-core 2.18 and earlier
        return Templar(DataLoader(), variables=variables).template(nodes)

    def trusted(value):
        if isinstance(value, dict):
            return {key: trusted(each) for key, each in value.items()}
        if isinstance(value, list):
            return [trusted(each) for each in value]
        return trust_as_template(value)
    return Templar(DataLoader(), variables=trusted(variables)).template(trusted(nodes))


@pytest.mark.parametrize(("namespace", "name", "worker", "fuse"), [
    ("data", "hbase", "data-hbase", "data-hbase"),
    ("n" * 20, "d" * 22, f"{'n' * 20}-{'d' * 22}", f"{'n' * 20}-{'d' * 22}"),
    ("n" * 20, "d" * 23, UID, f"{'n' * 20}-{'d' * 23}"),
    ("n" * 20, "d" * 31, UID, UID),
])
def test_labels_of_63_characters_have_the_uid(namespace, name, worker, fuse):
    assert labels(namespace, name) == [[f"fluid.io/s-alluxio-{worker}"], [f"fluid.io/f-{fuse}"]]
