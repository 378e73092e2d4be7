# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that counts the bytes that a play puts into AWX's events, by task.

AWX stores the result of a task once for each host, and the task's arguments with its start, with the start of
each host and with each result (ansible-runner, display_callback/callback/awx_display.py). Set
ANSIBLE_CALLBACK_PLUGINS to this folder, ANSIBLE_CALLBACKS_ENABLED to event_bytes and EVENT_BYTES to the file
that receives the JSON.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: event_bytes
type: notification
short_description: Count the bytes of the events by task
description: Writes a JSON list of task, bytes of results and bytes of arguments to the file EVENT_BYTES.
"""

import json
import os
from collections import Counter

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """The callback plugin; Ansible requires the name."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "event_bytes"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self._results = Counter()
        self._arguments = Counter()

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._add_arguments(task)

    def v2_runner_on_start(self, host, task):
        self._add_arguments(task)

    def v2_runner_on_ok(self, result):
        self._add_result(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._add_result(result)

    def v2_runner_on_skipped(self, result):
        self._add_result(result)

    def v2_runner_item_on_ok(self, result):
        self._add_result(result)

    def v2_runner_item_on_failed(self, result):
        self._add_result(result)

    def v2_playbook_on_stats(self, stats):
        names = sorted(self._arguments.keys() | self._results.keys(),
                       key=lambda name: -self._arguments[name] - self._results[name])
        found = [{"task": name, "results": self._results[name], "arguments": self._arguments[name]}
                 for name in names]
        with open(os.environ["EVENT_BYTES"], "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)

    def _add_arguments(self, task):
        self._arguments[task.get_name()] += len(str(task.args))

    def _add_result(self, result):
        task = getattr(result, "task", None) or result._task
        content = getattr(result, "result", None) or result._result
        self._results[task.get_name()] += len(json.dumps(content, default=str))
        self._add_arguments(task)
