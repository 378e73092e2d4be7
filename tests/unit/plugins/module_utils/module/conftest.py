# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of what the modules have in common share: modules that end in this process."""

import json

import pytest
from ansible.module_utils.basic import AnsibleModule
from module_arguments import patch_module_args


@pytest.fixture
def end(capsys, monkeypatch):
    """Let act(module) end a module with these options; return its result with its `warnings`."""
    def run(act, spec=None, check=False, diff=False, **options):
        warnings = []
        monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: warnings.append(text))
        given = {**options, "_ansible_check_mode": check, "_ansible_diff": diff}
        with patch_module_args(given), pytest.raises(SystemExit) as ended:
            act(AnsibleModule(spec or {}, supports_check_mode=True))
        result = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        return {**result, "warnings": warnings}
    return run
