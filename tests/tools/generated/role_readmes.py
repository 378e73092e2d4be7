# SPDX-License-Identifier: GPL-3.0-or-later
"""The README of each role, from its argument_specs.yml: Galaxy refuses roles without one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

HEADER = """\
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- Written by `make generate` from meta/argument_specs.yml; do not edit. -->
"""
_MARKUP = re.compile(r"\b[BCEIMOPVR]+\(([^)]*?)(?:#\w+|,[^)]*)?\)")
# An option of a module.
_SUBOPTION = re.compile(r"\bO\(([\w.]+)#module:([\w.\[\]]+)\)")
# The name of a required option, or its last part, gives its value in the example.
EXAMPLES = {
    "drill_confirm": "hbase",
    "name": "hbase",
    "mounts": [{"name": "hbase", "mount_point": "https://downloads.apache.org/hbase/stable/"}],
    "confirm": "default/hbase",
    "claim": "alluxio-backups",
}


def texts(checkout: Path) -> dict[str, str]:
    """Return the text of each role's README by its path."""
    return {f"roles/{path.parents[1].name}/README.md":
            text(path.parents[1].name, yaml.safe_load(path.read_text())["argument_specs"]["main"],
                 _playbooks(checkout, path.parents[1].name))
            for path in sorted((checkout / "roles").glob("*/meta/argument_specs.yml"))}


def text(role: str, spec: dict, playbooks: list[str]) -> str:
    """Return a README. spec: the argument spec of the role's main tasks."""
    name = f"datacache.fluid.{role}"
    sections = [
        f"{HEADER}# {name}\n\n{spec['short_description']}.",
        "\n".join(f"- {plain(line)}" for line in _lines(spec["description"])),
        f"Playbooks: {', '.join(f'`datacache.fluid.{each}`' for each in playbooks)}.\n"
        "They take the options from the inventory's `fluid_*` variables.",
        "## Requirements\n\nThe Python packages of `requirements.txt`, and the permissions of a playbook "
        f"that runs the role: `docs/permissions.md`.\nAll suboptions: `ansible-doc -t role {name}`.",
        f"## Example\n\n```yaml\n{_example(name, spec['options'])}```",
        "## Options\n\n| Option | Type | Default | Description |\n|---|---|---|---|\n"
        + "\n".join(_row(option, each) for option, each in spec["options"].items()),
    ]
    return "\n\n".join(sections) + "\n"


def plain(markup: str) -> str:
    """Return Ansible's markup as Markdown."""
    return _MARKUP.sub(r"`\1`", _SUBOPTION.sub(r"C(\2) of C(\1)", markup)).replace("\n", " ").strip()


def _row(name: str, option: dict) -> str:
    kind = f"list of {option['elements']}" if "elements" in option else option.get("type", "str")
    default = "**required**" if option.get("required") else f"`{json.dumps(option.get('default'))}`"
    description = " ".join(map(plain, _lines(option["description"]))) + choices(option)
    return f"| `{name}` | {kind} | {default} | {description.replace('|', '&#124;')} |"


def choices(option: dict) -> str:
    """Return the choices of an option as a sentence, without the empty text that selects none."""
    named = [f"`{choice}`" for choice in option.get("choices", []) if choice]
    return f" One of {', '.join(named)}." if named else ""


def _example(name: str, options: dict) -> str:
    required = {option: EXAMPLES.get(option) or EXAMPLES[option.rpartition("_")[2]]
                for option, each in options.items() if each.get("required")}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [{"role": name, **required}]}
    return yaml.safe_dump([play], sort_keys=False)


def _playbooks(checkout: Path, role: str) -> list[str]:
    full_name = f"datacache.fluid.{role}"
    return sorted(path.stem for path in (checkout / "playbooks").glob("*.yml")
                  if full_name in set(_roles(yaml.safe_load(path.read_text()))))


def _roles(tasks: list[dict]) -> Iterator[str]:
    """Yield the roles of plays, tasks and blocks. An import of other tasks than main's is none."""
    for task in tasks:
        for key, value in task.items():
            if key == "role":
                yield value
            elif key.endswith(("import_role", "include_role")) and "tasks_from" not in value:
                yield value["name"]
            elif key in ("roles", "tasks", "pre_tasks", "post_tasks", "block", "always"):
                yield from _roles(value)


def _lines(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
