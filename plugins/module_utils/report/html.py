# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements of HTML and SVG whose text and attributes are escaped by construction. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Union

_VOID = frozenset({"br", "link", "meta"})
# Control characters and halves of surrogate pairs, which no document can contain.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Html:
    """Markup that was made by element() or document(); any other text is escaped."""

    text: str


# An expression, which Python evaluates: pylint takes the operator | of types for an error.
Content = Union[Html, str, int, float, None]  # noqa: UP007


def _escaped(content: Content) -> str:
    if isinstance(content, Html):
        return content.text
    return "" if content is None else escape(_FORBIDDEN.sub("\ufffd", str(content)))


def element(tag: str, *children: Content, **attributes: str | int | float | bool | None) -> Html:
    """Return an element. Attributes: class_ is class, and other underscores are hyphens; None leaves it out.
    """
    given = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Html(f"<{tag}{given}>")
    return Html(f"<{tag}{given}>{''.join(map(_escaped, children))}</{tag}>")


def _attribute(name: str, value: str | int | float | bool | None) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{_escaped(value)}"'


def joined(parts: Iterable[Content]) -> Html:
    """Return parts one after the other."""
    return Html("".join(map(_escaped, parts)))


def style(css: str) -> Html:
    """Return the element of a style sheet of this collection."""
    return Html(f"<style>\n{css}</style>")


def document(head: Html, body: Html) -> str:
    """Return a whole page."""
    return f'<!DOCTYPE html>\n<html lang="en">{head.text}\n{body.text}</html>\n'
