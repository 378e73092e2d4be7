# SPDX-License-Identifier: GPL-3.0-or-later
"""A deploy, as steps that each run one module: create, change, wait, read, delete, delete again.

Each step says which requests it needs when nothing goes wrong (with pages of PAGE objects), so that
a fault can be injected into every one of them.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from fluid_stand_in import FluidStandIn
from raw_api import FLUID

from . import modules
from .faults import FOREIGN_LABEL
from .proxy import Due, Fault, FaultProxy

PAGE = 2
# Objects that several steps share: one by itself, and a fleet that is read by lists.
NAME = "hbase"
FLEET = ("ads", "logs")

# What differs from run to run although nothing else does.
_VOLATILE = frozenset({
    "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "managedFields", "duration",
    "invocation",
    FOREIGN_LABEL,
})


def _nothing(_fluid: FluidStandIn) -> None:
    """Fluid's controllers have no part in most steps."""


def _bind(*names: str) -> Callable[[FluidStandIn], None]:
    """Let the controller say that these Datasets are Bound, and guard them with its finalizer."""
    def action(fluid: FluidStandIn) -> None:
        for name in names:
            fluid.take_up("datasets", name)
            fluid.status("datasets", name, phase="Bound", conditions=[])
    return action


def _let_go(*names: str) -> Callable[[FluidStandIn], None]:
    """Let the controller take its finalizers away, as after its clean-up."""
    def action(fluid: FluidStandIn) -> None:
        for name in names:
            fluid.let_go("datasets", name)
    return action


@dataclass(frozen=True, eq=False)
class Step:
    """One module run. verbs: its requests; those of a fleet's writes come in any order.

    before: what Fluid has done by then. meanwhile: what it does once the module watches.
    """

    title: str
    module: str
    options: dict = field(repr=False)
    verbs: str
    changed: bool = True
    check: bool = False
    before: Callable[[FluidStandIn], None] = field(default=_nothing, repr=False)
    meanwhile: Callable[[FluidStandIn], None] = field(default=_nothing, repr=False)

    def __str__(self) -> str:
        return self.title

    def count(self, verbs: frozenset[str]) -> int:
        """How many of the step's requests are of these verbs."""
        return sum(verb in verbs for verb in self.verbs.split())


def _dataset(name: str, **options) -> dict:
    mount = {"name": name, "mount_point": f"https://mirror.example.com/{name}/"}
    return {"name": name, "labels": {"team": "search"}, "mounts": [mount], **options}


def _runtime(name: str, **options) -> dict:
    level = {"mediumtype": "MEM", "path": "/dev/shm", "quota": "2Gi", "high": "0.95", "low": "0.7"}
    return {"name": name, "labels": {"team": "search"}, "network_mode": "ContainerNetwork",
            "worker_replicas": 2,
            "tieredstore": [level], **options}


_CHANGED = _dataset(NAME, placement="Exclusive")
_FLEET = [_dataset(name) for name in FLEET]
_FLEET_CHANGED = [_CHANGED, *(_dataset(name, placement="Shared") for name in FLEET)]
_FLEET_NAMES = [{"name": name} for name in FLEET]
_WAIT = {"wait": True, "wait_timeout": 20}
_BOUND = {**_WAIT, "wait_for": {"path": "status.phase", "value": "Bound"}}
_GONE = {**_WAIT, "state": "absent"}

