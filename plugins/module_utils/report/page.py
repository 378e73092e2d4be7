# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report: one file of HTML without a script and without anything to load. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import charts, sections, style
from .history import STATES
from .html import Content, Html, document, element, style as style_element
from .sections import STATE_TEXTS, moment, pill

# Even a mistake in the page must neither load nor run anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def render(report: Mapping[str, Any]) -> str:
    """Return the page of a document (document.py)."""
    caches = report["caches"]
    body = [_single(report, caches[0])] if len(caches) == 1 else [_overview(report), *(
        _folded(report, cache, number) for number, cache in enumerate(caches))]
    head = element(
        "head", element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", f"{report['title']}: {STATE_TEXTS[report['state']].lower()}"),
        style_element(style.sheet()))
    return document(head, element("body", _top(report), element("main", *body, class_="wrap"), _foot(report)))


def _top(report: Mapping[str, Any]) -> Html:
    several = len(report["caches"]) != 1
    return element("header", element(
        "div",
        element("div", element("p", "Cache report" if not several else "Report of caches", class_="kicker"),
                element("h1", report["title"]),
                element("p", moment(report["generated_at"]), class_="muted")),
        pill(report["state"], _headline(report), large=True), class_="wrap"), class_="top")


def _headline(report: Mapping[str, Any]) -> str:
    if not report["caches"]:
        return "There is no cache"
    if report["state"] == "kept":
        return "All promises are kept"
    if len(report["caches"]) == 1:
        state, counts = report["state"], report["caches"][0]["counts"]
        number = counts.get(state)
        return STATE_TEXTS[state] if not number else (
            f"{number} promise{'s are' if number > 1 else ' is'} {STATE_TEXTS[state].lower()}")
    return f"Worst: {STATE_TEXTS[report['state']].lower()}"


def _foot(report: Mapping[str, Any]) -> Html:
    return element("footer", element(
        "div", element("p", f"Written by datacache.fluid.cache_report at {moment(report['generated_at'])}. "
                       "The file with the same name and .json has the same content."), class_="wrap"))


def _single(report: Mapping[str, Any], cache: Mapping[str, Any]) -> Html:
    return element("div", element("h2", "State of the cache", class_="unseen"), sections.counts(cache),
                   sections.whole(cache),
                   class_="stack")


def _overview(report: Mapping[str, Any]) -> Html:
    """Return all caches as a table, the worst first."""
    tally = [pill(state, f"{report['states'][state]} {STATE_TEXTS[state].lower()}") for state in STATES
             if report["states"][state]]
    rows = [_row(number, cache) for number, cache in enumerate(report["caches"])]
    head = ("Cache", "State", "Masters", "Workers", "Cached", "First next step")
    return sections.card("Overview", element(
        "div", element("p", *tally, class_="counts"), sections.table(
            head, rows, dict.fromkeys(range(1, 5), "short")), class_="stack"),
        kind="long", level="h2")


def _row(number: int, cache: Mapping[str, Any]) -> list[Content]:
    return [element("a", cache["label"], href=f"#cache-{number}"),
            pill(cache["state"], STATE_TEXTS[cache["state"]]), *_numbers(cache), _first_step(cache)]


def _numbers(cache: Mapping[str, Any]) -> list[str]:
    parts = cache["components"]
    if cache["error"]:
        return ["", "", ""]
    return [f"{parts['master']['ready']} of {parts['master']['desired']}",
            f"{parts['worker']['ready']} of {parts['worker']['desired']}",
            charts.percent(cache["fill"]["percentage"])]


def _first_step(cache: Mapping[str, Any]) -> str:
    return next((each["next_step"] for each in cache["warnings"] if each["next_step"]), "")


def _folded(report: Mapping[str, Any], cache: Mapping[str, Any], number: int) -> Html:
    """Return a cache that is folded unless something is to do."""
    return element(
        "details", element("summary", element("h2", cache["label"]),
                           pill(cache["state"], STATE_TEXTS[cache["state"]])),
        element("div", sections.counts(cache) if any(cache["counts"].values()) else None,
                sections.whole(cache), class_="stack"),
        class_="cache", id=f"cache-{number}", open=cache["state"] != "kept")
