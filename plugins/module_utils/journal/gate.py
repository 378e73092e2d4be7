# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate that keeps a master with an empty journal from voting before another master leads. Pure.

A Raft peer with an empty log grants its vote to any candidate (Ratis: VoteContext.decideVote). Two masters of
three that lost their journals could therefore elect each other, and erase what only the third one has. An
init container holds such a master back until a peer answers HTTP on its web port, which only the leader does:
a standby accepts the connection and closes it (Alluxio: RejectingServer).

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
# A container that was deleted by force serves for up to 2 seconds (kubelet's shortest grace period), and its
# journal is lost. So a leader has to answer _ANSWERS times, a second apart.
_ANSWERS = 4
# Arguments: the journal's folder, the web port, the folder of the marks. A journal with any file of Raft is
# not empty.
_SCRIPT = f"""\
trap 'exit 1' TERM
reported=0 answers=0
while :; do
  if [ -n "${{{OPEN}:-}}" ] || [ ! -e "$3/{FORMED}" ]; then echo "the gate is open"; exit 0; fi
  if [ -n "$(find "$1/raft" -type f 2>/dev/null | head -n 1)" ]; then echo "the journal is kept"; exit 0; fi
  case " $(cat "$3/{ADMITTED}" 2>/dev/null) " in
    *" ${_HOSTNAME} "*) echo "a person admits this master"; exit 0;;
  esac
  peers=$(printf '%s\\n' $ALLUXIO_JAVA_OPTS | sed -n 's/^-D{JOURNAL_ADDRESSES}=//p' | tail -n 1 | tr , ' ')
  leader=
  for peer in $peers; do
    host=${{peer%:*}}
    [ "$host" != "${_HOSTNAME}" ] || continue
    answer=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"
      printf "HEAD / HTTP/1.0\r\n\r\n" >&3; head -c 5 <&3' "$host" "$2" 2>/dev/null)
    if [ "$answer" = HTTP/ ]; then leader=$host; break; fi
  done
  if [ -n "$leader" ]; then answers=$((answers + 1)); else answers=0; fi
  if [ "$answers" -ge {_ANSWERS} ]; then echo "$leader leads"; exit 0; fi
  [ "$reported" = 1 ] || echo "the journal is empty: waiting for a leader among the other masters"
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
                 str(ports[raft_component(MASTER).web_port]), _FOLDER],
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
