# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from a cluster that looks like a template."""

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.datacache.fluid.plugins.plugin_utils.untemplated import untemplated


@pytest.mark.parametrize("value", [
    "{{ 1 + 1 }}", "{% if true %}x{% endif %}", "a {# comment #}", ["{{ 1 }}", {"a": "{{ 2 }}"}], "plain", 7,
    None, True], ids=str)
def test_it_is_not_evaluated(value):
    assert Templar(loader=DataLoader(), variables={}).template(untemplated(value)) == value
