# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of another source, which Ansible must not evaluate as templates."""

from __future__ import annotations

from typing import Any

try:
    # From ansible-core 2.19 only trusted text is a template.
    from ansible.template import trust_as_template as _plain
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var as _inert

    def _plain(text: str) -> str:
        return text
else:
    def _inert(text: str) -> str:
        return text


def untemplated(value: Any) -> Any:
    """Return the value such that Ansible does not evaluate it.

    Each template has a brace. Other text is not marked, so that ansible-inventory prints it as plain text.
    """
    if isinstance(value, dict):
        return {key: untemplated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [untemplated(each) for each in value]
    if isinstance(value, str):
        return (_inert if "{" in value else _plain)(value)
    return value
