# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate that keeps a master with an empty journal from voting before another master leads. Pure.

A Raft peer with an empty log grants its vote to any candidate (Ratis: VoteContext.decideVote). Two masters of
three that lost their journals could therefore elect each other, and erase what only the third one has. An
init container holds such a master back until another one leads a majority without it, by the metrics of its
web port: its role, and the time since each follower's last answer.

An open web port alone proves no majority. A leader steps down after election.timeout.max without answers
(Ratis: LeaderStateImpl.checkLeadership), and its web port stays open until its RPCs have ended. After that it
starts no election (Ratis: FollowerState.lostMajorityHeartbeatsRecently; Alluxio never lets that pass), so two
empty ones that come up then would elect each other.

The gate is closed once both groups were complete. The mark of this is a key of ConfigMap <name>-config, which
the init container mounts, so that a change restarts no master. The job masters need no gate: nothing in a job
master is journaled (alluxio.master.job.JobMaster is NoopJournaled).
"""

from __future__ import annotations

from ..alluxio.properties import JOURNAL_ADDRESSES
from ..fluid import names as fluid_names
from ..fluid.components import JOURNAL_VOLUME, MASTER, MASTER_CONTAINER, raft_component

CONTAINER = "datacache-gate"
# Keys of ConfigMap <name>-config. FORMED: closes the gate. ADMITTED: the pods, separated by spaces, that may
# start with an empty journal although it is closed; a person sets it.
FORMED = "DATACACHE_MASTERS_FORMED"
ADMITTED = "DATACACHE_MASTERS_ADMITTED"
# A variable of the init container that opens the gate for pods of this template, as during a restoration.
OPEN = "DATACACHE_GATE_OPEN"

_FOLDER = "/datacache-gate"
_HOSTNAME = "ALLUXIO_MASTER_HOSTNAME"
# Seconds. A container that was deleted by force answers for up to 2 (kubelet's shortest grace period), and
# its journal is lost. So only answers that came this long after the start of the gate show a journal.
_AFTER = 3
# A leader writes the gauges again and again, and leaves those of an earlier term and of removed peers as they
# are. So only a value counts that the gauge has not had before, from the time on at which that was asked for.
# An answer may be lost or cut: it makes no value new, and removes no member.
# A declared peer without a gauge is no member yet: a rollout declares added masters before it adds them.
# Arguments: the journal's folder, the web port, the folder of the marks, a file whose first word is the
# uptime in seconds; clocks of nodes may be set meanwhile. A journal with any file of Raft is not empty.
_SCRIPT = f"""\
trap 'exit 1' TERM
uptime() {{ read -r seconds _rest <"$file"; echo "${{seconds%%.*}}"; }}
get() {{ # host: the metrics of its master; a dot follows when all have come
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"
    printf "GET /metrics/prometheus/ HTTP/1.0\r\n\r\n" >&3; exec cat <&3' "$1" "$port" 2>/dev/null &&
    printf .
}}
gauge() {{ # peer: the values, more than one in a leader that has led before
  name=ratis_server_$(printf %s "$1" | tr -c '[:alnum:]_' _)_lastHeartbeatElapsedTime
  printf '%s\n' "$metrics" | sed -n "s/^$name{{[^}}]*}} \\([0-9][-+.0-9E]*\\)$/\\1/p"
}}
answers() {{ # before asked values: whether one that is new since then shows an answer
  [ "$(printf %s "$1" | wc -w)" -ge $(($# - 2)) ] || return 1
  before=$1 within=$((($2 - began - {_AFTER}) * 1000000000))
  shift 2
  for age in "$@"; do
    case $before in *" $age "*) continue;; esac
    [ "$(LC_ALL=C printf %.0f "$age")" -lt "$within" ] 2>/dev/null && return 0
  done
  return 1
}}
leads() {{ # host: whether its master leads, and a majority of its group follows without this one
  voters=1 members=2 now=$(uptime) metrics=$(get "$1")
  case $metrics in HTTP/*$'\n.') ;; *) return 1;; esac
  case $(printf '%s\n' "$metrics" | sed -n 's/^Master_RoleId[^ ]* //p') in ''|0*) ;; *) return 1;; esac
  for other in $peers; do
    case ${{other%:*}} in "$1"|"${_HOSTNAME}") continue;; esac
    ages=$(gauge "$other") earlier=${{seen[$1 $other]-}}
    [ -z "$ages$earlier" ] || members=$((members + 1))
    ! answers "$earlier" "${{asked[$1 $other]-0}}" $ages || voters=$((voters + 1))
    [ -z "$ages" ] || seen[$1 $other]=" $(echo $ages) " asked[$1 $other]=$now
  done
  [ $((voters * 2)) -gt "$members" ]
}}
declare -A seen asked
journal=$1 port=$2 marks=$3 file=$4 reported=0
began=$(uptime)
while :; do
  if [ -n "${{{OPEN}:-}}" ] || [ ! -e "$marks/{FORMED}" ]; then echo "the gate is open"; exit 0; fi
  kept=$(find "$journal/raft" -type f 2>/dev/null | head -n 1)
  if [ -n "$kept" ]; then echo "the journal is kept"; exit 0; fi
  case " $(cat "$marks/{ADMITTED}" 2>/dev/null) " in
    *" ${_HOSTNAME} "*) echo "a person admits this master"; exit 0;;
  esac
  peers=$(printf '%s\n' $ALLUXIO_JAVA_OPTS | sed -n 's/^-D{JOURNAL_ADDRESSES}=//p' | tail -n 1 | tr , ' ')
  for peer in $peers; do
    host=${{peer%:*}}
    [ "$host" != "${_HOSTNAME}" ] || continue
    if leads "$host"; then echo "$host leads a majority"; exit 0; fi
  done
  [ "$reported" = 1 ] || echo "the journal is empty: waiting for a leader of a majority of the other masters"
  reported=1
  sleep 1
done
"""


def is_present(template: dict) -> bool:
    """Return whether the pod's spec has the gate."""
    return any(each["name"] == CONTAINER for each in template.get("initContainers") or [])


def holds_back(pod: dict) -> bool:
    """Return whether the gate runs in the pod: its journal is empty, or the gate has just begun to look."""
    return any(each["name"] == CONTAINER and "running" in (each.get("state") or {})
               for each in pod.get("status", {}).get("initContainerStatuses") or [])


def with_gate(name: str, template: dict) -> dict:
    """Return the spec of a master's pod with the gate as its first init container. name: the runtime."""
    master = next(each for each in template["containers"] if each["name"] == MASTER_CONTAINER)
    ports = {each["name"]: each["containerPort"] for each in master.get("ports") or [] if "name" in each}
    mount = next(each for each in master["volumeMounts"] if each["name"] == JOURNAL_VOLUME)
    container = {key: master[key] for key in ("image", "imagePullPolicy", "securityContext", "resources")
                 if key in master}
    container.update(
        name=CONTAINER,
        command=["bash", "-c", _SCRIPT, CONTAINER, mount["mountPath"],
                 str(ports[raft_component(MASTER).web_port]), _FOLDER, "/proc/uptime"],
        env=[{"name": _HOSTNAME, "valueFrom": {
            "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
        envFrom=master.get("envFrom") or [],
        volumeMounts=[{**mount, "readOnly": True},
                      {"name": CONTAINER, "mountPath": _FOLDER, "readOnly": True}])
    volume = {"name": CONTAINER, "configMap": {
        "name": fluid_names.config_map_name(name), "optional": True,
        "items": [{"key": key, "path": key} for key in (FORMED, ADMITTED)]}}
    others = {key: [each for each in template.get(key) or [] if each["name"] != CONTAINER]
              for key in ("initContainers", "volumes")}
    return {**template, "initContainers": [container, *others["initContainers"]],
            "volumes": [*others["volumes"], volume]}


def closing(config_map: dict) -> dict | None:
    """Return the merge patch of the ConfigMap that closes the gate; None when it is closed."""
    return None if FORMED in (config_map.get("data") or {}) else {"data": {FORMED: "true"}}
