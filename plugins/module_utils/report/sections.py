# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of one cache: warnings, quorums, figures, promises, history, versions. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import charts, drawing
from .history import STATES, UNREADABLE
from .html import Content, Html, element, joined

STATE_TEXTS = {UNREADABLE: "Could not be read", "broken": "Broken", "degraded": "Degraded",
               "unknown": "Not known", "kept": "Kept"}
_SEVERITY_TEXTS = {"broken": "Broken", "degraded": "Warning", "unknown": "Note"}
_MARKS = {"kept": "M3 8.5l3.5 3.5L13 4.5", "degraded": "M8 2.5v7M8 12.5v.5", "unknown": "M4 8h8",
          "broken": "M4 4l8 8M12 4l-8 8", UNREADABLE: "M4 4l8 8M12 4l-8 8"}
_RUNS_LISTED = 10
_VERSIONS = {"kubernetes": "Kubernetes (kubelet)", "fluid": "Fluid", "master": "Alluxio of the masters",
             "worker": "Alluxio of the workers", "fuse": "Alluxio of the FUSE pods"}


def pill(state: str, text: str, large: bool = False) -> Html:
    """Return a state as symbol and text."""
    mark = element("svg", element("path", d=_MARKS[state], fill="none", stroke="currentColor",
                                  stroke_width=2.4, stroke_linecap="round", stroke_linejoin="round"),
                   viewBox="0 0 16 16", aria_hidden="true")
    return element("span", mark, text, class_=f"pill {state}{' large' if large else ''}")


def counts(cache: Mapping[str, Any]) -> Html:
    """Return how many promises have each state."""
    return element("p", *(pill(state, f"{cache['counts'][state]} {STATE_TEXTS[state].lower()}")
                          for state in STATES[1:] if cache["counts"][state]), class_="counts")


def card(title: str, *content: Content, kind: str = "", level: str = "h3") -> Html:
    """Return a box with a heading. level: its element."""
    return element("section", element(level, title), *content, class_=f"card {kind}".strip())


def table(head: Sequence[str], rows: Sequence[Sequence[Content]], kinds: Mapping[int, str]) -> Html:
    """Return a table whose rows become cards on a phone. kinds: classes of columns, short or number."""
    return element(
        "table",
        element("thead", element("tr", *(element("th", text, scope="col", class_=kinds.get(column))
                                         for column, text in enumerate(head)))),
        element("tbody", *(element("tr", *(
            element("td", cell, class_=kinds.get(column), data_label=head[column] if column else None)
            for column, cell in enumerate(row))) for row in rows)), class_="cards")


def warnings(cache: Mapping[str, Any]) -> Html | None:
    """Return the warnings with their next steps; None without one."""
    if not cache["warnings"]:
        return None
    return card("What to do", element("ol", *map(_warning, cache["warnings"]), class_="steps"), kind="long")


def _warning(each: Mapping[str, str]) -> Html:
    step = each["next_step"]
    return element(
        "li", element("h4", pill(each["severity"], _SEVERITY_TEXTS[each["severity"]]), each["subject"]),
        element("p", each["text"]),
        element("p", element("span", "Next step: ", class_="next"), step) if step else None,
        class_=each["severity"])


def topology(cache: Mapping[str, Any]) -> Html | None:
    """Return the topology; None if nothing of it is known."""
    found = cache["topology"]
    if not found["pods"] and not found["under_stores"]:
        return None
    more = found["more_applications"]
    return card("Topology", element("div", drawing.path(cache), drawing.nodes(cache), element(
        "p", f"{more} more applications are not drawn.", class_="muted") if more else None, class_="stack"),
        kind="long")


def quorum(group: Mapping[str, Any]) -> Html:
    """Return a group: its drawing, what one more loss would mean, and its peers."""
    outlook, peers = group["outlook"], group["peers"]
    drawn = charts.ring(peers, f"{group['title']}: {group['available']} of {group['size']} AVAILABLE")
    return card(
        group["title"],
        element("div", drawn if peers else None, element(
            "div", element("p", outlook["present"]),
            element("p", element("strong", "One more loss. "), outlook["next_loss"]),
            element("p", element("span", "Next step: ", class_="next"), outlook["next_step"])
            if outlook["next_step"] else None, class_="outlook"),
            element("ol", *(_peer(number, peer) for number, peer in enumerate(peers, start=1)))
            if peers else None, class_="group" if peers else None))


def _peer(number: int, peer: Mapping[str, Any]) -> Html:
    available = peer["state"] == "AVAILABLE"
    return element(
        "li", element("span", f"{number}."),
        element("div", peer["host"], element("span", "leader", class_="tag") if peer["leader"] else None,
                element("span", f" on {peer['node']}", class_="muted small") if peer["node"] else None),
        pill("kept" if available else "broken", peer["state"] or "not known"))


def cache_fill(cache: Mapping[str, Any]) -> Html:
    """Return how full the cache is, and what part of the reads it serves."""
    fill, dataset = cache["fill"], cache["dataset"]
    return card(
        "Cache",
        element("p", f"Dataset {dataset['phase'] or 'absent'}, {dataset['files'] or 'unknown'} files",
                class_="muted"),
        _meter("Data that is cached", fill["percentage"],
               _part(fill["cached_bytes"], fill["total_bytes"]), "one"),
        _meter("Capacity in use", fill["of_capacity"],
               _part(fill["cached_bytes"], fill["capacity_bytes"]), "two-of"),
        _hits(cache["hit_ratios"]))


