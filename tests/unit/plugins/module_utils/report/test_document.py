# SPDX-License-Identifier: GPL-3.0-or-later
"""The document: the order of caches, warnings, history, and results of every shape."""

import json

import pytest
from fake_cache import PROBE
from fake_raft import NAMESPACE
from report_samples import AT, causes, degraded, documents, earlier, failed, healthy

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.report import document, page
from ansible_collections.datacache.fluid.plugins.module_utils.report.cache import Given


def build(*results, **given):
    return document.build([Given(result) for result in results], given.get("earlier", []), AT)


def subjects(cache):
    return [(each["severity"], each["subject"]) for each in cache["warnings"]]


def test_the_worst_cache_is_first():
    fleet = documents()["fleet"]
    assert [(cache["name"], cache["state"]) for cache in fleet["caches"]][:4] == [
        ("prod-c", "unreadable"),
        ("team-with-a-long-namespace/a-cache-whose-name-has-forty-letters-in-all", "broken"),
        ("data/images", "degraded"), ("data/hbase", "kept")]
    assert (fleet["state"], fleet["states"]["kept"]) == ("unreadable", 17)


def test_a_healthy_cache_has_no_warning():
    assert build(healthy())["caches"][0]["warnings"] == []


def test_warnings_have_the_next_step_and_causes_come_first():
    cache = document.build([Given(degraded(), "", causes(("image_pull", True), ("dns", False)))], [], AT)
    assert subjects(cache["caches"][0]) == [
        ("broken", "Cause: image pull"), ("degraded", "Cause: dns"), ("degraded", "Quorum of the masters"),
        ("degraded", "Quorum of the job masters: one more loss"), ("unknown", "Figures of the Dataset")]
    assert all(each["next_step"] for each in cache["caches"][0]["warnings"])


@pytest.mark.parametrize(("dataset", "expected"), [
    ({"total": "8.00GiB", "percentage": "48.0%", "cached": "3.95GiB"}, ("degraded", "98% of the capacity")),
    ({"total": "8.00GiB", "percentage": "10.0%", "cached": "1.00GiB"}, ("unknown", "The data is 2.0 times")),
    ({"total": "4.00GiB", "percentage": "100.0%", "cached": "4.00GiB"}, None),
])
def test_a_cache_that_is_too_small(dataset, expected):
    result = healthy()
    result["figures"]["dataset"] |= dataset
    found = [(each["severity"], each["text"]) for each in build(result)["caches"][0]["warnings"]]
    assert bool(found) == (expected is not None)
    assert expected is None or (found[0][0] == expected[0] and found[0][1].startswith(expected[1]))


def test_versions_that_differ():
    result = healthy()
    result["versions"]["worker"] = ["2.9.0"]
    assert subjects(build(result)["caches"][0]) == [("degraded", "Versions")]


def test_the_history_is_carried_on():
    first = build(healthy(), earlier=[earlier()])
    assert len(first["caches"][0]["history"]) == 14
    second = document.build([Given(healthy())], [first, earlier()], "2026-11-28T04:10:00Z")
    history = second["caches"][0]["history"]
    assert len(history) == 15 and history[-1] == first["caches"][0]["run"]
    assert [run["at"] for run in history] == sorted({run["at"] for run in history})


def test_the_history_of_another_cache_does_not_count():
    assert build(healthy("data/other"), earlier=[earlier()])["caches"][0]["history"] == []


def test_the_history_is_bounded():
    long = earlier()
    long["caches"][0]["history"] = [{"at": f"2025-01-01T00:{number // 60:02d}:{number % 60:02d}Z"}
                                    for number in range(200)]
    assert len(build(healthy(), earlier=[long])["caches"][0]["history"]) == 60


def reports(*runs):
    """The documents of runs a minute apart, each made from the one before alone. runs: results by host."""
    made = []
    for minute, results in enumerate(runs):
        given = [Given(result, host) for host, result in results.items()]
        made.append(document.build(given, made[-1:], f"2026-11-28T04:{minute:02d}:00Z"))
    return made


def states(cache):
    return [run["state"] for run in cache["history"]]


def test_a_cache_that_could_not_be_read_keeps_its_history():
    last = reports({"prod": healthy()}, {"prod": failed()}, {"prod": healthy()})[-1]
    assert states(last["caches"][0]) == ["kept", "unreadable"]


def test_a_cache_that_a_run_leaves_out_keeps_its_history():
    """As a host that a limit leaves out, or that has failed before."""
    both = {"a": healthy("data/a"), "b": healthy("data/b")}
    last = reports(both, {"a": healthy("data/a")}, {"b": failed()}, both)[-1]
    assert {cache["name"]: states(cache) for cache in last["caches"]} == {
        "data/a": ["kept", "kept"], "data/b": ["kept", "unreadable"]}
    assert last["absent"] == []


