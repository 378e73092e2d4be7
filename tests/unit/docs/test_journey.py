# SPDX-License-Identifier: GPL-3.0-or-later
"""Each command of Ansible on a page is one that the lab runs (`OPERATIONS=pages make operations`)."""

from pathlib import Path

import pytest
from toolbox.site import journey

DOCS = Path(__file__).parents[3] / "docs"
ALL = {str(path.relative_to(DOCS).with_suffix("")): list(journey.commands(path.read_text()))
       for path in sorted(DOCS.rglob("*.md"))}


def test_each_command_is_run():
    run = {command for page in journey.PAGES for command in ALL[page]}
    assert [(page, command) for page, commands in ALL.items() for command in commands
            if command not in run and not journey.left_out(command)] == []


@pytest.mark.parametrize("page", journey.PAGES)
def test_a_page_of_the_journey_has_commands(page):
    assert [command for command in ALL[page] if not journey.left_out(command)]


@pytest.mark.parametrize("part", journey.LEFT_OUT)
def test_what_is_left_out_exists(part):
    assert [command for commands in ALL.values() for command in commands if part in command]


def test_commands_are_those_of_the_blocks_of_shell():
    text = ("```sh\npip install a\nansible-playbook -i b c \\\n  -e d=1    # comment\n```\n"
            "```yaml\nansible-playbook: e\n```\n")
    assert list(journey.commands(text)) == ["ansible-playbook -i b c -e d=1"]
