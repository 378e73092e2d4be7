# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads paths into a cache through the masters of its AlluxioRuntime. IO.

The desired state is that all files below the paths are cached, so a load that was interrupted, or whose data
was evicted, is made up for by the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from math import inf

from ...alluxio import loads
from ...alluxio.loads import Progress, Sizes
from ...api.bulk import ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...api.pod_exec import PodShell
from ...errors import (
    ApiError,
    FluidError,
    Forbidden,
    PreconditionFailed,
    ServerUnavailable,
    StreamBroken,
    WaitFailed,
)
from ...fluid import kinds as fluid_kinds, summary
from ...fluid.components import MASTER_CONTAINER
from ...fluid.lookup import require_not_terminating, require_runtime
from ...k8s.kinds import ObjectRef, ref_to
from ...k8s.names import require_identity
from ...k8s.pods import is_ready
from ...k8s.wait_status import WaitStatus, answered
from ...masters.group import Masters
from ...progress import Reporter

_KIND = fluid_kinds.ALLUXIO_RUNTIME
# Seconds between two looks; each starts a JVM for each path.
_PAUSE = 3.0
# Seconds for the start of a JVM for each path.
_LOOK_TIMEOUT = 60.0
# Seconds: three times those in which a worker has to read a block of a submitted load (alluxio/loads.py).
_STALLED = 90.0
# Seconds in which a master that restarts is ready again, or another one is.
_RESTART = 120.0
# Each process goes on in its master when the stream to it breaks.
_REPETITIONS = 2


def require_valid(params: dict) -> None:
    """Raise InvalidInput for options that no load can have."""
    require_identity(params)
    loads.require_paths("paths", params["paths"])


def ensure(client: Client, params: dict, check_mode: bool, reporter: Reporter) -> dict:
    """Load the paths that are not completely cached, wait for it, and return the module's result.

    Raises PreconditionFailed for a path that does not exist, for more data than the cache holds, and without
    a ready master, before anything is loaded.
    """
    ref, deadline = ref_of(params), Deadline(params["wait_timeout"], reporter.progress)
    require_not_terminating(require_runtime(client, ref))
    load = _Load(client, ref, params["paths"], deadline)
    before = load.sizes(params["load_metadata"])
    missing = _incompletely_cached(before)
    if missing:
        _require_room(client, ref, before.values())
    if not missing or check_mode:
        return _result(before, before, missing)
    deadline.report_action(f"loading {', '.join(missing)} of {_KIND.describe(ref)}")
    reasons = load.run(missing)
    after, more = _load_rest(load, deadline)
    result = _result(before, after, missing)
    if rest := [f"{each.total - each.cached} of {each.total} bytes of {path}"
                for path, each in after.items() if each.cached < each.total]:
        why = "; ".join(dict.fromkeys(reasons + more))
        raise _incomplete(_KIND.describe(ref), ", ".join(rest), why, deadline, result)
    return result


def _load_rest(load: _Load, deadline: Deadline) -> tuple[dict[str, Sizes], list[str]]:
    """Load block by block what is missing; return the sizes and the reasons of failures.

    A pass does not cache a block that a stopped load was reading, so passes follow while one makes progress.
    """
    reasons: list[str] = []
    after, progress = load.sizes_after(), True
    while (left := _incompletely_cached(after)) and progress and deadline.remaining() > 0:
        deadline.report_action(f"loading the rest of {', '.join(left)} block by block")
        reasons += load.run_one_by_one(left)
        previous, after = after, load.sizes_after()
        progress = any(after[path].cached > previous[path].cached for path in left)
    return after, reasons


def _incompletely_cached(sizes: dict[str, Sizes]) -> list[str]:
    return [path for path, each in sizes.items() if each.cached < each.total]


def _incomplete(what: str, rest: str, reasons: str, deadline: Deadline, result: dict) -> FluidError:
    if deadline.remaining() <= 0:
        return deadline.timeout(f"the load into {what}", f"{rest} are missing{reasons and ': ' + reasons}",
                                "run this again to continue", **result)
    return WaitFailed(
        f"the load into {what} has ended without {rest}: {reasons or 'the workers may have evicted them'}; "
        "see the logs of its workers for the reason, then run this again", **result)


def _result(before: dict[str, Sizes], after: dict[str, Sizes], loaded: list[str]) -> dict:
    return {"changed": bool(loaded), "loaded_paths": loaded, "paths": [
        {"path": path, "total_bytes": each.total, "cached_bytes": each.cached,
         "cached_bytes_before": before[path].cached} for path, each in after.items()]}


def _require_room(client: Client, ref: ObjectRef, sizes: Iterable[Sizes]) -> None:
    """Raise PreconditionFailed for paths that are larger than the cache; its workers would evict for them."""
    dataset = client.get(fluid_kinds.DATASET, ref)
    capacity = summary.of_dataset(dataset)["capacity_bytes"] if dataset else None
    total = sum(each.total for each in sizes)
    if capacity and total > capacity:
        raise PreconditionFailed(
            f"the paths have {total} bytes and the workers of {_KIND.describe(ref)} hold {capacity}: load "
            "fewer paths, or declare a larger tieredstore or more workers")


