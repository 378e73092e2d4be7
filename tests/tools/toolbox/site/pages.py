# SPDX-License-Identifier: GPL-3.0-or-later
"""Links, anchors and blocks of the Markdown pages, and what the site changes in them. Pure."""

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

REPOSITORY = "https://github.com/datacache/fluid"
ROOT = "docs"
# Where antsibull-docs writes, below the folder of the pages.
COLLECTION = "collection"
_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]+)?(?=\))")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ITEM = re.compile(r"^- \[[^\]]+\]\(([\w./-]+)\.md\)", re.MULTILINE)
_IMAGES = (".svg", ".png")
_TREE = "\n```{{toctree}}\n:hidden:\n{caption}\n{entries}\n```\n"


@dataclass(frozen=True)
class Block:
    """A block of code of a page. line: of its fence."""

    language: str
    text: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    for found in _FENCE.finditer(text):
        yield Block(found[1], found[2], text.count("\n", 0, found.start()) + 1)


def without_blocks(text: str) -> str:
    return _FENCE.sub("", text)


def links(text: str) -> Iterator[tuple[str, str]]:
    """Yield path and anchor of each relative link outside of blocks; the anchor without its #."""
    for path, anchor in _LINK.findall(without_blocks(text)):
        yield path, anchor.removeprefix("#")


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub and the site give the headings."""
    return {_slug(heading) for heading in _HEADING.findall(without_blocks(text))}


def entries(text: str) -> list[str]:
    """Return the pages that the lists of a page link to, without their ending."""
    return _ITEM.findall(text)


def published(text: str, page: str, is_folder: Callable[[str], bool]) -> str:
    """Return a page with its links to other files of the repository as URLs.

    page: its path in the repository. is_folder: of a path in the repository.
    """
    def replaced(link: re.Match) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link[1]))
        if path.startswith(f"{ROOT}/") and path.endswith((".md", *_IMAGES)):
            return link[0]
        return f"{REPOSITORY}/{'tree' if is_folder(path) else 'blob'}/main/{path}{link[2] or ''}"
    return _LINK.sub(replaced, text)


def with_toctrees(text: str, last: str = "") -> str:
    """Return a page with a hidden table of contents for the lists of each of its sections.

    last: an entry more for the last section.
    """
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    found = [(_caption(section), entries(section)) for section in sections]
    trees = [[caption, listed] for caption, listed in found if listed]
    if last and trees:
        trees[-1][1] = [*trees[-1][1], last]
    return text + "".join(_TREE.format(caption=caption, entries="\n".join(listed))
                          for caption, listed in trees)


def _caption(section: str) -> str:
    return f":caption: {section.splitlines()[0].removeprefix('## ')}\n" if section.startswith("## ") else ""


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")