def _part(value: float | None, whole: float | None) -> str:
    return charts.size(value) if whole is None else f"{charts.size(value)} of {charts.size(whole)}"


def _meter(title: str, share: float | None, detail: str, kind: str) -> Html:
    shown = charts.percent(share)
    return element(
        "div", element("div", element("span", title), element("b", shown)),
        charts.stripe([((share or 0) / 100, kind)], f"{title}: {shown}"),
        element("p", detail, class_="small muted"), class_="meter")


def _hits(ratios: Mapping[str, float | None]) -> Html:
    total, local, remote = ratios["all"], ratios["local"] or 0, ratios["remote"] or 0
    if total is None:
        return element("p", "Hit ratio: not known. Fluid writes it once files were read.",
                       class_="small muted")
    return element(
        "div", element("div", element("span", "Hit ratio of the last minute"),
                       element("b", charts.percent(total))),
        charts.stripe([(local / 100, "one"), (remote / 100, "two-of")],
                      f"Hit ratio: {charts.percent(total)}"),
        element("p", *_key(("one", f"{charts.percent(local)} by a worker on the same node"),
                           ("two-of", f"{charts.percent(remote)} by another worker")), class_="key"),
        element("p", "Fluid shows 0% also if nothing was read.",
                class_="small muted") if total == 0 else None,
        class_="meter")


def _key(*parts: tuple[str, str]) -> list[Html]:
    return [element("span", element("svg", element("rect", width=10, height=10, class_=kind),
                                    viewBox="0 0 10 10", aria_hidden="true"), text) for kind, text in parts]


def reads(cache: Mapping[str, Any]) -> Html | None:
    """Return the chart of both reads of the sample; None without one."""
    found = cache["reads"]
    if found is None:
        return None
    faster = found["speedup"]
    part = "all files" if found["complete"] else "a part of the files"
    return card("Cold and warm reads", element(
        "div",
        element("p", f"{faster:.0f} times faster" if faster and faster >= 2 else "No faster", class_="big")
        if found["cold"] else None,
        element("p", f"A new pod has read {charts.size(found['bytes'])}, {part}, twice.", class_="muted"),
        charts.reads(found), class_="bars"))


def promises(cache: Mapping[str, Any]) -> Html | None:
    """Return each promise with its state and evidence; None if none was read."""
    rows = [(joined([element("strong", each["title"]), element("br"), element("code", each["name"],
                                                                              class_="muted")]),
             pill(each["state"], STATE_TEXTS[each["state"]]), each["evidence"]) for each in cache["promises"]]
    if not rows:
        return None
    return card("Promises", table(("Promise", "State", "Evidence"), rows, {1: "short"}), kind="long")


def history(cache: Mapping[str, Any]) -> Html | None:
    """Return earlier runs beside this one; None without an earlier one."""
    if not cache["history"]:
        return None
    runs = [*cache["history"], cache["run"]]
    rows = [_run(run) for run in reversed(runs[-_RUNS_LISTED:])]
    head = ("Run", "State", "First read", "Second read", "Data cached", "Hit ratio")
    return card(f"History: {len(runs)} runs", _plot(runs), table(
        head, rows, {0: "short", **dict.fromkeys(range(2, 6), "number")}), kind="long")


def _run(run: Mapping[str, Any]) -> list[Content]:
    """Return the row of a run."""
    return [moment(run["at"]), pill(run["state"], STATE_TEXTS[run["state"]]),
            *map(_duration, (run["first_seconds"], run["second_seconds"])),
            *map(charts.percent, (run["cached_percentage"], run["hit_ratio"]))]


def _duration(value: float | None) -> str:
    return "-" if value is None else charts.seconds(value)


def _plot(runs: Sequence[Mapping[str, Any]]) -> Html | None:
    series = [("", [run["first_seconds"] for run in runs]),
              ("second", [run["second_seconds"] for run in runs])]
    if sum(1 for _kind, values in series for value in values if value) < 2:
        return None
    drawn, top, bottom = charts.lines(series, "Duration of the first and the second read of each run")
    return joined([
        element("p", *_key(("one", "First read"), ("two-of", "Second read")), class_="key"),
        element("div", element("div", element("span", top), element("span", bottom), class_="scale"), drawn,
                element("div", *(element("span", moment(run["at"])) for run in (runs[0], runs[-1])),
                        class_="span"), class_="plot")])


def moment(at: str) -> str:
    """Return a time for people: 2026-11-27 04:10 UTC."""
    return f"{at[:10]} {at[11:16]} UTC"


def versions(cache: Mapping[str, Any]) -> Html | None:
    """Return the versions that run; None if none is known."""
    rows = [(title, ", ".join(cache["versions"][part])) for part, title in _VERSIONS.items()
            if cache["versions"].get(part)]
    if not rows:
        return None
    return card("Versions", element("dl", *(each for title, text in rows for each in (
        element("dt", title), element("dd", text))), class_="pairs"))


def whole(cache: Mapping[str, Any]) -> Html:
    """Return all sections of a cache."""
    groups = [quorum(group) for group in cache["quorums"]]
    figures = [each for each in (cache_fill(cache) if cache["state"] != UNREADABLE else None, reads(cache))
               if each]
    parts = [warnings(cache), topology(cache), element("div", *groups, class_="two") if groups else None,
             element("div", *figures, class_="two") if figures else None, promises(cache),
             history(cache), versions(cache)]
    return element("div", *parts, class_="stack")
