# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the mounts of a claim in the pods that run. IO, read-only.

A mount outlives its FUSE process: a pod that ran when the process ended keeps a dead mount, while new pods
get a new one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..api import bulk, pod_exec
from ..api.client import Client
from ..errors import ApiError
from ..k8s import pods as k8s_pods
from ..k8s.kinds import ref_to
from .read_promises import MountView
from .sample import PART_OF

# Seconds; more than the limits in _SCRIPT together, since a command that does not end counts as a dead mount.
_TIMEOUT = 40.0
# Pods beyond are not read: a look at a cache must not last minutes.
MOST = 100
# Opening the directory asks the FUSE process. Its attributes alone may come from the kernel, which keeps them
# for 7200 s (Fluid: attr_timeout). BusyBox' ls has no option -f, and asks for those of all files; find opens
# the directory, too, and asks for one. The exit code is that of the program, or _KILLED: a process that waits
# for FUSE ignores other signals, and must not stay in the pod.
#
# Then one byte of a file is read, which only shows whether the mount still opens files: another error is
# the file's own. An empty file may be one that another node writes. Opening it would end all reads of this
# node (docs/tasks/share.md), so the size is asked of FUSE, not of the kernel, or no file is read. The locale
# is that of the messages below.
_SCRIPT = """\
export LC_ALL=C
limit=''
command -v timeout >/dev/null && limit='timeout -s KILL 20'
answer=$($limit ls -f -- "$1" 2>&1 >/dev/null)
code=$?
case $answer in
  *'invalid option'*|*'unrecognized option'*)
    answer=$($limit find "$1" -mindepth 1 -quit 2>&1 >/dev/null)
    code=$? ;;
esac
test "$code" = 0 || { echo "$answer"; exit "$code"; }
test -n "$limit" || exit 0
file=$(timeout -s KILL 3 find "$1" -type f -size +0c -print -quit 2>/dev/null)
size=$(timeout -s KILL 3 stat --cached=never -c %s "$file" 2>/dev/null)
test "${size:-0}" -gt 0 || exit 0
answer=$(timeout -s KILL 3 head -c 1 "$file" 2>&1 >/dev/null)
case $answer in *'in bad state'*) echo "$answer"; exit 1; esac
exit 0
"""
_KILLED = 137
# ENOTCONN by glibc and by musl, a stale handle, an error of the FUSE process, EBADFD.
_DEAD = re.compile(r"not connected|Stale file handle|Input/output error|Software caused connection abort"
                   r"|in bad state")
_SILENT = "did not end within"


def read(client: Client, claim: str, pods: Iterable[dict], lost_nodes: Collection[str]) -> list[MountView]:
    """Return the mounts of the claim in running pods of its namespace. Those on lost nodes are not read."""
    found = [(pod, container, path) for pod in pods for container, path in mounts_of(pod, claim)][:MOST]
    if not found:
        return []
    answers = bulk.work(found, lambda each: _read(client, *each, lost_nodes))
    return [answer if isinstance(answer, MountView) else _view(*each, str(answer))
            for each, answer in zip(found, answers, strict=True)]


def mounts_of(pod: dict, claim: str) -> list[tuple[str, str]]:
    """Return the first running container of a pod that mounts the claim, with the path; [] without one.

    Pods of verifications and drills do not count.
    """
    labels = pod["metadata"].get("labels") or {}
    if claim not in k8s_pods.claims_of(pod) or labels.get(PART_OF) in (f"{claim}-verify", f"{claim}-drill"):
        return []
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]
               if (volume.get("persistentVolumeClaim") or {}).get("claimName") == claim}
    return [(container["name"], mount["mountPath"])
            for container in pod["spec"]["containers"] if k8s_pods.container_runs(pod, container["name"])
            for mount in container.get("volumeMounts") or [] if mount["name"] in volumes][:1]


def _read(client: Client, pod: dict, container: str, path: str, lost_nodes: Collection[str]) -> MountView:
    node = pod["spec"].get("nodeName", "")
    if node in lost_nodes:
        return _view(pod, container, path, "its node is not Ready", asked=False)
    try:
        result = pod_exec.execute(
            client, ref_to(pod), container, ["sh", "-c", _SCRIPT, "ls", path], _TIMEOUT)
    except ApiError as err:
        return _view(pod, container, path, str(err), dead=_SILENT in str(err))
    if result.code == 0:
        return _view(pod, container, path, "")
    if result.code == _KILLED:
        return _view(pod, container, path, "it did not answer within 20 seconds", dead=True)
    answer = result.failure()
    return _view(pod, container, path, answer, dead=bool(_DEAD.search(answer)))


def _view(pod: dict, container: str, path: str, answer: str, dead: bool = False,
          asked: bool = True) -> MountView:
    return MountView(pod["metadata"]["name"], pod["spec"].get("nodeName", ""), container, path, answer, dead,
                     asked)
