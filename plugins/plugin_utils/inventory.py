# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory variables that the playbooks read, and the rules for their values.

The playbooks are the only source of the names, playbooks/vars/roles.yml of the options that they set, and the
roles' argument specs of the types.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..module_utils.errors import InvalidInput
from ..module_utils.k8s import quantity
from ..module_utils.k8s.names import require_image
from .conversion import converted, from_yaml, is_given

_NAME = re.compile(r"\bfluid_[a-z0-9_]+\b")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
# `name: "{{ fluid_name | ... required='message' ... }}"` in the files of vars.
_REQUIRED = re.compile(r"\b(fluid_\w+) \|[^}]*\brequired='([^']*)'")
_DIRECT = re.compile(r"^\{\{ (fluid_\w+) \| default\(''\)\s+\| datacache\.fluid\.given\(")
_TYPES: dict[str, tuple[object, str]] = {
    "int": (0, "a whole number"), "float": (0, "a number"), "bool": (False, "true or false"),
    "list": ([], "a list"), "dict": ({}, "a dictionary"), "str": ("", "a text"),
}
# Limits of the values that are read at the end of a deployment, or by no module. The second may be infinite.
_RANGES = {"fluid_cached_percentage": (0, 100), "fluid_probe_seconds": (1, float("inf")),
           "fluid_warm_up_at_once": (1, float("inf")), "fluid_drill_max_failover_seconds": (0, float("inf"))}
# Images of pods that start when the cache is deployed already.
_IMAGES = ("fluid_probe_image", "fluid_backup_image")
_QUANTITIES = ("fluid_probe_bytes",)
# Written at the end of a deployment or a verification.
_PAGES = ("fluid_report_page",)
# What Ansible's keyword serial takes.
_BATCHES = ("fluid_upgrade_at_once",)
_BATCH = re.compile(r"[1-9][0-9]*%?")


# Variables that set no option of a role. Those of type str and path accept any text.
_OWN: dict[str, Mapping] = {
    "fluid_awx_schedule_backups": {"type": "bool", "default": False},
    "fluid_awx_update_secrets": {"type": "bool", "default": False},
    "fluid_preflight_playbooks": {"type": "list", "elements": "str", "default": ["deploy_ha"]},
    "fluid_preflight_probe": {"type": "bool", "default": False},
    "fluid_quorum_timeout": {"type": "int", "default": 300},
    "fluid_restart_clients": {"type": "bool", "default": False},
    "fluid_roll_fuse": {"type": "str", "default": "unused", "choices": ["none", "unused", "all"]},
    "fluid_roll_scope": {"type": "str", "default": "all", "choices": ["all", "stale"]},
}


@dataclass(frozen=True)
class Variable:
    """What is known of a variable. option: its specification in a role's argument spec or here, or {}."""

    name: str
    option: Mapping
    required: str = ""


def variables(collection: Path) -> dict[str, Variable]:
    """Return the variables that the playbooks of the collection read, by name."""
    texts = [_COMMENT.sub("", path.read_text(encoding="utf-8"))
             for path in sorted((collection / "playbooks").rglob("*.yml"))
             if "inventory" not in path.parts]
    mapping = _load(collection / "playbooks" / "vars" / "roles.yml")
    required = {name: message for text in texts for name, message in _REQUIRED.findall(text)}
    # Of several options that one variable sets, the first is that of its own role.
    options = {**_OWN, **dict(reversed([*_options(collection, mapping)]))}
    return {name: Variable(name, options.get(name, {}), required.get(name, ""))
            for text in texts for name in _NAME.findall(text)}


def _options(collection: Path, mapping: dict[str, str]) -> Iterator[tuple[str, dict]]:
    """Yield each variable that sets a role's option directly, and the option's specification."""
    specs: dict[str, dict] = {}
    for path in sorted((collection / "roles").glob("*/meta/argument_specs.yml")):
        specs.update(_load(path)["argument_specs"]["main"]["options"])
    for option, template in mapping.items():
        found = _DIRECT.match(template)
        if found and option in specs:
            yield found[1], specs[option]


