# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module ends: its result, or its failure."""

from __future__ import annotations

import time
from typing import Callable

from ansible.module_utils.basic import AnsibleModule

from ..errors import FluidError


def finish(module: AnsibleModule, work: Callable[[], dict]) -> None:
    """Run the work and exit with what it returns; our errors become the module's failure."""
    started = time.monotonic()
    try:
        result = work()
    except FluidError as err:
        module.fail_json(msg=str(err), **err.details)
    if not module._diff:
        result.pop("diff", None)
    result["duration"] = round(time.monotonic() - started, 3)
    # Ansible returns the options too. What the objects of a list leave out would be most of a large result.
    result["invocation"] = {"module_args": {key: _given(value) for key, value in module.params.items()}}
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _given(option: object) -> object:
    """An option without what a dictionary in it, such as an object of a list, leaves out."""
    if isinstance(option, dict):
        return {key: _given(value) for key, value in option.items() if value is not None}
    return [_given(each) for each in option] if isinstance(option, list) else option


def report(items: list[dict], outcomes: list, listed: bool) -> dict:
    """The module's result from what became of each object: an Outcome (or its like) or a FluidError.

    A single object's result is the module's own. A list has an entry for each object, and is failed,
    naming them, when any failed.
    """
    entries = [{"changed": False, "error": str(outcome), **outcome.details} if isinstance(outcome, FluidError)
               else outcome.as_entry() if listed else outcome.as_result() for outcome in outcomes]
    if not listed:
        return _as_failure(entries[0], entries[0].pop("error", None))
    named = [{"name": item["name"], "namespace": item["namespace"], **entry}
             for item, entry in zip(items, entries, strict=True)]
    errors = [f"{entry['namespace']}/{entry['name']}: {entry['error']}" for entry in named if "error" in entry]
    result = {
        "changed": any(entry["changed"] for entry in named),
        "results": named,
        "diff": [{"before_header": key, "after_header": key, **entry["diff"]} for entry in named
                 if entry["changed"] and (key := f"{entry['namespace']}/{entry['name']}")],
    }
    return _as_failure(result, errors and f"{len(errors)} of {len(named)} objects failed: {'; '.join(errors)}")


def _as_failure(result: dict, message: str | list | None) -> dict:
    return {**result, "failed": True, "msg": message} if message else result
