# SPDX-License-Identifier: GPL-3.0-or-later
"""Registered results of cache_info for reports: caches in every state, with names and texts that are hard."""

from ansible_collections.datacache.fluid.plugins.module_utils.report import document
from ansible_collections.datacache.fluid.plugins.module_utils.report.cache import Given

AT = "2026-11-27T04:10:00Z"
KEPT = {"dataset_controller": "Deployment fluid-system/dataset-controller has 1 of 1 replicas ready",
        "csi_plugin": "DaemonSet fluid-system/csi-nodeplugin-fluid has a ready pod on each of 3 nodes",
        "runtime": "AlluxioRuntime {name} exists", "masters": "3 masters are ready",
        "workers": "2 workers are ready", "node_loss": "3 masters run on 3 nodes",
        "master_quorum": "The MASTER quorum of {name} has leader and 3 of 3 peers AVAILABLE",
        "dataset": "Dataset {name} is Bound", "volume": "Claim {name} is Bound and volume is Bound",
        "files_read": "Pod probe has read 464519168 bytes of claim {name}"}
# Neither of it may ever be markup or a credential on the page.
HOSTILE = "<script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\" ' & \x00\x1b[31m"
SECRET = "s3cr3t-PASS-4711"


def promise(name, state="kept", evidence="", next_step=""):
    return {"name": name, "state": state, "evidence": evidence, "next_step": next_step, "figures": {},
            "lost_nodes": []}


def pod(name, role, node, reason=""):
    return {"name": name, "role": role, "node": node, "ready": not reason, "reason": reason}


def group(name, hosts, port, lost=(), leader=0):
    peers = [{"address": f"{host}:{port}", "host": host, "port": port, "priority": None,
              "state": "UNAVAILABLE" if host in lost else "AVAILABLE", "leader": number == leader}
             for number, host in enumerate(hosts)]
    return {"leader": peers[leader]["address"] if leader is not None else None, "peers": peers, "term": 4}


def healthy(name="data/hbase", masters=3, applications=2, lost=()):
    """A cache that keeps every promise, unless masters are lost."""
    release = name.partition("/")[2]
    hosts = [f"{release}-master-{number}" for number in range(masters)]
    nodes = [f"node{number + 1}" for number in range(max(3, masters))]
    pods = [pod(host, "master", node, "its node does not answer" if host in lost else "")
            for host, node in zip(hosts, nodes, strict=False)]
    pods += [pod(f"{release}-worker-{number}", "worker", nodes[number]) for number in range(2)]
    pods += [pod(f"{release}-fuse-x{number}", "fuse", nodes[number]) for number in range(2)]
    pods += [pod(f"nginx-{number}-7d9f", "application", nodes[number % 2]) for number in range(applications)]
    return {
        "changed": False, "kept": True,
        "promises": [promise(each, evidence=text.format(name=name)) for each, text in KEPT.items()],
        "figures": {
            "name": name, "masters": {"ready": masters - len(lost), "desired": masters, "leader": hosts[0]},
            "workers": {"ready": 2, "desired": 2}, "fuses": 2,
            "dataset": {"phase": "Bound", "files": "18", "total": "443.00MiB", "cached": "443.00MiB",
                        "capacity": "4.00GiB", "percentage": "100.0%",
                        "hit_ratios": {"all": "96.4%", "local": "61.2%", "remote": "35.2%"}},
            "copies": {"cached_before": "0.0%", "bytes": 464519168, "complete": True,
                       "first_seconds": 41.21, "second_seconds": 0.40}},
        "topology": {
            "nodes": [{"name": node, "ready": f"{release}-master-{number}" not in lost, "schedulable": True,
                       "zone": f"zone-{'abc'[number % 3]}"} for number, node in enumerate(nodes)],
            "pods": pods, "more_applications": 0,
            "quorums": {"MASTER": group(name, hosts, 19200, lost),
                        "JOB_MASTER": group(name, hosts, 20003, lost, 1)} if masters > 1 else {},
            "under_stores": [{"name": "hbase", "mount_point": "https://mirrors.example.org/apache/hbase/"}]},
        "versions": {"kubernetes": ["v1.34.4"], "fluid": ["v1.0.8-a1b2c3"], "master": ["2.9.4"],
                     "worker": ["2.9.4"], "fuse": ["2.9.4"]}}


