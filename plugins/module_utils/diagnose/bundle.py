# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a support bundle, and the archive of them. Pure."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..fluid.status import dataset_phase
from ..k8s import pods as k8s_pods
from ..verify import observed as seen
from . import facts as subjects
from .facts import Facts, containers, moment
from .finding import Finding

FIRST_PAGE = "index.md"
# Only the user who made the archive reads it.
_MODE = 0o600
# The objects of each subject, by folder.
_FOLDERS = {
    seen.DATASET: "cache", seen.RUNTIME: "cache", seen.CLAIM: "cache", seen.VOLUME: "cache",
    seen.PODS: "pods", subjects.STATEFUL_SETS: "cache", subjects.CLAIMS: "claims",
    subjects.VOLUMES: "claims", subjects.SERVICES: "services", seen.NODES: "nodes",
    subjects.CSI_NODES: "csinodes", seen.CONTROLLERS: "fluid", seen.PLUGIN: "fluid",
    seen.FLUID_PODS: "fluid"}


def files(facts: Facts, causes: Sequence[Finding]) -> dict[str, str]:
    """Return the text of each file by its path in the archive, the first page first."""
    found = {FIRST_PAGE: "\n".join(first_page(facts, causes)) + "\n",
             "causes.json": _json([cause.as_dict() for cause in causes]), **_object_files(facts)}
    found["events.txt"] = "".join(line + "\n" for line in _events(facts))
    found["quorums.json"] = _json({domain: _group(quorum, reason)
                                   for domain, (quorum, reason) in facts.quorums.items()})
    found["mounts.txt"] = "".join(
        (view.describe() if view.answer else view.describe() + "is read") + "\n" for view in facts.views)
    for log in facts.logs:
        name = f"logs/{log.pod}/{log.container}{'.previous' if log.previous else ''}.log"
        found[name] = "".join(line + "\n" for line in log.lines)
    found["unread.txt"] = "".join(line + "\n" for line in facts.unread)
    return {path: text for path, text in found.items() if text}


def _object_files(facts: Facts) -> dict[str, str]:
    found = {}
    for subject, folder in _FOLDERS.items():
        for existing in _objects(facts, subject):
            kind, name = existing.get("kind", subject).lower(), existing["metadata"]["name"]
            found[f"objects/{folder}/{kind}-{name}.json"] = _json(existing)
    return found


def _objects(facts: Facts, subject: str) -> list[dict]:
    answer = facts.known(subject)
    if subject == seen.PODS:
        chosen = {pod["metadata"]["name"]: pod for pod in [*facts.release(), *facts.users()]}
        return list(chosen.values())
    if isinstance(answer, Mapping) and "metadata" not in answer:
        answer = list(answer.values())
    return [each for each in (answer if isinstance(answer, list) else [answer]) if each]


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, default=str) + "\n"


def _group(quorum: Any, reason: str) -> dict:
    if quorum is None:
        return {"leader": "", "reason": reason}
    return {"leader": quorum.leader or "", "answered_by": reason,
            "peers": [{"address": peer.address, "state": peer.state} for peer in quorum.peers]}


def _events(facts: Facts) -> Iterator[str]:
    events = [*facts.each(subjects.EVENTS), *facts.each(subjects.FLUID_EVENTS)]
    for event in sorted(events, key=moment):
        about = event["involvedObject"]
        message = " ".join((event.get("message") or "").split())
        yield (f"{moment(event):%Y-%m-%dT%H:%M:%SZ} {event.get('type')} {event.get('reason')} "
               f"{about.get('kind')}/{about.get('name')}: {message}")


def first_page(facts: Facts, causes: Sequence[Finding]) -> list[str]:
    """Return the lines of the first page, which names the most probable cause and its evidence."""
    lines = [f"# Diagnosis of {facts.label}", "", f"Read at {facts.read_at:%Y-%m-%dT%H:%M:%SZ}.", ""]
    if causes:
        lines += ["## Probable cause", "", *_section(causes[0])]
    else:
        lines += ["No cause of a fault was found" + (
            " in what could be read." if facts.refusals else "."), ""]
    if causes[1:]:
        lines += ["## Other findings", ""]
        lines += [line for cause in causes[1:] for line in _section(cause)]
    lines += ["## State", "", *_state(facts), ""]
    if facts.unread:
        lines += ["## Not read", "", *(f"- {each}" for each in facts.unread), ""]
    return [*lines, "## Files", "", "- `causes.json`: the findings", "- `objects/`: the objects, as JSON",
            "- `events.txt`: the events by time", "- `logs/`: the newest lines of each container, "
            "`.previous` of its previous run",
            "- `quorums.json`, `mounts.txt`: what masters and mounts answer",
            "", "Credentials are replaced by VALUE_HIDDEN; Secrets were not read."]


def _section(cause: Finding) -> list[str]:
    certain = "" if cause.certain else " (may be unrelated)"
    return [f"**{cause.cause}**{certain}: {cause.object}", "", f"- Evidence: {cause.evidence}",
            f"- Remedy: {cause.remedy}", ""]


def _state(facts: Facts) -> Iterator[str]:
    dataset = facts.known(seen.DATASET)
    yield f"- Dataset: {dataset_phase(dataset) or 'no phase' if dataset else 'absent'}"
    for domain, (quorum, reason) in facts.quorums.items():
        yield (f"- {domain} quorum: leader {quorum.leader or 'none'}, {quorum.available} of "
               f"{len(quorum.peers)} peers AVAILABLE" if quorum else f"- {domain} quorum: {reason}")
    for pod in facts.own_pods():
        restarts = sum(status.get("restartCount") or 0 for status in containers(pod))
        state = "ready" if k8s_pods.is_ready(pod) else k8s_pods.unready_reason(pod) or "finished"
        yield (f"- Pod {pod['metadata'].get('namespace')}/{pod['metadata']['name']} on "
               f"{pod.get('spec', {}).get('nodeName') or 'no node'}: {state}, {restarts} restarts")


def archive(contents: Mapping[str, str], folder: str, seconds: int) -> bytes:
    """Return a compressed tar archive of the files below a folder. seconds: their time, since the epoch."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for path, text in contents.items():
            data = text.encode()
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size, entry.mtime, entry.mode = len(data), seconds, _MODE
            tar.addfile(entry, io.BytesIO(data))
    return target.getvalue()
