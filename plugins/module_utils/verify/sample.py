# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that reads a sample of a cache's files twice, and its log. Pure.

Nothing is copied: the bytes go to /dev/null, so that the sample takes no room on a node.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..fluid.components import SIDECAR
from ..fluid.names import claim_name
from ..k8s import kinds
from ..k8s.kinds import ObjectRef

CONTAINER = "probe"
MANAGED = {"app.kubernetes.io/managed-by": "datacache.fluid"}
PART_OF = "app.kubernetes.io/part-of"
_FOLDER = "/data"
# The list of files is bounded too: a large namespace takes hours to walk.
MOST_FILES = 10_000
# Of the time limit, so that the listing, the drop of pages and both reads end before it.
_SHARE = 5
_ERRORS = 3

# The text of ENOENT, and those of ETIME by glibc and by musl.
_GONE = "No such file or directory"
_BUSY = ("Timer expired", "Device timeout")
_BUSY_PATTERN = "|".join(_BUSY)

# Of the listed files, those that are read. An empty one may be one that another node writes: opening it would
# end all reads of this node (docs/tasks/share.md). So the size is asked of FUSE, not of the kernel, which
# BusyBox' stat cannot. One that is gone was deleted since, or its name has several lines. Arguments: the
# bytes to read, the list to write. <list>.all exists if nothing was left out but empty files.
_CHOOSE = f"""\
left=$1
all=yes
while test "$left" -gt 0 && IFS= read -r file; do
  size=$(stat --cached=never -c %s "$file" 2>/dev/null || stat -c %s "$file" 2>&1)
  case $size in
    0) continue ;;
    *'{_GONE}'*) all=''; continue ;;
    *[!0-9]*) size=0 ;;
  esac
  printf '%s\\n' "$file" >>"$2"
  printf '%s\\n' "$file"
  left=$((left - ${{size:-0}}))
done
test -n "$all" && : >"$2.all"
"""
# FUSE keeps the pages of files that were read (kernel_cache). A read from them reaches no worker, so blocks
# that a worker has lost would never be cached again. BusyBox' dd cannot drop. Prints the files that this node
# writes, whose opening ends with ETIME after 20 s.
_DROP_PAGES = f"""\
while IFS= read -r file; do
  answer=$(dd if="$file" iflag=nocache count=0 2>&1) && continue
  case $answer in
    *'{_BUSY[0]}'*|*'{_BUSY[1]}'*) printf '%s\\n' "$file" ;;
    *'{_GONE}'*) ;;
    *) cat >/dev/null ;;
  esac
done
"""
# Arguments: the folder, the most files to list, the bytes to read, the seconds of each step, the errors of
# each kind to print, the scripts that choose files and that drop their pages. A step that takes longer is
# ended: SIGKILL, as a process that waits for FUSE ignores other signals. Prints `files NUMBER BEGAN ENDED`,
# `cut` if not all files were chosen or read, `written FILE`, `first BYTES BEGAN ENDED`,
# `second BYTES BEGAN ENDED` with times in seconds of the host's uptime, and `error STEP MESSAGE`. The locale
# is that of the messages above, and one in which each name is text.
_SCRIPT = f"""\
export LC_ALL=C
work=$(mktemp -d)
now() {{ read -r uptime _ </proc/uptime; echo "$uptime"; }}
errors() {{
  grep "^$2: " "$work/errors" | grep -v -e 'Broken pipe' -e "$4" >"$work/kept"
  {{
    grep -Ev '{_BUSY_PATTERN}' "$work/kept" | head -n "$3"
    grep -E '{_BUSY_PATTERN}' "$work/kept" | head -n "$3"
  }} | sed "s/^/error $1 /"
}}
began=$(now)
timeout -s KILL "$4" find "$1" -type f 2>"$work/errors" | head -n "$2" >"$work/files"
echo "files $(wc -l <"$work/files") $began $(now)"
gone='{_GONE}'
test -d "$1" || gone='Broken pipe'
errors files find "$5" "$gone"
test "$3" -gt 0 || exit 0
: >"$work/chosen"
timeout -s KILL "$4" sh -c "$6" sh "$3" "$work/chosen" <"$work/files" 2>/dev/null |
  timeout -s KILL "$4" sh -c "$7" >"$work/written" 2>/dev/null
test -e "$work/chosen.all" || echo cut
head -n "$5" "$work/written" | sed 's/^/written /'
cp "$work/chosen" "$work/read"
test -s "$work/written" && grep -vxFf "$work/written" "$work/chosen" >"$work/read"
for step in first second; do
  began=$(now)
  bytes=$(tr '\\n' '\\0' <"$work/read" | timeout -s KILL "$4" xargs -0 -r cat 2>"$work/errors" |
    head -c "$3" | wc -c)
  echo "$step $bytes $began $(now)"
  errors "$step" cat "$5" '{_GONE}'
  grep -q '{_GONE}' "$work/errors" && echo cut
done
exit 0
"""
_STEP = re.compile(r"^(files|first|second) +(\d+) ([0-9.]+) ([0-9.]+)$", re.MULTILINE)
_CUT = re.compile(r"^cut$", re.MULTILINE)
_WRITTEN = re.compile(r"^written (.+)$", re.MULTILINE)
_ERROR = re.compile(r"^error (files|first|second) (.+)$", re.MULTILINE)
_BUSY_ERROR = re.compile(rf"^cat: (.+): (?:{_BUSY_PATTERN})$")


