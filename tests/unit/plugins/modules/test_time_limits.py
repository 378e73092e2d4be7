# SPDX-License-Identifier: GPL-3.0-or-later
"""No module works with a time limit below a second, which would act and then report a timeout at once."""

from importlib import import_module
from pathlib import Path

import pytest
from documented_modules import PLUGINS, documented_options

from ansible_collections.datacache.fluid.plugins.module_utils.module import run as module_run

FOLDER = Path(import_module(PLUGINS + ".modules.dataset").__file__).parent
# Valid values of the options that modules require.
VALUES = {
    "name": "hbase", "confirm": "hbase", "claim": "backups", "state": "absent", "revision": 1, "paths": ["/"],
    "dataset": {"name": "hbase", "mounts": [{"mount_point": "https://mirror", "name": "hbase"}]},
    "backup": "latest", "runtime": {"name": "hbase"},
    "definition": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "reader", "namespace": "data"}},
    "objects": [{"kind": "Pod", "namespace": "data", "names": ["reader"]}],
}
OWN = {"alluxio_restore": {"confirm": "default/hbase"}}
MAY_BE_ZERO = ("cache_info",)
# In seconds, but no time limit: zero is valid.
AGES = ("max_age", "ttl_seconds_after_finished")


def numbers(module):
    return {name: option for name, option in documented_options(module).items()
            if option.get("type") in ("int", "float")}


MODULES = sorted(file.stem for file in FOLDER.glob("*.py"))
LIMITS = [(module, option) for module in MODULES for option in numbers(module)
          if option.endswith(module_run.SECONDS)]
REFUSED = [(module, option, value) for module, option in LIMITS
           for value in ([-1] if module in MAY_BE_ZERO else [0, -1])]


@pytest.mark.parametrize(("module", "option", "value"), REFUSED)
def test_a_time_limit_below_a_second_is_refused_without_a_request(cluster, run, module, option, value):
    values = {**VALUES, **OWN.get(module, {})}
    given = {name: values[name] for name, known in documented_options(module).items()
             if known.get("required") or name in ("name", "state")}
    expected = "0, which does not wait, or more" if module in MAY_BE_ZERO else "at least one second"
    assert run(module, **{**given, option: value})["msg"] == f"{option} is {value}: expected {expected}"
    assert cluster.requests == []


def test_a_refused_time_limit_returns_no_secret(run):
    result = run("alluxio_runtime", name="hbase", properties={"fs.oss.accessKeySecret": "geheimnis"},
                 tieredstore=[{"mediumtype": "MEM", "path": "/dev/shm", "quota": "1Gi"}], wait_timeout=0)
    assert result["msg"].startswith("wait_timeout is 0")
    assert "geheimnis" not in str(result)


@pytest.mark.parametrize("module", MODULES)
def test_the_name_of_a_time_limit_says_so(module):
    """The common check of all modules finds the limits by the ends of their names."""
    assert [name for name, option in numbers(module).items() if "econds" in str(option["description"])
            and not name.endswith(module_run.SECONDS) and name not in AGES] == []


def test_modules_that_wait_are_tested_here():
    assert {"alluxio_quorum", "cache_info", "dataset", "dataset_volume"} <= {each[0] for each in LIMITS}
