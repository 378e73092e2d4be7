# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest of an AlluxioRuntime and the validation of its options. Pure."""

from __future__ import annotations

import re

from ..alluxio import durations, java_options, raft as alluxio_raft
from ..alluxio.properties import (
    ELECTION_TIMEOUT_DEFAULTS,
    RAFT_DURATIONS,
    RAFT_PROFILES,
    RAFT_PROPERTIES,
    RAFT_SIZES,
    STANDBY_WEB,
    first_election_timeouts,
)
from ..errors import InvalidInput
from ..k8s import quantity
from ..k8s.names import require_dns_1035, require_namespace, require_stateful_set_prefix
from . import kinds as fluid_kinds
from .components import COMPONENTS
from .fields import overrides, pods, unread
from .fields.runtime import RUNTIME
from .fields.table import render
from .fields.texts import METADATA, require_texts
from .manifest import build, text_map, whole_number
from .rules import resources, runtime as runtime_rules

# The fields that Fluid applies after the creation (pkg/ddc/alluxio/replicas.go, metadata.go and cache.go).
_APPLIED_LATER = (("spec", "replicas"), ("spec", "management"), ("metadata",))
# The fields that alluxio_rollout applies to running masters (rollout/rendering.py).
_COMPONENT_FIELDS = ("properties", "jvmOptions", "resources", "env")
_ROLLED = (("spec", "properties"), ("spec", "jvmOptions"), ("spec", "alluxioVersion"),
           ("spec", "master", "nodeSelector"),
           *(("spec", part, field) for part in ("master", "jobMaster") for field in _COMPONENT_FIELDS))
# Java's Double reads these, and the JVM's arguments hold them without quotes.
_NUMBER = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[-+]?[0-9]{1,3})?\Z", re.ASCII | re.IGNORECASE)
# The largest number of a field of type int32.
_LARGEST = 2**31 - 1
MASTER_COUNT = ("spec", "master", "replicas")
# The options that always have a value, by their field.
_ALWAYS_SET = {"replicas": "worker_replicas", "master.replicas": "master_replicas",
               "master.networkMode": "network_mode", "worker.networkMode": "network_mode"}


def require_valid(params: dict) -> None:
    """Raise InvalidInput for values that Fluid accepts but cannot use."""
    _require_options(params)
    overrides.require_valid(params.get("spec_overrides"), _ALWAYS_SET)
    overrides.require_as_options(RUNTIME, params, _require_options)


def _require_options(params: dict) -> None:
    require_dns_1035("AlluxioRuntime name", params["name"])
    require_namespace(params["namespace"])
    require_stateful_set_prefix("AlluxioRuntime name", params["name"], "-master")
    require_texts(METADATA | RUNTIME, params)
    alluxio_raft.require_valid_count(params["master_replicas"])
    _require_own_name(params)
    if params["worker_replicas"] < 0:
        raise InvalidInput(f"worker_replicas is {params['worker_replicas']}: expected zero or more workers")
    if params["worker_replicas"] > _LARGEST:
        raise InvalidInput(f"worker_replicas is {params['worker_replicas']}: expected at most {_LARGEST}")
    _require_counts("data", params.get("data") or {})
    _require_counts("management.clean_cache_policy",
                    (params.get("management") or {}).get("clean_cache_policy") or {})
    for number, level in enumerate(params.get("tieredstore") or []):
        _require_valid_level(f"tieredstore[{number}]", level)
    _require_valid_raft(params.get("raft") or {}, raft_options(params), params.get("properties") or {})
    if params["master_replicas"] > 1:
        _require_closed_standbys(params)
    pods.require_valid(params)
    for component in (*COMPONENTS, "init_users"):
        _require_valid_resources(component, (params.get(component) or {}).get("resources") or {})
    runtime_rules.require_valid(params)


def _require_own_name(params: dict) -> None:
    """Raise InvalidInput unless the option recreate names this runtime: it permits to delete the cache."""
    expected = f"{params['namespace']}/{params['name']}"
    if params.get("recreate") not in (None, expected):
        raise InvalidInput(f"recreate is {params['recreate']!r}: it permits to delete the cache; expected "
                           f"{expected}, or leave the option out")


