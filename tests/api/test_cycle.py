# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an object under each module: create, change, drop an option, delete.

Each step is checked, done and repeated. After each step the object is read back past the module. Check mode
must say what the run then does.
"""

from dataclasses import dataclass, field

import pytest
from outcomes import outcome

MOUNT = {"name": "hbase", "mount_point": "https://host/hbase/"}
LEVEL = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}


@dataclass
class Step:
    """Options of a run; what the live spec and labels then have, and no longer have."""

    options: dict
    spec: dict
    labels: dict = field(default_factory=dict)
    gone: tuple = ()


DATASET = [
    Step({"mounts": [{**MOUNT, "options": {"a": "1", "b": "2"}}], "labels": {"team": "search"},
          "placement": "Shared"},
         {"mounts": [{"name": "hbase", "mountPoint": "https://host/hbase/", "options": {"a": "1", "b": "2"}}],
          "placement": "Shared"},
         {"team": "search"}),
    Step({"mounts": [{**MOUNT, "options": {"a": "1"}},
                     {"name": "b", "mount_point": "s3://b/", "read_only": True}],
          "labels": {"team": "ads"}, "placement": "Shared", "access_modes": ["ReadOnlyMany"]},
         {"mounts": [{"name": "hbase", "mountPoint": "https://host/hbase/", "options": {"a": "1"}},
                     {"name": "b", "mountPoint": "s3://b/", "readOnly": True}],
          "placement": "Shared", "accessModes": ["ReadOnlyMany"]}, {"team": "ads"}),
    Step({"mounts": [MOUNT]}, {"mounts": [{"name": "hbase", "mountPoint": "https://host/hbase/"}]},
         gone=("placement", "accessModes")),
]

RUNTIME = [
    Step({"worker_replicas": 1, "tieredstore": [LEVEL], "properties": {"a": "1", "b": "2"},
          "labels": {"team": "search"},
          "master": {"resources": {"limits": {"memory": "2048Mi"}}}},
         {"replicas": 1, "tieredstore": {"levels": [LEVEL]}, "properties": {"a": "1", "b": "2"},
          "master": {"replicas": 1, "networkMode": "HostNetwork",
                     "resources": {"limits": {"memory": "2048Mi"}}}}, {"team": "search"}),
    Step({"worker_replicas": 2, "tieredstore": [{**LEVEL, "quota": "4Gi"}], "properties": {"a": "1"},
          "master": {"resources": {"limits": {"memory": "2Gi"}}}, "labels": {"team": "ads"}},
         {"replicas": 2, "tieredstore": {"levels": [{**LEVEL, "quota": "4Gi"}]}, "properties": {"a": "1"},
          "master": {"replicas": 1, "networkMode": "HostNetwork",
                     "resources": {"limits": {"memory": "2048Mi"}}}}, {"team": "ads"}),
    Step({"worker_replicas": 2}, {"replicas": 2, "master": {"replicas": 1, "networkMode": "HostNetwork"}},
         gone=("tieredstore", "properties")),
]


@pytest.mark.parametrize(("module", "plural", "steps"), [
    pytest.param("dataset", "datasets", DATASET, id="dataset"),
    pytest.param("alluxio_runtime", "alluxioruntimes", RUNTIME, id="alluxio_runtime"),
])
@pytest.mark.usefixtures("fluid")
def test_cycle(succeed, existing, module, plural, steps):
    for step in steps:
        before = existing(plural)
        predicted = succeed(module, check=True, name="hbase", **step.options)
        assert predicted["changed"]
        assert existing(plural) == before, "check mode changed the object"

        done = succeed(module, name="hbase", **step.options)
        assert outcome(done) == outcome(predicted)
        assert_is_so(existing(plural), step)

        for check in (False, True):
            after = existing(plural)
            again = succeed(module, check=check, name="hbase", **step.options)
            assert (again["changed"], again["diff"],
                    again["warnings"]) == (False, {"before": {}, "after": {}}, [])
            assert existing(plural) == after

    predicted = succeed(module, check=True, name="hbase", state="absent", wait=True)
    assert existing(plural), "check mode deleted the object"
    done = succeed(module, name="hbase", state="absent", wait=True)
    assert outcome(done) == outcome(predicted)
    assert done["changed"]
    assert existing(plural) is None
    again = succeed(module, name="hbase", state="absent", wait=True)
    assert (again["changed"], again["result"]) == (False, {})


@pytest.mark.parametrize(("module", "plural", "steps"), [
    pytest.param("dataset", "datasets", DATASET, id="dataset"),
    pytest.param("alluxio_runtime", "alluxioruntimes", RUNTIME, id="alluxio_runtime"),
])
def test_cycle_of_a_list(succeed, existing, fluid, module, plural, steps):
    """The same steps for several objects in one task."""
    names = [f"d{number}" for number in range(6)]
    for step in steps:
        options = {plural.removeprefix("alluxio"): [{"name": name, **step.options} for name in names]}
        predicted = succeed(module, check=True, **options)
        done = succeed(module, **options)
        assert done["results"] == predicted["results"]
        assert done["diff"] == predicted["diff"]
        for name in names:
            assert_is_so(existing(plural, name), step)
            if module == "alluxio_runtime":
                fluid.write_back(name)
        again = succeed(module, **options)
        assert (again["changed"], again["diff"]) == (False, [])
    absent = {plural.removeprefix("alluxio"): [{"name": name} for name in names], "state": "absent",
              "wait": True}
    assert succeed(module, **absent)["changed"]
    assert [existing(plural, name) for name in names] == [None] * len(names)
    assert not succeed(module, **absent)["changed"]


def test_cycle_of_a_runtime_that_fluid_writes_back(succeed, existing, fluid):
    """The same promises after the controller has taken the object over, as it does right after creation."""
    for step in RUNTIME:
        predicted = succeed("alluxio_runtime", check=True, name="hbase", **step.options)
        assert outcome(succeed("alluxio_runtime", name="hbase", **step.options)) == outcome(predicted)
        fluid.write_back("hbase")
        after = existing("alluxioruntimes")
        assert after["spec"]["management"]["cleanCachePolicy"]["maxRetryAttempts"] == 3
        assert not succeed("alluxio_runtime", name="hbase", **step.options)["changed"]
        assert existing("alluxioruntimes") == after
        for option in step.gone:
            assert option not in after["spec"]


def test_cycle_of_a_volume(succeed, api, namespace, fluid):
    def volume():
        return api.get(f"/api/v1/persistentvolumes/{namespace}-hbase")

    def claim():
        return api.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/hbase")

    succeed("dataset", name="hbase")
    succeed("alluxio_runtime", name="hbase")
    steps = [
        ({"capacity": "100Gi"}, {}, "Retain"),
        ({"capacity": "100Gi", "labels": {"team": "search", "tier": "hot"}, "reclaim_policy": "Delete"},
         {"team": "search", "tier": "hot"}, "Delete"),
        ({"labels": {"team": "ads"}, "reclaim_policy": "Retain"}, {"team": "ads"}, "Retain"),
    ]
    for number, (options, labels, policy) in enumerate(steps):
        predicted = succeed("dataset_volume", check=True, name="hbase", **options)
        done = succeed("dataset_volume", name="hbase", **options)
        assert (done["changed"], done["diff"],
                done["warnings"]) == (predicted["changed"], predicted["diff"], predicted["warnings"])
        assert done["changed"]
        if number == 0:  # the capacity comes before the volume
            fluid.bind("hbase")
            fluid.status("datasets", "hbase", phase="Bound", conditions=[])
            succeed("dataset_volume", name="hbase", wait=True, **options)
        assert (volume()["metadata"].get("labels") or {}, claim()["metadata"].get("labels")
                or {}) == (labels, labels)
        assert volume()["spec"]["persistentVolumeReclaimPolicy"] == policy
        assert not succeed("dataset_volume", name="hbase", **options)["changed"]

    succeed("dataset", name="hbase", state="absent", wait=True)
    predicted = succeed("dataset_volume", check=True, name="hbase", state="absent")
    assert volume() and claim()
    done = succeed("dataset_volume", name="hbase", state="absent", wait=True)
    assert (done["changed"], done["diff"]) == (predicted["changed"], predicted["diff"])
    assert (volume(), claim()) == (None, None)
    assert not succeed("dataset_volume", name="hbase", state="absent", wait=True)["changed"]


def assert_is_so(existing, step):
    assert without_defaults(existing["spec"], step.spec) == step.spec
    assert (existing["metadata"].get("labels") or {}) == step.labels
    for key in step.gone:
        assert key not in existing["spec"]


def without_defaults(existing, desired):
    """The live value cut down to the desired fields: the server fills in defaults, also in lists."""
    if isinstance(existing, dict) and isinstance(desired, dict):
        return {key: without_defaults(existing[key], value) for key, value in desired.items()
                if key in existing}
    if isinstance(existing, list) and isinstance(desired, list) and len(existing) == len(desired):
        return [without_defaults(*pair) for pair in zip(existing, desired, strict=True)]
    return existing
