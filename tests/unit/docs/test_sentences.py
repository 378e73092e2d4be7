# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a sentence has at most 25 words: a reader understands it at first sight."""

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from toolbox.site import pages

CHECKOUT = Path(__file__).parents[3]
PAGES = [*(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
         *sorted((CHECKOUT / "docs").rglob("*.md")), *sorted((CHECKOUT / "examples").rglob("*.md"))]
PLUGINS = sorted(path for pattern in ("plugins/modules/*.py", "plugins/doc_fragments/*.py",
                                      "plugins/inventory/*.py", "plugins/filter/*.py",
                                      "roles/*/meta/argument_specs.yml") for path in CHECKOUT.glob(pattern))
MOST = 25
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CELL = re.compile(r" \| |^\| | \|$")
_START = re.compile(r"^\s*(?:[-*]|\d+\.|#+) +")
_TARGET = re.compile(r"\]\([^)]*\)")
_CODE = re.compile(r"`[^`]*`")
_END = re.compile(r"(?<=[.!?;:])\s+")
_MARKUP = re.compile(r"\b[A-Z]\([^)]*\)")
_NAMES = re.compile(r"x(?:, x)+")


def paragraphs(text):
    """The paragraphs, headings, items of lists and cells of tables of a page."""
    found = [""]
    for line in _COMMENT.sub("", pages.without_blocks(text)).splitlines():
        if line.startswith("|"):
            found += [*_CELL.split(line), ""]
        elif not line.strip() or _START.match(line):
            found.append(_START.sub("", line))
            found += [""] if line.startswith("#") else []
        else:
            found[-1] += f" {line.strip()}"
    return found


def parts(text):
    """The parts of the sentences of a page: colons and semicolons end one. Code is one word."""
    for paragraph in paragraphs(text):
        yield from _END.split(_NAMES.sub("x", _CODE.sub("x", _TARGET.sub("]", paragraph))))


def descriptions(value):
    """The descriptions in the documentation of a plugin or a role, with its markup as code."""
    if isinstance(value, list):
        for each in value:
            yield from descriptions(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "description":
                lines = [each] if isinstance(each, str) else each if isinstance(each, list) else []
                yield from (_MARKUP.sub("`x`", line) for line in lines if isinstance(line, str))
            yield from descriptions(each)


def documented(path):
    """The documentation of a plugin with its results, or of a role."""
    if path.suffix == ".yml":
        return [yaml.safe_load(path.read_text())]
    plugin = import_module("ansible_collections.datacache.fluid." + ".".join(
        path.relative_to(CHECKOUT).with_suffix("").parts))
    named = vars(getattr(plugin, "ModuleDocFragment", plugin))
    return [yaml.safe_load(text) for name, text in named.items()
            if name.isupper() and isinstance(text, str) and "description:" in text]


def longer(text):
    return [part.strip() for part in parts(text)
            if sum(re.search(r"\w", word) is not None for word in part.split()) > MOST]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_no_part_of_a_sentence_is_long(page):
    assert longer(page.read_text()) == []


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_no_part_of_a_description_is_long(path):
    found = list(descriptions(documented(path)))
    assert found or path.stem == "__init__"
    assert [part for text in found for part in longer(text)] == []


@pytest.mark.parametrize("text", [
    f"# A\n{'w ' * 26}.", f"- a\n- {'w ' * 20}\n  {'w ' * 6}", f"| a | {'w ' * 26}|", f"A: {'w ' * 26}",
])
def test_a_long_part_is_found(text):
    assert len(longer(text)) == 1


@pytest.mark.parametrize("text", [
    f"{'w ' * 24}: {'w ' * 24}. {'w ' * 24}", f"```sh\n{'w ' * 30}\n```", f"`{'w ' * 30}`",
    f"| {'w ' * 20} | {'w ' * 20} |", f"# {'w ' * 20}\n{'w ' * 20}", f"- {'w ' * 20}\n- {'w ' * 20}",
])
def test_a_sentence_of_short_parts_is_right(text):
    assert longer(text) == []
