# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for people name files, packages and links that exist."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
MODULE_UTILS = CHECKOUT / "plugins" / "module_utils"
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
# Where a path in a text may begin.
ROOTS = (CHECKOUT, MODULE_UTILS, CHECKOUT / "roles" / "deploy",
         CHECKOUT / "playbooks" / "inventory" / "hbase", CHECKOUT / "examples" / "awx-project",
         CHECKOUT / "tests" / "unit" / "plugins" / "module_utils")
# What a reader creates.
OWN = {"changelogs/fragments/raft-retry-cache.yml", "collections/requirements.yml",
       "my-inventory/group_vars/all.yml"}
_CODE = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|yml|md|sh))`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
_THAT = re.compile(r"^ +that: (.*)$", re.MULTILINE)
README = (CHECKOUT / "README.md").read_text()
_PACKAGE = re.compile(r"^\| (`[^|]+`) \|", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_named_files_and_links_exist(page):
    text = page.read_text()
    named = [path for path in _CODE.findall(text) if path not in OWN]
    absent = [path for path in named if not any((root / path).exists() for root in ROOTS)]
    broken = [link for link in _LINK.findall(text) if not (page.parent / link).exists()]
    assert (absent, broken) == ([], [])


def test_the_architecture_lists_every_package():
    page = (CHECKOUT / "docs" / "architecture.md").read_text()
    section = page.partition("| Package |")[2].partition("\n## ")[0]
    listed = {name for cell in _PACKAGE.findall(section) for name in re.findall(r"`([\w.]+)`", cell)}
    folders = {path.name for path in MODULE_UTILS.iterdir() if path.is_dir() and list(path.glob("*.py"))}
    assert listed == folders | {path.name for path in MODULE_UTILS.glob("*.py")}


def test_the_drawing_shows_every_package():
    drawing = (CHECKOUT / "docs" / "architecture.md").read_text().partition("```")[2].partition("```")[0]
    folders = [path.name for path in MODULE_UTILS.iterdir() if path.is_dir() and list(path.glob("*.py"))]
    assert [name for name in folders if not re.search(rf"│  {name}\b", drawing)] == []


def test_the_readme_lists_every_playbook():
    listed = set(re.findall(r"^\| `datacache\.fluid\.(\w+)` \|", README, re.MULTILINE))
    playbooks = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")} - {"deploy-ha"}
    assert {name for name in listed if (CHECKOUT / "playbooks" / f"{name}.yml").exists()} == playbooks


def test_the_readme_names_every_module_and_plugin():
    folders = ("plugins/modules", "plugins/inventory", "extensions/eda/plugins/event_source",
               "extensions/eda/rulebooks")
    names = [path.stem for folder in folders for path in (CHECKOUT / folder).iterdir() if path.is_file()]
    assert len(names) > 35
    assert [name for name in names if f"`datacache.fluid.{name}`" not in README] == []


def test_the_page_of_variables_lists_every_one_that_a_playbook_requires():
    required = {name for path in (CHECKOUT / "playbooks").glob("*.yml")
                for name in re.findall(r"\b(fluid_\w+)", "".join(_THAT.findall(path.read_text())))}
    page = (CHECKOUT / "docs" / "variables.md").read_text()
    assert {name for name in required if f"| `{name}` |" not in page} == set()
    assert "](docs/variables.md)" in README
    assert {"fluid_rebuild", "fluid_leader"} <= required