def degraded(name="data/images"):
    """A node is lost, and with it a follower."""
    release = name.partition("/")[2]
    result = healthy(name, lost=(f"{release}-master-2",))
    result["promises"] += [
        promise("master_quorum", "degraded", f"The MASTER quorum of {name} has leader {release}-master-0 and "
                f"2 of 3 peers AVAILABLE; not AVAILABLE: {release}-master-2, expected a leader and 3 of 3",
                "start the nodes that are not Ready; the quorum serves meanwhile"),
        promise("figures", "unknown", f"The total size of Dataset {name} is [Calculating]",
                "wait until Fluid has counted the under-store, then verify again")]
    result["figures"]["dataset"] |= {"total": "[Calculating]", "percentage": "unknown", "hit_ratios": {}}
    result["figures"]["copies"] = {}
    return result


def broken(name="team-with-a-long-namespace/a-cache-whose-name-has-forty-letters-in-all"):
    """Long names, five masters of which three are lost, hostile texts and a credential."""
    release = name.partition("/")[2]
    result = healthy(name, 5, 31, tuple(f"{release}-master-{number}" for number in (0, 3, 4)))
    result["topology"]["quorums"]["MASTER"]["leader"] = None
    for peer in result["topology"]["quorums"]["MASTER"]["peers"]:
        peer["leader"] = False
    result["topology"]["pods"].append(pod(f"{release}-worker-2", "worker", "", f"not scheduled: {HOSTILE}"))
    result["topology"]["more_applications"] = 12
    result["promises"] += [
        promise("master_quorum", "broken", f"The MASTER quorum of {name} has leader none; {HOSTILE}",
                "complete it with datacache.fluid.alluxio_quorum"),
        promise("application_mounts", "broken",
                f"1 of 31 mounts is dead: https://user:{SECRET}@store.example.org/x, "
                f"fs.s3.secretKey={SECRET}", "delete the pods whose endpoint is not connected")]
    result["versions"]["worker"] = ["2.9.3", "2.9.4"]
    return result


def failed(message="Could not connect to the API server at https://10.0.0.1:6443: connection refused"):
    return {"failed": True, "msg": message}


def causes(*found):
    return {"causes": [{"cause": cause, "object": "Pod data/x", "evidence": "container is waiting",
                        "remedy": "correct image and tag (fluid_image, fluid_image_tag)", "certain": certain}
                       for cause, certain in found]}


def earlier(name="data/hbase", runs=12):
    """The document of an earlier run, which carries those before it."""
    result = document.build([Given(healthy(name))], [], "2026-11-26T04:10:00Z")
    result["caches"][0]["history"] = [
        {"at": f"2026-11-{day:02d}T04:10:00Z", "state": "broken" if day == 19 else "kept",
         "first_seconds": 39.0 + day % 4, "second_seconds": 0.38 + day % 3 / 20, "cached_before": "0.0%",
         "cached_percentage": 100.0, "hit_ratio": 90.0 + day % 7} for day in range(25 - runs, 26)]
    return result


def documents():
    """The documents of the pages that a browser shows, by name."""
    fleet = [Given(healthy(), "prod-a"), Given(degraded(), "prod-b"), Given(failed(), "prod-c"),
             Given(broken(), "prod-d", causes(("image_pull", True), ("node_pressure", False))),
             *(Given(healthy(f"team-{number}/cache-{number}", 1 if number % 3 == 0 else 3), f"host-{number}")
               for number in range(16))]
    return {"healthy": document.build([Given(healthy())], [earlier()], AT),
            "degraded": document.build([Given(degraded())], [], AT),
            "broken": document.build([Given(broken(), "", causes(("image_pull", True)))], [], AT),
            "single": document.build([Given(healthy(masters=1, applications=0))], [], AT),
            "unread": document.build([Given(failed(), "prod-c")], [], AT),
            "fleet": document.build(fleet, [earlier()], AT, "Production caches")}
