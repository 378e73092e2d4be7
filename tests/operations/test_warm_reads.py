# SPDX-License-Identifier: GPL-3.0-or-later
"""The first read of an application after a warm-up, against its second one and against a cold one.

The origin is limited, and the page caches of the machine are dropped before each read: its nodes share them.
"""

import json
import subprocess
import time
from pathlib import Path
from statistics import median

import pytest
from cluster_accounts import kubectl
from cluster_acts import force, lab, mount_cache
from plays import play, played

RATE = "1m"
CACHE = {"fluid_master_replicas": 3, "fluid_worker_replicas": 2, "fluid_probes": False}
ROUNDS = 3


@pytest.fixture
def limited_origin():
    """The origin at that rate; afterwards no cache is left for the next test."""
    lab("origin-rate", RATE)
    yield
    lab("origin-rate", "off")
    play("cleanup", CACHE | {"fluid_cleanup_fluid": True})


@pytest.mark.usefixtures("limited_origin")
def test_the_first_read_after_a_warm_up_is_as_fast_as_the_second():
    played("deploy_ha", CACHE)
    cold = read_once("cold")
    played("cleanup", CACHE)
    played("deploy_ha", CACHE | {"fluid_warm_up": ["/"], "fluid_warm_up_timeout": 600})
    first, second = [], []
    for number in range(ROUNDS):
        first.append(read_once(f"warm-{number}", keep=True))
        second.append(seconds_of_read(f"warm-{number}"))
        force(f"warm-{number}")
    print(json.dumps({"cold": cold, "first": first, "second": second}))
    assert median(first) <= 1.1 * median(second), (first, second)
    assert cold >= 100 * median(first), (cold, first)


def read_once(pod: str, keep: bool = False) -> float:
    """The seconds that a new pod needs to read all files."""
    mount_cache(pod)
    found = seconds_of_read(pod)
    if not keep:
        force(pod)
    return found


def seconds_of_read(pod: str) -> float:
    subprocess.run(["sync"], check=True)
    Path("/proc/sys/vm/drop_caches").write_text("3")
    began = time.monotonic()
    size = kubectl("exec", pod, "--", "sh", "-c", "find /data -type f | xargs cat | wc -c")
    assert int(size) > 100 * 1024 ** 2, size
    return round(time.monotonic() - began, 2)
