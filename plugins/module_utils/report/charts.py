# SPDX-License-Identifier: GPL-3.0-or-later
"""Charts as inline SVG; the text stands beside them, so that it has its size at every width. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .html import Html, element

_WIDTH, _HEIGHT = 1000.0, 100.0
# The least part of a bar that is seen at 390 pixels.
_LEAST = 6.0
_RING, _RADIUS, _CENTRE = 62.0, 24.0, 90.0


def seconds(value: float) -> str:
    """Return a duration with as many decimals as its size needs."""
    return f"{value:.0f} s" if value >= 100 else f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


def size(value: float | None) -> str:
    """Return bytes with a binary prefix."""
    if value is None:
        return "unknown"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024 or unit == "PiB":
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.3g} {unit}"
        value /= 1024
    return ""


def percent(value: float | None) -> str:
    """Return a percentage; never 100 for less, never 0 for more."""
    if value is None:
        return "unknown"
    if 0 < value < 1:
        return "under 1%"
    return f"{math.floor(value):d}%" if value < 100 else f"{value:.0f}%"


def stripe(parts: Sequence[tuple[float, str]], label: str) -> Html:
    """Return a bar of parts side by side. parts: share of the width from 0 to 1, and class."""
    rectangles, left = [], 0.0
    for share, kind in parts:
        width = min(max(_WIDTH * share, _LEAST if share > 0 else 0.0), _WIDTH - left)
        rectangles.append(element("rect", x=_short(left), y=0, width=_short(width), height=10, class_=kind))
        left += width
    return element(
        "svg", element("rect", x=0, y=0, width=_short(_WIDTH), height=10, class_="track"), *rectangles,
        viewBox=f"0 0 {_short(_WIDTH)} 10", preserveAspectRatio="none", role="img", aria_label=label)


def reads(found: Mapping[str, Any]) -> Html:
    """Return the bars of both reads, as long as they took. found: the reads of a cache in the document."""
    first, second = found["first_seconds"], found["second_seconds"]
    longest = max(first, second) or 1.0
    rows = (("First read, cold" if found["cold"] else f"First read, {found['cached_before']} cached", first,
             "one"), ("Second read, warm", second, "two-of"))
    return element("div", *(
        element("div", element("div", element("span", text), element("b", seconds(value)), class_="head"),
                stripe([(value / longest, kind)], f"{text}: {seconds(value)}"))
        for text, value, kind in rows), class_="bars")


def ring(peers: Sequence[Mapping[str, Any]], label: str) -> Html:
    """Return the peers of a group on a circle; lines connect the leader with those that follow it."""
    places = [_place(number, len(peers)) for number in range(len(peers))]
    leader = next((number for number, peer in enumerate(peers) if peer["leader"]), None)
    spokes = [element("line", x1=places[leader][0], y1=places[leader][1], x2=x, y2=y,
                      class_=f"spoke {_lost(peers[number])}".strip())
              for number, (x, y) in enumerate(places) if leader is not None and number != leader]
    marks = [mark for number, (x, y) in enumerate(places) for mark in (
        element("circle", cx=x, cy=y, r=_short(_RADIUS), class_=_classes("peer", peers[number])),
        element("text", str(number + 1), x=x, y=y, class_=_classes("peer-name", peers[number])))]
    box = _short(2 * _CENTRE)
    return element("svg", *spokes, *marks, viewBox=f"0 0 {box} {box}", role="img", aria_label=label)


def _place(number: int, of: int) -> tuple[str, str]:
    angle = 2 * math.pi * number / of - math.pi / 2
    ring_radius = _RING if of > 1 else 0.0
    return (_short(_CENTRE + ring_radius * math.cos(angle)), _short(_CENTRE + ring_radius * math.sin(angle)))


def _classes(base: str, peer: Mapping[str, Any]) -> str:
    return f"{base} {'leads' if peer['leader'] else _lost(peer)}".strip()


def _lost(peer: Mapping[str, Any]) -> str:
    return "" if peer["state"] == "AVAILABLE" else "lost"


def lines(series: Sequence[tuple[str, Sequence[float | None]]], label: str) -> tuple[Html, str, str]:
    """Return series as lines on a logarithmic scale, with its highest and lowest value.

    series: class and values, None where there is none. At least one value is above 0.
    """
    values = [value for _kind, each in series for value in each if value is not None and value > 0]
    top, bottom = 10 ** math.ceil(math.log10(max(values))), 10 ** math.floor(math.log10(min(values)))
    if top == bottom:
        top *= 10
    decades = round(math.log10(top / bottom))
    grid = [element("path", d=f"M0 {_short(_HEIGHT * step / decades)}H{_short(_WIDTH)}", class_="grid")
            for step in range(1, decades)]
    paths = [element("path", d=shape, class_=" ".join(filter(None, (kind, extra))))
             for kind, each in series for shape, extra in _shapes(each, bottom, top) if shape]
    drawing = element("svg", *grid, *paths, viewBox=f"-12 -6 {_short(_WIDTH + 24)} {_short(_HEIGHT + 12)}",
                      preserveAspectRatio="none", role="img", aria_label=label)
    return drawing, f"{top:g} s", f"{bottom:g} s"


def _shapes(values: Sequence[float | None], bottom: float, top: float) -> list[tuple[str, str]]:
    """Return the line through the values, and their dots: lines of no length with round ends."""
    step = _WIDTH / max(1, len(values) - 1)
    points = [(_short(number * step), _short(_HEIGHT * (1 - math.log10(value / bottom)
                                                        / math.log10(top / bottom))))
              for number, value in enumerate(values) if value is not None and value > 0]
    line = "M" + "L".join(f"{x} {y}" for x, y in points) if len(points) > 1 else ""
    return [(line, ""), ("".join(f"M{x} {y}h0" for x, y in points), "dots")]


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
