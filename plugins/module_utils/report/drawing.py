# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology of a cache: the way of its data, and the nodes with what runs on them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .charts import percent, size
from .html import Html, element, joined

ROLES = ("master", "worker", "fuse", "application")
_NOUNS = {"master": "master", "worker": "worker", "fuse": "FUSE pod", "application": "application"}
# Pods of applications that a node shows; the others are counted.
_SHOWN = 6
_STORES = 3
_SHAPES = {"master": "M8 0 15 4v8l-7 4-7-4V4z", "worker": "M1 1h14v14H1z", "fuse": "M8 0l8 8-8 8-8-8z",
           "application": "M8 1a7 7 0 1 1 0 14A7 7 0 1 1 8 1z"}
_ARROW = "M2 10h22M17 3l7 7-7 7"


def symbol(role: str) -> Html:
    """Return the symbol of a role."""
    return element("svg", element("path", d=_SHAPES.get(role, _SHAPES["application"])),
                   viewBox="-2 -2 20 20", aria_hidden="true")


def path(cache: Mapping[str, Any]) -> Html:
    """Return the way of the data: from the under-stores by the workers and the FUSE pods to applications."""
    parts, leader = cache["components"], _leader(cache)
    arrow = _arrow()
    return element(
        "ol",
        element("li", _number("Masters: metadata", parts["master"]),
                element("p", f"Leader: {leader}" if leader else "No leader", class_="small muted"),
                class_="above"),
        element("li", arrow, class_="link down", aria_hidden="true"),
        element("li", *_stores(cache["topology"]["under_stores"])),
        element("li", arrow, class_="link", aria_hidden="true"),
        element("li", _number("Workers", parts["worker"]), element("p", _fill(cache["fill"]),
                                                                   class_="small muted")),
        element("li", arrow, class_="link", aria_hidden="true"),
        element("li", _number("FUSE pods", parts["fuse"]),
                element("p", "One on each node that reads", class_="small muted")),
        element("li", arrow, class_="link", aria_hidden="true"),
        element("li", _number("Applications", parts["application"]),
                element("p", "Pods that mount the claim", class_="small muted")),
        class_="path")


def _arrow() -> Html:
    return element("svg", element("path", d=_ARROW, fill="none", stroke="currentColor", stroke_width=2),
                   viewBox="0 0 28 20")


def _leader(cache: Mapping[str, Any]) -> str:
    return next((group["leader"] for group in cache["quorums"] if group["domain"] == "MASTER"), "")


def _number(title: str, part: Mapping[str, int]) -> Html:
    lacks = part["ready"] != part["desired"]
    return joined([element("span", title, class_="small muted"),
                   element("b", f"{part['ready']} of {part['desired']} ready",
                           class_="lacks" if lacks else None)])


def _stores(stores: Sequence[Mapping[str, str]]) -> list[Html]:
    shown = [element("p", store["mount_point"], class_="small muted") for store in stores[:_STORES]]
    if len(stores) > _STORES:
        shown.append(element("p", f"and {len(stores) - _STORES} more", class_="small muted"))
    return [element("span", "Under-stores", class_="small muted"),
            element("b", f"{len(stores)} mounted"), *shown]


def _fill(fill: Mapping[str, Any]) -> str:
    return f"{size(fill['cached_bytes'])} cached, {percent(fill['of_capacity'])} of their capacity"


def nodes(cache: Mapping[str, Any]) -> Html:
    """Return a box for each node with its pods, and one for pods without a node."""
    topology = cache["topology"]
    leaders = {peer["host"] for group in cache["quorums"] if group["domain"] == "MASTER"
               for peer in group["peers"] if peer["leader"]}
    by_node = {node["name"]: [pod for pod in topology["pods"] if pod["node"] == node["name"]]
               for node in topology["nodes"]}
    boxes = [_node(node, by_node[node["name"]], leaders) for node in topology["nodes"]]
    if unscheduled := [pod for pod in topology["pods"] if not pod["node"]]:
        boxes.append(_box("No node", [element("span", "not scheduled", class_="reason")], unscheduled,
                          leaders, True))
    return element("div", *boxes, class_="nodes")


def _node(node: Mapping[str, Any], pods: Sequence[Mapping[str, Any]], leaders: set[str]) -> Html:
    notes = [element("span", node["zone"], class_="small muted")] if node["zone"] else []
    if node["ready"] is False:
        notes.append(element("span", "not Ready", class_="reason"))
    if node["schedulable"] is False:
        notes.append(element("span", "cordoned", class_="small muted"))
    return _box(node["name"], notes, pods, leaders, node["ready"] is False)


def _box(title: str, notes: Iterable[Html], pods: Sequence[Mapping[str, Any]], leaders: set[str],
         broken: bool) -> Html:
    applications = [pod for pod in pods if pod["role"] == "application"]
    hidden = [pod for pod in applications if pod["ready"]][_SHOWN:]
    items = [_pod(pod, leaders) for role in ROLES for pod in pods
             if pod["role"] == role and pod not in hidden]
    if hidden:
        items.append(element("li", symbol("application"),
                             element("span", f"and {len(hidden)} more applications"), class_="application"))
    return element("article", element("header", element("h4", title), *notes), element("ul", *items),
                   class_="node broken" if broken else "node")


def _pod(pod: Mapping[str, Any], leaders: set[str]) -> Html:
    leads = pod["role"] == "master" and pod["name"] in leaders
    noun = _NOUNS[pod["role"]]
    return element(
        "li", symbol(pod["role"]),
        element("div", element("span", pod["name"]),
                element("span", "leader", class_="tag") if leads else None,
                element("span", f" {noun}" if pod["ready"] else f" {noun}, not ready",
                        class_="small muted" if pod["ready"] else "reason"),
                None if pod["ready"] or not pod["reason"] else element("p", pod["reason"], class_="reason")),
        class_=f"{pod['role']}{'' if pod['ready'] else ' broken'}")