def _require_counts(option: str, counts: dict) -> None:
    """Check suboptions that are numbers, beside truth values."""
    for name, count in counts.items():
        if count is not None and count < 0:
            raise InvalidInput(f"{option}.{name} is {count}: expected 0 or more")


def _require_valid_level(where: str, level: dict) -> None:
    if level.get("quota") and level.get("quota_list"):
        raise InvalidInput(
            f"{where} has both quota and quota_list: use quota, or quota_list with one quota for each path")
    if level.get("quota"):
        quantity.require_positive(where + ".quota", level["quota"])
    if level.get("quota_list"):
        quotas = level["quota_list"].split(",")
        paths = level["path"].split(",")
        if len(quotas) != len(paths):
            raise InvalidInput(
                f"{where} has {len(quotas)} quotas for {len(paths)} paths: expected one for each path")
        for each in quotas:
            quantity.require_positive(where + ".quota_list", each)
    marks = {key: _ratio(f"{where}.{key}", level[key])
             for key in ("high", "low") if level.get(key) is not None}
    if marks.get("high", 1.0) <= marks.get("low", 0.0):
        raise InvalidInput(
            f"{where} has high {level.get('high') or '1'}, which is not above low {level['low']}: eviction "
            "starts at the high watermark and stops at the low one")


def _ratio(what: str, text: str) -> float:
    value = float(text) if _NUMBER.match(text) else -1.0
    if not 0 < value <= 1:
        raise InvalidInput(
            f"{what} is {text!r}: expected a share of the quota above 0 and at most 1, such as 0.95")
    return value


def raft_options(params: dict) -> dict[str, str]:
    """Return the journal options that are set, as strings; they override those of the profile."""
    raft = params.get("raft") or {}
    own = text_map({option: raft[option] for option in RAFT_PROPERTIES if raft.get(option) is not None})
    return {**RAFT_PROFILES[raft.get("profile") or "default"], **(own or {})}


def _require_valid_raft(own: dict, raft: dict, properties: dict) -> None:
    """Check the journal options. own: those that are given, without those of the profile."""
    for option, key in RAFT_PROPERTIES.items():
        if raft.get(option) is not None and key in properties:
            source = f"raft.{option}" if own.get(option) is not None else f"raft.profile {own['profile']}"
            raise InvalidInput(f"{source} and properties both set {key}: set raft.{option} alone, or "
                               "raft.profile: default")
    for option in RAFT_DURATIONS:
        if raft.get(option):
            durations.seconds("raft." + option, raft[option])
    for option in RAFT_SIZES:
        if raft.get(option):
            durations.size("raft." + option, raft[option])
    entries = raft.get("checkpoint_period_entries")
    if entries and not whole_number(entries):
        raise InvalidInput(f"raft.checkpoint_period_entries is {entries!r}: expected a whole number above "
                           "zero, such as 2000000")
    low, high = (durations.seconds("raft." + option, raft[option]) if raft.get(option)
                 else ELECTION_TIMEOUT_DEFAULTS[RAFT_PROPERTIES[option]]
                 for option in ("election_timeout_min", "election_timeout_max"))
    if low >= high:
        raise InvalidInput(
            f"raft.election_timeout_min ({low:g}s) is not below raft.election_timeout_max ({high:g}s): "
            "each follower draws its timeout between the two, so that not all start an election at once; set "
            "both, as the other one comes from raft.profile or Alluxio's default")


def _require_closed_standbys(params: dict) -> None:
    """Raise InvalidInput if standby masters would serve their web port, which shows who leads."""
    parts = {"": params, **{part + ".": params.get(part) or {} for part in ("master", "job_master")}}
    for prefix, part in parts.items():
        given = {f"{prefix}properties": text_map(part.get("properties")) or {},
                 f"{prefix}jvm_options": java_options.properties(" ".join(part.get("jvm_options") or []))}
        for option, properties in given.items():
            if properties.get(STANDBY_WEB, "").lower() == "true":
                raise InvalidInput(
                    f"{option} sets {STANDBY_WEB}: true, so that every master would serve its web port, and "
                    "the quorum's leader is recognised by that port: leave it out")


