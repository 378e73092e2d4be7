# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a module: its result or its failure."""

from __future__ import annotations

import time
from collections.abc import Callable

from ansible.module_utils.basic import AnsibleModule

from ..errors import FluidError


def finish(module: AnsibleModule, work: Callable[[], dict]) -> None:
    """Run work and exit with its result; a FluidError becomes the module's failure."""
    started = time.monotonic()
    try:
        result = work()
    except FluidError as err:
        module.fail_json(msg=str(err), **err.details)
    if not module._diff:
        result.pop("diff", None)
    result["duration"] = round(time.monotonic() - started, 3)
    # Ansible also returns the options. Those that the objects of a list omit would dominate a large result.
    result["invocation"] = {"module_args": {key: _given(value) for key, value in module.params.items()}}
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)


def _given(option: object) -> object:
    """Return an option without the omitted keys of its dictionaries."""
    if isinstance(option, dict):
        return {key: _given(value) for key, value in option.items() if value is not None}
    return [_given(each) for each in option] if isinstance(option, list) else option


def report(items: list[dict], outcomes: list, listed: bool) -> dict:
    """Return the module's result from each object's outcome: an Outcome, a Binding or a FluidError.

    listed: whether the objects are those of a list. Its result has an entry for each object, and fails with
    the names of the failed ones. The result of a single object is the module's own.
    """
    entries = [{"changed": False, "error": str(outcome), **outcome.details} if isinstance(outcome, FluidError)
               else outcome.as_entry() if listed else outcome.as_result() for outcome in outcomes]
    if not listed:
        return _as_failure(entries[0], entries[0].pop("error", ""))
    named = [{"name": item["name"], "namespace": item["namespace"], **entry}
             for item, entry in zip(items, entries, strict=True)]
    errors = [f"{entry['namespace']}/{entry['name']}: {entry['error']}"
              for entry in named if "error" in entry]
    result = {
        "changed": any(entry["changed"] for entry in named),
        "results": named,
        "diff": [{"before_header": key, "after_header": key, **entry["diff"]} for entry in named
                 if entry["changed"] and (key := f"{entry['namespace']}/{entry['name']}")],
    }
    return _as_failure(
        result, f"{len(errors)} of {len(named)} objects failed: {'; '.join(errors)}" if errors else "")


def _as_failure(result: dict, message: str) -> dict:
    return {**result, "failed": True, "msg": message} if message else result
