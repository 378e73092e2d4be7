# SPDX-License-Identifier: GPL-3.0-or-later
"""The first read of an application after a warm-up, against its second one and against a cold one.

The origin is limited, and the page caches of the machine are dropped before each read: its nodes share them.
"""

import subprocess
from pathlib import Path
from statistics import median

import pytest
from cluster_accounts import kubectl
from cluster_acts import force, lab, mount_cache
from plays import measured, play, played

RATE = "512k"
CACHE = {"fluid_master_replicas": 3, "fluid_worker_replicas": 2, "fluid_probes": False}
# Each node has a FUSE process of its own, in which a file is new only once.
NODES = ("node1", "node2", "node3")
MEASURED = "hbase-2.5.10-bin.tar.gz"
# A JVM that has just started reads slower, whatever it reads. It reads these before.
OTHERS = ("hbase-2.5.10-client-bin.tar.gz", "hbase-2.5.10-hadoop3-bin.tar.gz", "hbase-2.5.10-src.tar.gz")
STARTS = 5
_READ = """began=$(date +%s%N)
find /data -name {name} -exec cat {{}} + | wc -c
echo $(($(date +%s%N) - began))"""


@pytest.fixture
def cleaned():
    """Afterwards the origin has no limit, and no cache is left for the next test."""
    yield
    lab("origin-rate", "off")
    play("cleanup", CACHE | {"fluid_cleanup_fluid": True})


@pytest.mark.usefixtures("cleaned")
def test_the_first_read_after_a_warm_up_is_as_fast_as_the_second():
    lab("origin-rate", RATE)
    played("deploy_ha", CACHE)
    mount_cache("cold", NODES[0])
    cold = seconds_of_read("cold", MEASURED)
    force("cold")
    played("cleanup", CACHE)
    lab("origin-rate", "off")
    played("deploy_ha", CACHE | {"fluid_warm_up": ["/"], "fluid_warm_up_timeout": 600})
    lab("origin-rate", RATE)
    first, second = zip(*map(reads_on, NODES), strict=True)
    measured(cold=cold, first=first, second=second)
    assert median(first) <= 1.1 * median(second), (first, second)
    assert cold >= 100 * median(first), (cold, first)


def reads_on(node: str) -> tuple[float, float]:
    """The seconds of the first and the second read by a pod on a node, whose FUSE process serves already."""
    pod = f"warm-{node}"
    mount_cache(pod, node)
    for name in OTHERS * STARTS:
        seconds_of_read(pod, name)
    first, second = seconds_of_read(pod, MEASURED), seconds_of_read(pod, MEASURED)
    force(pod)
    return first, second


def seconds_of_read(pod: str, name: str) -> float:
    """The seconds, by the pod's clock, in which it reads a file that no page cache has."""
    subprocess.run(["sync"], check=True)
    Path("/proc/sys/vm/drop_caches").write_text("3")
    size, nanoseconds = kubectl("exec", pod, "--", "sh", "-c", _READ.format(name=name)).split()
    assert int(size) > 8 * 1024 ** 2, size
    return round(int(nanoseconds) / 1e9, 3)