STEPS = (
    Step("preview the Dataset", "dataset", _dataset(NAME), "get create", check=True),
    Step("create the Dataset", "dataset", _dataset(NAME), "get create"),
    Step("create the runtime", "alluxio_runtime", _runtime(NAME, master_replicas=3),
         "get create get list create"),
    Step("repeat the Dataset", "dataset", _dataset(NAME), "get", changed=False),
    Step("change the Dataset", "dataset", {**_CHANGED, "shared_options": {"timeout": "10s"}}, "get patch"),
    Step("drop one of its fields", "dataset", _CHANGED, "get patch"),
    Step("change the runtime", "alluxio_runtime", _runtime(NAME, master_replicas=3, worker_replicas=3),
         "get patch list list"),
    Step("create a fleet of Datasets", "dataset", {"datasets": _FLEET}, "list create create"),
    Step("create a fleet of runtimes", "alluxio_runtime", {"runtimes": [_runtime(name) for name in FLEET]},
         "list get get create create"),
    Step("change the fleet", "dataset", {"datasets": _FLEET_CHANGED}, "list continue patch patch"),
    Step("ask for a capacity", "dataset_volume", {"name": NAME, "capacity": "100Pi"},
         "get patch get get list"),
    Step("label the volume", "dataset_volume",
         {"name": NAME, "capacity": "100Pi", "labels": {"team": "search"}, "reclaim_policy": "Delete"},
         "get get get list patch patch", before=lambda fluid: fluid.bind(NAME)),
    Step("wait for the Dataset", "dataset", {**_CHANGED, **_BOUND}, "get list watch", changed=False,
         meanwhile=_bind(NAME)),
    Step("wait for the fleet", "dataset", {"datasets": _FLEET_CHANGED, **_BOUND},
         "list continue list continue watch",
         changed=False, meanwhile=_bind(*FLEET)),
    Step("list the Datasets", "dataset_info", {}, "list continue", changed=False),
    Step("sum up the runtimes", "alluxio_runtime_info", {"summary": True}, "list continue", changed=False),
    Step("preview a deletion", "alluxio_runtime", {"name": NAME, **_GONE}, "get delete", check=True),
    Step("delete the runtime", "alluxio_runtime", {"name": NAME, **_GONE}, "get delete list"),
    Step("delete the Dataset", "dataset", {"name": NAME, **_GONE}, "get delete list watch",
         meanwhile=_let_go(NAME)),
    Step("delete it again", "dataset", {"name": NAME, **_GONE}, "get", changed=False),
    Step("remove the orphaned volume", "dataset_volume", {"name": NAME, "state": "absent"},
         "get get get list delete delete"),
    Step("delete the fleet of runtimes", "alluxio_runtime", {"runtimes": _FLEET_NAMES, **_GONE},
         "list delete delete list"),
    Step("delete the fleet of Datasets", "dataset", {"datasets": _FLEET_NAMES, **_GONE},
         "list delete delete list watch",
         meanwhile=_let_go(*FLEET)),
)


def rounds(verbs: frozenset[str]) -> int:
    """The most requests of these verbs that any step makes."""
    return max(step.count(verbs) for step in STEPS)


def steady(value):
    """Return a result or an object without what differs from run to run.

    Of a volume and its claim only what the modules set stays: Kubernetes' controllers write them too, when
    they like.
    """
    if isinstance(value, list):
        return [steady(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") in ("PersistentVolume", "PersistentVolumeClaim"):
        return {"labels": steady(value["metadata"].get("labels")),
                "policy": value["spec"].get("persistentVolumeReclaimPolicy")}
    kept = {key: steady(each) for key, each in value.items() if key not in _VOLATILE}
    return {key: each for key, each in kept.items() if not (key == "labels" and each == {})}


@dataclass(frozen=True)
class Report:
    """What became of one step. created: how often the server created what. pauses: the client's, in s."""

    result: dict
    verbs: list[str]
    created: Counter
    pauses: list[float]
    injected: int
    seconds: float


class Deployment:
    """Runs the steps in one namespace, through the proxy."""

    def __init__(self, proxy: FaultProxy, namespace: str) -> None:
        self.proxy = proxy
        self.options = {"namespace": namespace, "host": proxy.url, "ca_cert": str(proxy.ca_file),
                        "api_key": "throwaway"}
        self.fluid = FluidStandIn(proxy.api, namespace)
        self._collections = [*(f"{FLUID}/namespaces/{namespace}/{plural}"
                               for plural in ("datasets", "alluxioruntimes")),
                             f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"]
        self._volume = f"/api/v1/persistentvolumes/{namespace}-{NAME}"

    def run(self, step: Step, fault: Fault | None = None, due: Due | None = None) -> Report:
        """Run a step; with a fault, inject it into the requests that it fits and that are due."""
        step.before(self.fluid)
        self.proxy.begin(lambda: self.fluid.later(0, lambda: step.meanwhile(self.fluid)))
        if fault:
            self.proxy.inject(fault, due)
        started = time.monotonic()
        result, pauses = modules.run(step.module, {**self.options, **step.options}, PAGE, step.check)
        seconds = time.monotonic() - started
        self.fluid.join()
        return Report(result, [request.verb for request in self.proxy.requests], self.proxy.created, pauses,
                      self.proxy.injected, seconds)

    def skip(self, step: Step) -> None:
        """Do only Fluid's part of a step that changes nothing itself."""
        step.before(self.fluid)
        step.meanwhile(self.fluid)

    def objects(self) -> dict[str, dict]:
        """The objects that there are and that are not being deleted, by their path."""
        return {path: existing for path, existing in self._found().items()
                if "deletionTimestamp" not in existing["metadata"]}

    def sweep(self) -> None:
        """Remove what an earlier run has left."""
        for path in self._found():
            self.proxy.api.patch(path, {"metadata": {"finalizers": None}})
            self.proxy.api.delete(path)

    def _found(self) -> dict[str, dict]:
        lists = {path: self.proxy.api.request("GET", path) for path in self._collections}
        found = {
            f"{path}/{existing['metadata']['name']}": {"kind": each["kind"].removesuffix("List"), **existing}
            for path, each in lists.items() for existing in each["items"]}
        volume = self.proxy.api.get(self._volume)
        return {**found, self._volume: volume} if volume else found
