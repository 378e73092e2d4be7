# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a task costs, counted where they are sent."""

import pytest

# Fluid's controllers would write in between, which costs a request more.
pytestmark = pytest.mark.usefixtures("fluid")


def methods(sent):
    return [method for method, _path in sent]


# The masters' Services are objects of their own, which are looked at in one request.
ALONE = {"stable_peer_addresses": False}


# A new runtime reads its Dataset, which a runtime of another kind may serve. Fewer workers are drained first,
# so a look at their pods precedes that change.
@pytest.mark.parametrize(("module", "always", "options", "reads", "looks"), [
    ("dataset", {}, {"mounts": [{"name": "a", "mount_point": "https://a/"}], "placement": "Shared"}, 1, 0),
    ("alluxio_runtime", ALONE, {"properties": {"a": "b"}}, 2, 0),
    ("alluxio_runtime", ALONE, {"worker_replicas": 2, "properties": {"a": "b"}}, 2, 1),
])
def test_one_object(succeed, sent, module, always, options, reads, looks):
    options = {**always, **options}
    succeed(module, name="hbase", **options)
    assert methods(sent) == ["GET"] * reads + ["POST"]
    for check in (False, True):
        sent.clear()
        succeed(module, check=check, name="hbase", **options)
        assert methods(sent) == ["GET"]
    changed = ["GET"] * (1 + looks) + ["PATCH"]
    for state, desired in (("present", changed), ("absent", ["GET", "DELETE"]), ("absent", ["GET"])):
        sent.clear()
        succeed(module, name="hbase", state=state, **always)
        assert methods(sent) == desired


@pytest.mark.parametrize(("module", "plural", "always", "reads"),
                         [("dataset", "datasets", {}, 1), ("alluxio_runtime", "runtimes", ALONE, 1 + 20)])
def test_a_list_of_unchanged_objects_is_one_request(succeed, sent, module, plural, always, reads):
    several = {plural: [{"name": f"d{number}"} for number in range(20)], **always}
    succeed(module, **several)
    assert sorted(methods(sent)) == ["GET"] * reads + ["POST"] * 20
    for check in (False, True):
        sent.clear()
        assert not succeed(module, check=check, **several)["changed"]
        assert methods(sent) == ["GET"]


def test_the_services_of_a_list_of_runtimes_are_one_request_more(succeed, sent):
    several = {"runtimes": [{"name": f"d{number}"} for number in range(20)]}
    succeed("alluxio_runtime", **several)
    sent.clear()
    assert not succeed("alluxio_runtime", **several)["changed"]
    assert [path.partition("?")[0].rpartition("/")[2] for _method,
            path in sent] == ["alluxioruntimes", "services"]


def test_a_volume_is_read_once(succeed, sent, fluid):
    succeed("dataset", name="hbase")
    fluid.bind("hbase")
    sent.clear()
    succeed("dataset_volume", name="hbase")
    assert methods(sent) == ["GET"] * 4


def test_three_masters_cost_a_look_at_the_nodes_when_made_and_at_their_budgets_and_services_later(
        run, succeed, sent, fluid):
    """The tolerations of the Dataset decide which nodes accept masters."""
    run("alluxio_runtime", name="hbase", master_replicas=3)
    assert [path.rpartition("/")[2] for _method, path in sent] == ["hbase", "hbase", "nodes"]
    assert "/datasets/" in sent[1][1]
    sent.clear()
    succeed("alluxio_runtime", name="other", master_replicas=3, network_mode="ContainerNetwork")
    assert methods(sent) == ["GET", "GET", "POST", "GET", "POST"]
    sent.clear()
    succeed("alluxio_runtime", name="other", master_replicas=3, network_mode="ContainerNetwork")
    assert [path.partition("?")[0].rpartition("/")[2] for _method, path in sent] == [
        "other", "poddisruptionbudgets", "services"]
    sent.clear()
    succeed("alluxio_runtime", name="other", master_replicas=3, network_mode="ContainerNetwork",
            stable_peer_addresses=False)
    assert methods(sent) == ["GET", "GET"]
