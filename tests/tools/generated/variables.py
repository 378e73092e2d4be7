# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/variables.md: each variable of the inventory, from the roles' argument specs and variables.yml."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from . import role_readmes

HEADER = """\
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- Written by `make generate` from argument specs and tests/tools/generated/variables.yml; do not edit. -->
# Variables

Each `fluid_*` variable that a playbook reads. Only `fluid_name` and `fluid_mounts` are required for a
deployment. An empty text is no value. Text such as `"3"`, `"true"`, or YAML or lines for a list is converted.
A `fluid_*` variable that no playbook reads is refused, with the nearest name.

The suboptions are documented by the modules: `ansible-doc datacache.fluid.alluxio_runtime`.
"""
TABLE = "\n## {title}\n\n| Variable | Type | Default | Meaning |\n|---|---|---|---|\n"
# The sections of the roles, in the order of the page.
SECTIONS = {
    "deploy": "The cache", "install": "Fluid", "verify": "Verification", "backup": "Backups",
    "restore": "Restoration", "drill": "Drill", "cleanup": "Removal",
}
# Defaults of playbooks/vars/ha.yml, whose expressions are no literals; a unit test compares the names.
HIGH_AVAILABILITY = {"deploy_master_replicas": "`3`", "deploy_raft": '`{"profile": "balanced"}`'}
# Of options whose variables have another default, or set more than the option; an empty text is no value.
MEANINGS = {
    "install_chart_repo_url":
        "URL of the chart repository. By default none if O(install_chart_ref) is a path.",
    "install_chart_version":
        "Version of the chart. By default its own if O(install_chart_ref) is a path.",
    "deploy_image_pull_secrets":
        "Names of Secrets with credentials for the registries of all images. They exist in the namespace of "
        "Fluid and in that of the cache.",
    "deploy_rollout_timeout":
        "Maximum duration of a rollout to all masters, and of one to workers and FUSE pods, in seconds.",
    "verify_probe_image":
        "Image of the pods that read, with a shell, coreutils and findutils or busybox. It comes from "
        "O(install_image_registry) if that is given.",
}
DIRECT = re.compile(r"^\{\{ (fluid_\w+) \| default\(''\)\s+\| datacache\.fluid\.given\(")
_ALIAS = re.compile(r"^\{\{ (\w+) \}\}$")
_WORD = re.compile(r"\b[a-z]+_[a-z_]+\b")
_OWN = Path(__file__).with_suffix(".yml")


def texts(checkout: Path) -> dict[str, str]:
    return {"docs/variables.md": HEADER + "".join(_sections(checkout))}


def direct(mapping: dict[str, str]) -> dict[str, str]:
    """Return the variable of each option that has one of its own. mapping: playbooks/vars/roles.yml."""
    found = {option: DIRECT.match(template) for option, template in mapping.items()}
    return {option: match[1] for option, match in found.items() if match}


def names(mapping: dict[str, str]) -> dict[str, str]:
    """Return the variable of each option, also of one that takes the value of another."""
    found = direct(mapping)
    for option, template in mapping.items():
        alias = _ALIAS.match(template)
        if alias and alias[1] in found:
            found[option] = found[alias[1]]
    return found


def own() -> dict[str, dict]:
    """Return the sections of the variables without an option, each with its variables by name."""
    return yaml.safe_load(_OWN.read_text())


def meaning(text: str | list[str], variables: dict[str, str]) -> str:
    """Return a description as Markdown, with the variables in place of the options that they set."""
    lines = [text] if isinstance(text, str) else text
    named = (_WORD.sub(lambda word: variables.get(word[0], word[0]), line) for line in lines)
    return " ".join(map(role_readmes.plain, named)).replace("|", "&#124;")


def _sections(checkout: Path) -> Iterator[str]:
    mapping = yaml.safe_load((checkout / "playbooks" / "vars" / "roles.yml").read_text())
    rows, variables, available = direct(mapping), names(mapping), _with_high_availability(checkout)
    for role, title in SECTIONS.items():
        path = checkout / "roles" / role / "meta" / "argument_specs.yml"
        options = yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"]
        own_rows = {option: rows.pop(option) for option in options if option in rows}
        # The first option of a variable describes it.
        rows = {option: name for option, name in rows.items() if name not in own_rows.values()}
        yield TABLE.format(title=title) + "".join(
            _row(name, option, options[option], variables, available) for option, name in own_rows.items())
    for title, section in own().items():
        yield TABLE.format(title=title) + "".join(
            _line(name, each["type"], _plain_default(each["default"]),
                  each["description"] + role_readmes.choices(each))
            for name, each in section.items())


def _with_high_availability(checkout: Path) -> str:
    found = sorted(f"`{path.stem}`" for path in (checkout / "playbooks").glob("*.yml")
                   if "vars/ha.yml" in path.read_text())
    return f"{', '.join(found[:-1])} and {found[-1]}"


def _row(name: str, option: str, spec: dict, variables: dict[str, str], available: str) -> str:
    kind = f"list of {spec['elements']}" if "elements" in spec else spec.get("type", "str")
    default = "**required**" if spec.get("required") else _literal(spec.get("default"))
    if option in HIGH_AVAILABILITY:
        default += f"; {HIGH_AVAILABILITY[option]} in {available}"
    description = meaning(MEANINGS.get(option, spec["description"]), variables)
    return _line(name, kind, default, description + role_readmes.choices(spec))


def _literal(value: object) -> str:
    """Return a default as Markdown: an empty one selects Fluid's, or nothing."""
    return "-" if value in ("", {}, [], None) and value is not False else f"`{json.dumps(value)}`"


def _plain_default(value: object) -> str:
    """Return a default of variables.yml, whose texts describe rather than quote."""
    if isinstance(value, str):
        return "**required**" if value == "required" else value
    return _literal(value)


def _line(name: str, kind: str, default: str, text: str) -> str:
    return f"| `{name}` | {kind} | {default} | {text} |\n"
