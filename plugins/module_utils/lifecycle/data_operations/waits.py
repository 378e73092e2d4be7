# SPDX-License-Identifier: GPL-3.0-or-later
"""The wait for data operations, with the share of the Dataset that is cached as progress. IO, read-only."""

from __future__ import annotations

import re

from ...api.bulk import WaitResults, ref_of
from ...api.client import Client
from ...api.deadline import Deadline
from ...errors import ApiError, Forbidden
from ...fluid import diagnosis, kinds as fluid_kinds, summary
from ...fluid.data_operations import names, state
from ...fluid.data_operations.rules import CRON
from ...fluid.names import release_selector
from ...k8s import kinds
from ...k8s.kinds import Kind, ObjectRef, ref_to
from ...k8s.predicates import phase_text
from ...k8s.wait_status import Predicate, WaitStatus
from ...redaction import masked_text
from .. import waits

_READ_LINES, _LOG_LINES = 200, 10
# Seconds. Who runs an operation again deletes it, and creates it when its Helm release is gone.
_RECREATED = 60.0
# Alluxio's command line prints a usage of dozens of lines after an unknown command.
_USAGE = re.compile(r"\s*\[.*\]\s*\Z")


def completed(client: Client, kind: Kind, items: list[dict], deadline: Deadline) -> WaitResults:
    """Wait until the operations are Complete, or with policy Cron until their CronJob exists.

    A failed one ends its wait at once, with the last lines of its Job. The progress is renewed at least every
    30 seconds, as the watch is.
    """
    results: WaitResults = {}
    for item in items:
        ref = ref_of(item)
        by_schedule = item.get("policy") == CRON
        predicate = (_scheduled if by_schedule else _complete)(client, kind, ref)
        desired = "have its CronJob" if by_schedule else "be Complete"
        results |= waits.await_each(client, kind, desired, {ref: predicate}, deadline,
                                    diagnosis.explain_release(names.release_name(kind, ref.name)))
    return results


def _complete(client: Client, kind: Kind, ref: ObjectRef) -> Predicate:
    def predicate(existing: dict | None) -> WaitStatus:
        if existing is None:
            return WaitStatus(False, failed="it no longer exists; Fluid deletes it "
                                            "ttl_seconds_after_finished after its end")
        phase = state.phase(existing)
        if phase == state.FAILED:
            return WaitStatus(False, failed=f"it has failed{state.conditions_text(existing)}"
                                            f"{last_lines(client, kind, ref)}")
        if stuck := _never_starts(client, existing):
            return stuck
        return WaitStatus(phase == state.COMPLETE, phase_text(phase) + state.waits_for(existing)
                          + (_cached(client, existing) if kind == fluid_kinds.DATA_LOAD else ""))
    return predicate


def _scheduled(client: Client, kind: Kind, ref: ObjectRef) -> Predicate:
    """Return a predicate of a CronJob that exists; without the permission to read it the phase counts.

    Fluid sets the phase Executing before it installs the release (pkg/ddc/base/operation.go).
    """
    def predicate(existing: dict | None) -> WaitStatus:
        if existing is None:
            return WaitStatus(False, failed="it no longer exists")
        phase = state.phase(existing)
        if stuck := _never_starts(client, existing):
            return stuck
        if phase in ("", state.PENDING):
            return WaitStatus(False, phase_text(phase) + state.waits_for(existing))
        job = names.job(kind, ref)
        try:
            exists = client.get(kinds.CRON_JOB, job) is not None
        except Forbidden:
            exists = True
        if phase == state.FAILED and not exists:
            # Fluid installs the release while the phase is Executing alone.
            return WaitStatus(False, failed=(
                f"it has failed{state.conditions_text(existing)}, and {kinds.CRON_JOB.describe(job)} does "
                "not exist: remove the cause, delete it with state: absent, then run this again"))
        return WaitStatus(exists, f"{phase_text(phase)}, and {kinds.CRON_JOB.describe(job)} does not exist "
                                  "yet")
    return predicate


def _never_starts(client: Client, existing: dict) -> WaitStatus | None:
    """Return that the operation waits for one that has failed, or is absent; None if that may complete."""
    if state.phase(existing) not in ("", state.PENDING) or not state.waits_for(existing):
        return None
    before = existing["spec"]["runAfter"]
    kind = next((each for each in fluid_kinds.OPERATIONS if each.kind == before.get("kind")), None)
    namespace = before.get("namespace") or existing["metadata"].get("namespace")
    ref = ObjectRef(namespace, before.get("name") or "")
    if kind is None:
        return None
    try:
        other = client.get(kind, ref)
    except ApiError:
        return None
    if other is None:
        text = (f"it waits for {kind.describe(ref)}, which does not exist, so that Fluid never starts it: "
                "create that operation again first")
        return WaitStatus(False, text, text, lasts=_RECREATED)
    return WaitStatus(False, failed=(
        f"it waits for {kind.describe(ref)}, which has failed, so that Fluid never starts it: run that "
        "operation again first")) if state.phase(other) == state.FAILED else None


def _cached(client: Client, existing: dict) -> str:
    """Return the share of the operation's Dataset that is cached, as the end of a progress."""
    ref = ObjectRef(existing["metadata"].get("namespace"), state.dataset_of(existing) or "")
    try:
        dataset = client.get(fluid_kinds.DATASET, ref)
    except ApiError:
        return ""
    share = summary.of_dataset(dataset)["cached_percentage"] if dataset else None
    return "" if share is None else f", {share:g} % of {fluid_kinds.DATASET.describe(ref)} is cached"


def excerpt(log: str) -> list[str]:
    """Return the last lines of a log without those of a usage."""
    return [line for line in log.splitlines() if line.strip() and not _USAGE.match(line)][-_LOG_LINES:]


def last_lines(client: Client, kind: Kind, ref: ObjectRef) -> str:
    """Return the last log lines of the newest failed pod of the operation's Job, each on a line of its own.

    They have no credentials: the script of an operation prints its commands.
    """
    release = names.release_name(kind, ref.name)
    try:
        pods = list(client.list(kinds.POD, ref.namespace, release_selector(release)))
        failed = [pod for pod in pods if (pod.get("status") or {}).get("phase") == "Failed"] or pods
        if not failed:
            return "; its Job has no pod"
        pod = max(failed, key=lambda each: each["metadata"].get("creationTimestamp") or "")
        container = pod["spec"]["containers"][0]["name"]
        text = client.log(ref_to(pod), container, _READ_LINES)
    except ApiError as err:
        return f"; its log is unknown: {err}"
    lines = excerpt(masked_text(text))
    return "".join(f"\n- {line}" for line in [f"last lines of pod {pod['metadata']['name']}:", *lines])
