# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of whole tasks, as Ansible runs them; tests/api/test_requests.py counts those of modules."""

from collections import Counter

import pytest
from costs import content, tasks

FLEET = 600
PAGES = 2  # of at most 500 objects each; 10 000 objects take 20


@pytest.mark.parametrize("check", [False, True], ids=["run", "check mode"])
def test_an_unchanged_dataset_costs_one_request(bench, count, check):
    bench.cluster.create([content.manifest("one", bench.namespace)])
    assert len(count(tasks.dataset("one", bench.namespace), check)) == 1


def test_a_fleet_costs_its_pages_and_one_write_for_each_new_object(bench, count):
    task = tasks.datasets(content.names(FLEET), bench.namespace)
    assert Counter(request.method for request in count(task)) == {"GET": 1, "POST": FLEET}
    assert len(count(task)) == PAGES
    assert len(count(task, check=True)) == PAGES
    assert len(count(tasks.summary(bench.namespace))) == PAGES


def test_an_unchanged_fleet_of_volumes_costs_a_list_of_each_kind_it_reads(bench, count):
    names = content.names(20)
    task = {"datacache.fluid.dataset_volume": {"namespace": bench.namespace,
                                               "volumes": [{"name": name} for name in names]}}
    for kind in (content.manifest, content.volume, content.claim):
        bench.cluster.create(kind(name, bench.namespace) for name in names)
    try:
        resources = [request.target.partition("?")[0].rpartition("/")[2] for request in count(task)]
    finally:
        bench.cluster.clear_volumes(bench.namespace)
    assert sorted(resources) == ["datasets", "persistentvolumeclaims", "persistentvolumes", "pods"]