def test_caches_of_one_name_in_two_clusters_are_told_apart():
    first, second = reports(*[{"hbase.east": healthy(lost=lost), "hbase.west": healthy()}
                              for lost in (("hbase-master-1",), ())])
    assert [cache["label"] for cache in second["caches"]] == [
        "data/hbase (hbase.east)", "data/hbase (hbase.west)"]
    assert [states(cache) for cache in second["caches"]] == [
        [cache["state"]] for cache in sorted(first["caches"], key=lambda cache: cache["host"])]
    shown = page.render(second)
    assert all(shown.count(cache["label"]) == 2 for cache in second["caches"])


def test_a_renamed_host_keeps_the_history_of_its_cache():
    last = reports({"old": healthy()}, {"new": healthy()})[-1]
    assert (states(last["caches"][0]), last["caches"][0]["label"]) == (["kept"], "data/hbase")


@pytest.mark.parametrize("junk", [None, 7, "text", [], {}, [1], {"a": [None]}])
def test_values_of_another_shape_make_a_page(junk):
    """Each value of a result is replaced by another one; the page only lacks it."""
    for key in ("topology", "versions"):
        page.render(build({**healthy(), key: junk}))
    for key in healthy()["figures"]:
        page.render(build({**healthy(), "figures": {**healthy()["figures"], key: junk}}))
    for key in healthy()["topology"]:
        page.render(build({**healthy(), "topology": {**healthy()["topology"], key: junk}}))
    old = {**earlier(), "caches": [{"name": "data/hbase", "history": [junk, {"at": junk, "state": junk}],
                                    "reads": junk, "counts": junk}]}
    page.render(build(healthy(), earlier=[old, {**earlier(), "caches": junk}]))


@pytest.mark.parametrize("value", [1e308, -1e308, 10 ** 400, 1e300, 5e-324, "1e309"])
def test_numbers_of_no_measurement_make_a_page(value):
    """As in the JSON of an earlier report that was written by another program."""
    old = earlier()
    for key in ("first_seconds", "second_seconds"):
        result = healthy()
        result["figures"]["copies"][key] = value
        old["caches"][0]["reads"] |= {key: value}
        old["caches"][0]["history"][0] |= {key: value, "hit_ratio": value}
        made = build(result, earlier=[old])
        json.dumps(made, allow_nan=False)
        assert len(page.render(made)) < 40000
    result["figures"]["workers"] = {"ready": value, "desired": value}
    assert len(page.render(build(result))) < 40000


@pytest.mark.parametrize(("options", "message"), [
    ({"caches": [{"changed": False}]}, r"caches\[0\] is no result of datacache.fluid.cache_info"),
    ({"hosts": ["a", "b"]}, "hosts has 2 elements: expected one for each of the 1 caches"),
    ({"diagnoses": [{}, {}]}, "diagnoses has 2 elements"),
])
def test_options_that_do_not_agree_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        document.given({"caches": [healthy()], "hosts": [], "diagnoses": [], **options})


def test_a_failed_task_is_a_cache_that_could_not_be_read():
    [cache] = build(failed("no connection"))["caches"]
    assert (cache["name"], cache["state"], cache["error"]) == ("cache 1", "unreadable", "no connection")
    assert subjects(cache) == [("broken", "The cache could not be read")]


def test_the_image_of_a_sidecar_is_no_version_of_alluxio(look, cache, cluster):
    alluxio = "alluxio/alluxio:2.9.4"
    for name, images in (("hbase-master-0", {"alluxio-master": alluxio}),
                         ("hbase-worker-0", {"alluxio-worker": alluxio, "proxy": "mesh/proxy:1.20"})):
        cluster.change(kinds.POD, name, NAMESPACE, {"spec": {"containers": [
            {"name": container, "image": image} for container, image in images.items()]}})
    [made] = build(look())["caches"]
    assert (made["versions"]["worker"], made["warnings"]) == (["2.9.4"], [])


def test_what_cache_info_returns_is_what_a_report_reads(look, cache):
    """The samples of the other tests have the shape of real results."""
    cache.put_application("web", "node1")
    result = look(probe=PROBE)
    [made] = build(result)["caches"]
    assert (made["name"], made["state"], made["warnings"]) == ("data/hbase", "kept", [])
    assert made["components"] == {
        "master": {"ready": 3, "desired": 3}, "worker": {"ready": 2, "desired": 2},
        "fuse": {"ready": 1, "desired": 1}, "application": {"ready": 1, "desired": 1}}
    assert made["reads"]["cold"] and round(made["reads"]["speedup"]) == 21
    assert [(group["domain"], group["available"]) for group in made["quorums"]] == [
        ("MASTER", 3), ("JOB_MASTER", 3)]
    sample = healthy()
    assert result.keys() == {*sample, "report"} and result["topology"].keys() == sample["topology"].keys()
    assert result["figures"]["dataset"].keys() == sample["figures"]["dataset"].keys()
