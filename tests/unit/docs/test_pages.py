# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages form one site: each is in a table of contents, and each link leads to a page and a heading."""

import re
import zlib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from toolbox.site import build, pages

CHECKOUT = Path(__file__).parents[3]
DOCS = CHECKOUT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_FIGURE = re.compile(r"^\|[^|]+\| ([^|]+) \|$", re.MULTILINE)


# What Automation Hub expects of a README, in this order.
SECTIONS = ["Description", "Requirements", "Installation", "Use Cases", "Testing", "Contributing", "Support",
            "Release Notes and Roadmap", "Related Information", "License Information"]


def name(page):
    return page.relative_to(DOCS).as_posix()


def test_each_page_is_in_a_table_of_contents():
    listed = {f"{entry}.md" for contents in build.CONTENTS
              for entry in pages.entries((DOCS / contents).read_text())}
    assert {name(page) for page in PAGES} - listed == {"index.md"}, "add the page to a list of docs/index.md"


@pytest.mark.parametrize("page", [*PAGES, CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"],
                         ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_each_anchor_is_a_heading(page):
    broken = [f"{path}#{anchor}" for path, anchor in pages.links(page.read_text()) if anchor
              and anchor not in pages.anchors((page.parent / path).read_text())]
    assert broken == []


def test_the_readme_has_the_sections_of_automation_hub_and_begins_with_two_commands():
    readme = (CHECKOUT / "README.md").read_text()
    assert re.findall(r"^## (.+)$", readme, re.MULTILINE) == SECTIONS
    first = next(pages.blocks(readme))
    assert [line.partition("#")[0].strip() for line in first.text.splitlines()] == ["make demo", "make test"]
    assert first.line < 20


def test_the_figures_of_performance_are_measurements():
    section = (DOCS / "performance.md").read_text().partition("## Masters")[2].partition("## Reads")[0]
    measured = set(_NUMBER.findall((DOCS / "quorum" / "measurements.md").read_text()))
    figures = [figure for figure in _FIGURE.findall(section) if _NUMBER.search(figure)]
    assert len(figures) >= 8
    assert [figure for figure in figures if not set(_NUMBER.findall(figure)) <= measured] == []


@pytest.mark.parametrize("path", sorted((DOCS / "images").iterdir()), ids=lambda path: path.name)
def test_a_picture_has_a_title_a_description_and_dark_colours(path):
    picture = ElementTree.parse(path).getroot()
    names = {each.get("id"): each.text for each in picture if each.get("id")}
    assert picture.get("role") == "img"
    assert all(names[each].strip() for each in picture.get("aria-labelledby").split())
    assert "prefers-color-scheme: dark" in path.read_text()
    assert not re.search(r"(?:href|src)=|url\((?!#)", path.read_text())


@pytest.mark.parametrize(("text", "changed"), [
    ("[a](workers.md#scaling)", "[a](workers.md#scaling)"),
    ("![a](images/a.svg)", "![a](images/a.svg)"),
    ("[a](../README.md#x)", "[a](https://github.com/datacache/fluid/blob/main/README.md#x)"),
    ("[a](rbac.yml)", "[a](https://github.com/datacache/fluid/blob/main/docs/rbac.yml)"),
    ("[a](../examples/)", "[a](https://github.com/datacache/fluid/tree/main/examples)"),
    ("[a](https://b.host/x.yml) [b](#here)", "[a](https://b.host/x.yml) [b](#here)"),
])
def test_links_out_of_the_pages_lead_to_the_repository(text, changed):
    assert pages.published(text, "docs/page.md", lambda path: path == "examples") == changed


def test_a_page_of_a_folder_links_relative_to_it():
    text = "[a](../workers.md) [b](../../COPYING)"
    assert pages.published(text, "docs/tasks/page.md", lambda _path: False) == (
        "[a](../workers.md) [b](https://github.com/datacache/fluid/blob/main/COPYING)")


def test_the_lists_become_tables_of_contents():
    text = "# A\n- [b](b.md): b\n\n## C\n- [d](e/d.md)\n- [f](f.yml)\n"
    assert pages.with_toctrees(text, "g/index") == text + (
        "\n```{toctree}\n:hidden:\n\nb\n```\n"
        "\n```{toctree}\n:hidden:\n:caption: C\n\ne/d\ng/index\n```\n")


def test_the_labels_of_ansible_are_an_inventory_of_sphinx():
    head, _line, body = build.inventory().partition(b"using zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2\n# Project: Ansible\n")
    lines = zlib.decompress(body).decode().splitlines()
    assert "action_plugins std:label -1 plugins/action.html#action-plugins Action plugins" in lines


def test_anchors_are_those_of_headings_alone():
    text = "# A `b`: c, d\n```sh\n# no heading\n```\n## FUSE recovery\n"
    assert pages.anchors(text) == {"a-b-c-d", "fuse-recovery"}
    assert [(block.language, block.text, block.line) for block in pages.blocks(text)] == [
        ("sh", "# no heading\n", 2)]
    assert list(pages.links("[a](b.md#c)\n```yaml\n[x](y.md)\n```\n")) == [("b.md", "c")]