def _require_valid_resources(component: str, resources: dict) -> None:
    for kind in ("requests", "limits"):
        for name, amount in (resources.get(kind) or {}).items():
            quantity.require(f"{component}.resources.{kind}.{name}", amount)


def masters_share_hosts(params: dict) -> bool:
    """Return whether the masters use the network of their node, so that each needs its own node."""
    return _networks(params)["master"]["network_mode"] == "HostNetwork"


def manifest(params: dict) -> dict:
    """Return the AlluxioRuntime that the options describe (api/v1alpha1/alluxioruntime_types.go).

    spec.replicas is the number of workers, spec.master.replicas that of masters.
    """
    parts = _networks(params)
    if raised := overrides.applied(RUNTIME, params, resources.raised_request):
        parts["worker"] = _with_memory_request(parts["worker"], raised)
    spec = render(RUNTIME, {**params, **parts, "properties": spec_properties(params)})
    return build(fluid_kinds.ALLUXIO_RUNTIME, params, overrides.merged(params.get("spec_overrides"), spec))


def _with_memory_request(worker: dict, amount: str) -> dict:
    """Return the workers' options with the request that Fluid would write into the runtime."""
    own = worker.get("resources") or {}
    requests = own.get("requests") or {}
    return {**worker, "resources": {**own, "requests": {**requests, resources.MEMORY: amount}}}


def _networks(params: dict) -> dict[str, dict]:
    """Return the options of masters and workers with their network; their own one goes first."""
    return {part: {**own, "network_mode": own.get("network_mode") or params["network_mode"]}
            for part in ("master", "worker") for own in [params.get(part) or {}]}


def spec_properties(params: dict) -> dict[str, str] | None:
    """Return the properties of the spec, with those of raft; None without any."""
    raft = {RAFT_PROPERTIES[option]: value for option, value in raft_options(params).items()}
    profile = (params.get("raft") or {}).get("profile") or "default"
    first = first_election_timeouts(raft) if RAFT_PROFILES[profile] else {}
    own = text_map(params.get("properties"))
    return None if own is None and not raft else {**first, **(own or {}), **raft}


def applied_by_rollout(paths: list[tuple], masters: int) -> list[tuple]:
    """Return those of the changed fields that alluxio_rollout applies to the running masters.

    masters: their number; a rollout does not change a single one.
    """
    return [] if masters == 1 else [path for path in paths if _is_below(path, _ROLLED)]


def applied_only_at_creation(paths: list[tuple], masters: int) -> list[tuple]:
    """Return those of the changed fields that Fluid reads only at creation and that no rollout applies."""
    others = {*applied_by_rollout(paths, masters), *never_applied(paths, masters)}
    return [path for path in paths if path not in others and not _is_below(path, _APPLIED_LATER)]


def never_applied(paths: list[tuple], masters: int) -> list[tuple]:
    """Return those of the fields that Fluid 1.0.8 never reads and that no rollout applies."""
    rolled = applied_by_rollout(paths, masters)
    return [path for path in unread.unread(paths) if path not in rolled]


def _is_below(path: tuple, fields: tuple[tuple, ...]) -> bool:
    return any(path[:len(field)] == field for field in fields)


def declared_masters(spec: dict) -> int:
    """Return the number of masters that a runtime's spec declares; Fluid's default is one."""
    return (spec.get("master") or {}).get("replicas") or 1


def changes_journal(masters: int, desired: int) -> bool:
    """Return whether the desired number of masters needs a journal of another type.

    A single master has a journal of type UFS and several have one of type EMBEDDED. Fluid chooses and formats
    it when it creates a runtime (pkg/ddc/alluxio/transform_optimization.go,
    charts/alluxio/templates/master/statefulset.yaml).
    """
    return (masters == 1) != (desired == 1)