def _load(path: Path) -> dict:
    """Return the content of a YAML file; libyaml reads it ten times faster than Python."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def unknown(names: list[str], known: Mapping[str, Variable]) -> list[str]:
    """Return a sentence for each name that no playbook reads, with the nearest known name."""
    return [f"no playbook of datacache.fluid reads {name}: {_remedy(name, known)}"
            for name in sorted(names) if name not in known]


def _remedy(name: str, known: Mapping[str, Variable]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    return f"did you mean {nearest[0]}?" if nearest else (
        "remove it, or give it a name without the prefix fluid_, which belongs to this collection")


def missing(required: list[str], values: Mapping[str, object], known: Mapping[str, Variable]) -> list[str]:
    """Return a sentence for each required variable that is not given."""
    return [f"{name} is not given: {known[name].required or 'set it in the inventory'}"
            for name in required if not is_given(values.get(name))]


def invalid(values: Mapping[str, object], known: Mapping[str, Variable]) -> list[str]:
    """Return a sentence for each given value that does not have the type or the choices of its option."""
    found = [_refusal(name, value, known[name].option) for name, value in sorted(values.items())
             if name in known and is_given(value)]
    return [sentence for sentence in found if sentence]


def _refusal(name: str, value: object, option: Mapping) -> str:
    """Return why a value is refused; empty for a valid one.

    Lists and dictionaries may hold secrets, so their content is not shown.
    """
    if name in _BATCHES and not _BATCH.fullmatch(str(value)):
        return f"{name} is {_shown(value)}: expected a number of hosts, or a percentage, such as 1 or 20%"
    kind = option.get("type")
    if kind not in _TYPES:
        return ""
    default, noun = _TYPES[kind]
    typed = converted(value, default)
    if kind in ("list", "dict"):
        return _tree_refusal(name, value if _is_text_alone(value, option) else typed, kind, option)
    if not _has_type(typed, kind):
        return f"{name} is {_shown(value)}: expected {noun}{_example(option)}"
    if "choices" in option and typed not in option["choices"]:
        return f"{name} is {typed!r}: expected one of {', '.join(filter(None, option['choices']))}"
    if name in _PAGES and not str(typed).endswith(".html"):
        return f"{name} is {typed!r}: expected the path of a file that ends in .html"
    if name.endswith("_timeout") and int(typed) < 1:
        return f"{name} is {typed}: expected at least one second{_example(option)}"
    return _limit_refusal(name, typed)


def _limit_refusal(name: str, typed: object) -> str:
    """Return why a number or a quantity is refused; empty for a valid one."""
    if name in _RANGES:
        low, high = _RANGES[name]
        if not low <= float(typed) <= high:  # type: ignore[arg-type]
            limit = f"at least {low}" if high == float("inf") else f"{low} to {high}"
            return f"{name} is {typed}: expected {limit}"
    try:
        if name in _IMAGES:
            require_image(name, str(typed))
        if name in _QUANTITIES:
            size = quantity.require(name, str(typed))
            if size < 0:
                return f"{name} is {typed}: expected 0, which reads nothing, or more"
            if size > quantity.LARGEST:
                return f"{name} is {typed}: expected at most {quantity.LARGEST}"
    except InvalidInput as err:
        return str(err)
    return ""


def _is_text_alone(value: object, option: Mapping) -> bool:
    """Return whether text for a list of dictionaries holds no list. Its parts are not shown."""
    return (isinstance(value, str) and option.get("elements") == "dict"
            and not isinstance(from_yaml(value), list))


def _tree_refusal(name: str, typed: object, kind: str, option: Mapping) -> str:
    noun = _TYPES[kind][1]
    if not isinstance(typed, (list, dict)):
        state = "a text that is no YAML" if isinstance(typed, str) and from_yaml(typed) is None else (
            f"{'a text' if isinstance(typed, str) else _shown(typed)}")
        return f"{name} is {state}: expected {noun}, or {noun} as YAML text"
    if not isinstance(typed, list if kind == "list" else dict):
        return f"{name} is {_shown(typed)}: expected {noun}"
    return _element_refusal(name, typed, option) if isinstance(typed, list) else ""


def _element_refusal(name: str, typed: list, option: Mapping) -> str:
    """Return why an element is refused. Ansible would make text of a dictionary or null, such as "None"."""
    of_dicts = option.get("elements") == "dict"
    for number, element in enumerate(typed):
        if not isinstance(element, Mapping if of_dicts else (str, int, float)):
            return (f"{name}[{number}] is {_shown(element)}: "
                    f"expected {'a dictionary' if of_dicts else 'a text'}")
    return ""


def _has_type(value: object, kind: str) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "str":
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (kind == "float" and _is_number(value))


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "a dictionary"
    return "a list" if isinstance(value, (list, tuple)) else repr(value)


def _example(option: Mapping) -> str:
    default = option.get("default")
    return "" if default in (None, "", 0) or isinstance(default, bool) else f", such as {default}"