class _Load:
    """The commands of a load, in a ready master; its client finds the leading one."""

    def __init__(self, client: Client, ref: ObjectRef, paths: list[str], deadline: Deadline) -> None:
        self._client, self._ref, self._paths, self._deadline = client, ref, paths, deadline
        pod = self._ready_master()
        if pod is None:
            raise PreconditionFailed(f"no master of {_KIND.describe(ref)} is ready to load the paths: wait "
                                     "until one is, then run this again")
        self._pod = pod

    def _ready_master(self) -> ObjectRef | None:
        pods = Masters(self._client, self._ref).pods()
        return ref_to(pods[0]) if pods and is_ready(pods[0]) else None

    def _take_ready_master(self) -> bool:
        """Take a ready master for the next commands; return whether there is one."""
        pod = self._ready_master()
        self._pod = pod or self._pod
        return pod is not None

    def sizes(self, list_again: bool) -> dict[str, Sizes]:
        """Return the sizes of each path."""
        try:
            output = self._repeated("read the sizes of the paths", loads.SIZES, [
                "true" if list_again else "false", *self._paths], _LOOK_TIMEOUT)
        except ApiError as err:
            if "does not exist" in str(err):
                raise PreconditionFailed(f"a path does not exist in {_KIND.describe(self._ref)}: {err}; "
                                         "correct it, or set load_metadata: true if it is new in the "
                                         "under-store") from err
            raise
        found = loads.parse_sizes(output)
        absent = [path for path in self._paths if path not in found]
        if absent:
            raise ApiError(f"could not read the size of {', '.join(absent)} from pod {self._pod.name}: "
                           f"{output.strip()[-200:] or 'no output'}")
        return {path: found[path] for path in self._paths}

    def sizes_after(self) -> dict[str, Sizes]:
        """Return the sizes of each path by any ready master; one may restart during a load."""
        def look() -> WaitStatus:
            self._take_ready_master()
            return answered(lambda: self.sizes(False))
        return self._after_restart().poll_until("the sizes of the paths", look, _PAUSE, ApiError)

    def run(self, paths: list[str]) -> list[str]:
        """Load the paths and wait until the load has ended; return the reasons of failures."""
        output, reasons = self._attempted("load the paths", loads.LOAD, paths)
        if loads.SUBMITTED not in output.split():
            return reasons
        what = f"the load into {_KIND.describe(self._ref)}"
        stall = _Stall(self._deadline.now)
        return self._deadline.poll_until(
            what, lambda: self._progress(what, paths, stall), _PAUSE, partial(
                self._deadline.timeout, what, next_step="the masters continue it, so run this again"))

    def run_one_by_one(self, paths: list[str]) -> list[str]:
        """Load what is missing of the paths without the masters' help; return the reasons of failures."""
        return self._attempted("load the rest of the paths", loads.LOAD_ONE_BY_ONE, paths)[1]

    def _attempted(self, task: str, script: str, paths: list[str]) -> tuple[str, list[str]]:
        """Return the output of a load and the reasons why it failed.

        Raises Forbidden, and the ServerUnavailable or StreamBroken that the repetitions have not mended.
        """
        try:
            return self._repeated(task, script, paths), []
        except (Forbidden, ServerUnavailable, StreamBroken):
            raise
        except ApiError as err:
            return "", [str(err)]

    def _progress(self, what: str, paths: list[str], stall: _Stall) -> WaitStatus:
        """Return the progress by any ready master; a master may restart during a load.

        A load that only fails is stopped, and counts as ended with that reason.
        """
        # The last look is at the deadline, and a JVM takes seconds to start.
        shell = self._shell(_LOOK_TIMEOUT * len(paths), _LOOK_TIMEOUT)
        try:
            found = loads.parse_progress(shell.run("read the progress of the load", loads.PROGRESS, *paths))
            if not stall.stopping and not found.stopped and stall.lasted(found) >= _STALLED:
                stall.stopping = True
            if stall.stopping:
                if found.running:
                    shell.run("stop the load", loads.STOP, *paths)
                return WaitStatus(True, value=[f"{what} made no progress for {_STALLED:g} s and was stopped"])
        except Forbidden:
            raise
        except ApiError as err:
            self._take_ready_master()
            return WaitStatus(False, str(err))
        if found.stopped:
            raise WaitFailed(f"{what} was stopped by another client: run this again to load the rest")
        return WaitStatus(not found.running, found.text, value=list(found.failed))

    def _repeated(self, task: str, script: str, arguments: list[str], least: float = 1.0) -> str:
        """Run a command that may run twice, and run it again in a ready master when its stream breaks."""
        for _repetition in range(_REPETITIONS):
            try:
                return self._shell(inf, least).run(task, script, *arguments)
            except (ServerUnavailable, StreamBroken):
                self._find_master()
        return self._shell(inf, least).run(task, script, *arguments)

    def _find_master(self) -> None:
        """Wait for a ready master, and take it for the next commands."""
        what, deadline = f"a master of {_KIND.describe(self._ref)}", self._after_restart()
        deadline.poll_until(
            what, lambda: WaitStatus(self._take_ready_master(), "none is ready"), _PAUSE, partial(
                deadline.timeout, what, next_step="run this again to continue"))

    def _after_restart(self) -> Deadline:
        return self._deadline.within(max(0.0, min(_RESTART, self._deadline.remaining())))

    def _shell(self, longest: float, least: float = 1.0) -> PodShell:
        """Return a shell for commands of that many seconds, which may outlast the deadline by the least."""
        seconds = max(least, min(longest, self._deadline.remaining()))
        return PodShell(self._client, self._pod, MASTER_CONTAINER, seconds, "bash", bounded=True)


class _Stall:
    """Since when a load has failed without progress. now: returns the time in seconds.

    stopping: whether this run stops it; the answer to that command may be lost.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.stopping = False
        self._loaded: tuple[str, ...] = ()
        self._since = now()

    def lasted(self, found: Progress) -> float:
        """Return for how many seconds blocks have failed and none was loaded, by the newest progress."""
        if found.loaded != self._loaded or not (found.running and found.fails):
            self._loaded, self._since = found.loaded, self._now()
        return self._now() - self._since