@dataclass(frozen=True)
class Image:
    """The image of the pod. pull_secrets: names of Secrets, beside those of the runtime."""

    name: str
    pull_secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """The bounds of a sample. read: bytes of each read, 0 for none. seconds: of each step at most."""

    read: int
    seconds: float

    def within(self, timeout: float) -> Limits:
        """Return the limits whose steps end within that many seconds in total.

        Whole seconds: BusyBox' timeout takes no others.
        """
        return Limits(self.read, max(1.0, min(self.seconds, timeout // _SHARE)))


@dataclass(frozen=True)
class Sample:
    """What a pod has read. files: their number. listed_all: whether these are all files.

    size: the bytes of the first read; None if nothing was to be read. complete: whether it has read all
    files, none of which was deleted since the listing. being_written: the first files that were left out
    because an application writes them. errors: of the listing and of the reads.
    """

    files: int
    listed_all: bool
    size: int | None = None
    complete: bool = False
    first_seconds: float | None = None
    second_seconds: float | None = None
    being_written: tuple[str, ...] = ()
    listing_errors: tuple[str, ...] = ()
    reading_errors: tuple[str, ...] = ()


def part_of(cache: str) -> str:
    """Return the label selector of the pods that verify a cache."""
    return f"{PART_OF}={cache}-verify"


def pod_name(cache: str) -> str:
    """Return the name of the pod that reads the sample."""
    return f"{cache}-verify-probe"


def manifest(cache: ObjectRef, image: Image, limits: Limits, seconds: int, runtime: dict | None = None,
             tolerations: Iterable[dict] = (), avoid: Iterable[str] = (), sidecar: bool = False) -> dict:
    """Return the manifest of the pod. seconds: until it ends by itself. avoid: nodes that must not run it.

    It prefers nodes with a FUSE pod, where it starts in seconds.
    """
    affinity = _affinity(((runtime or {}).get("status") or {}).get("cacheAffinity") or {}, avoid)
    secrets = ((runtime or {}).get("spec") or {}).get("imagePullSecrets") or []
    labels = {**MANAGED, PART_OF: f"{cache.name}-verify", **(SIDECAR if sidecar else {})}
    return {
        "apiVersion": kinds.POD.api_version,
        "kind": kinds.POD.kind,
        "metadata": {"name": pod_name(cache.name), "namespace": cache.namespace, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "imagePullSecrets": [{"name": name} for name in dict.fromkeys(
                [*image.pull_secrets, *(each["name"] for each in secrets)])],
            "tolerations": list(tolerations),
            "affinity": {"nodeAffinity": affinity} if affinity else {},
            "containers": [{
                "name": CONTAINER,
                "image": image.name,
                "imagePullPolicy": "IfNotPresent",
                "command": ["sh", "-c", _SCRIPT, CONTAINER, _FOLDER, str(MOST_FILES), str(limits.read),
                            f"{limits.seconds:.0f}", str(_ERRORS), _CHOOSE, _DROP_PAGES],
                # A ResourceQuota requires them of each pod of its namespace.
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"},
                              "limits": {"cpu": "2", "memory": "512Mi"}},
                "volumeMounts": [{"name": "data", "mountPath": _FOLDER, "readOnly": True}],
            }],
            "volumes": [{"name": "data", "persistentVolumeClaim": {
                "claimName": claim_name(cache.name), "readOnly": True}}],
        },
    }


def _affinity(of_cache: dict, avoid: Iterable[str]) -> dict:
    """Return the node affinity of the pod. of_cache: the one that Fluid recommends to pods of the cache."""
    preferred = of_cache.get("preferredDuringSchedulingIgnoredDuringExecution")
    excluded = [{"key": "metadata.name", "operator": "NotIn", "values": [node]} for node in sorted(avoid)]
    found: dict = {}
    if preferred:
        found["preferredDuringSchedulingIgnoredDuringExecution"] = preferred
    if excluded:
        found["requiredDuringSchedulingIgnoredDuringExecution"] = {
            "nodeSelectorTerms": [{"matchFields": excluded}]}
    return found


def parse(log: str, limits: Limits) -> Sample | None:
    """Return the sample that a pod's log describes; None for a log without one."""
    steps = {match[1]: (int(match[2]), float(match[4]) - float(match[3])) for match in _STEP.finditer(log)}
    if "files" not in steps or (limits.read and "second" not in steps):
        return None
    errors = [(match[1], match[2]) for match in _ERROR.finditer(log)]
    files, listing = steps["files"]
    listed_all = files < MOST_FILES and listing < limits.seconds
    listing_errors = tuple(text for step, text in errors if step == "files")
    if not limits.read:
        return Sample(files, listed_all, listing_errors=listing_errors)
    size, first = steps["first"]
    reading = _unique([*(text for step, text in errors if step != "files"), *_hung(steps, limits)])
    busy = [match[1] for match in map(_BUSY_ERROR.match, reading) if match]
    written = _unique([*_WRITTEN.findall(log), *busy])
    read_all = not written and not _CUT.search(log) and size < limits.read and first < limits.seconds
    return Sample(
        files, listed_all, size, listed_all and read_all, round(first, 2), round(steps["second"][1], 2),
        written, listing_errors, tuple(text for text in reading if not _BUSY_ERROR.match(text)))


def _hung(steps: dict[str, tuple[int, float]], limits: Limits) -> list[str]:
    """Return the errors of reads that were ended at the limit and had hung.

    A read that is only slow has bytes; and the second one has more, since those of the first are cached.
    """
    sizes = [steps[step][0] for step in ("first", "second") if steps[step][1] >= limits.seconds]
    if 0 in sizes:
        return [f"no byte was read within {limits.seconds:g} seconds"]
    if len(sizes) == 2 and sizes[0] == sizes[1]:
        return [f"both reads have stopped after {sizes[0]} bytes, and ended after {limits.seconds:g} seconds"]
    return []


def _unique(messages: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(messages))
