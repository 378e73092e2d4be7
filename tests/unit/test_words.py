# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of docs/glossary.md: no private vocabulary in what ships and in what explains it."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PLACES = ("plugins", "roles", "playbooks", "docs", "README.md", "CONTRIBUTING.md", "meta", "molecule",
          "examples", "extensions")
ENDINGS = {".py", ".yml", ".yaml", ".md", ".sh", ".j2"}
# To each private word the noun of Kubernetes, Raft or Alluxio, or plain English, that takes its place.
WORDS = {
    r"tell|tells|telling|told": "report, return, show",
    r"said|says?": "print, report, state",
    r"words": "arguments, output",
    r"wish|wishes|wished|wanted|wants": "desired",
    r"lives?": "existing, objects, runs",
    r"judges?|verdicts?": "predicate, status",
    r"keepers?|care|caring|settles?": "healer, ensure complete",
    r"heirs?|give_way|hands_over_sooner|elsewhere": "leader candidates, transfer",
    r"away|lasting|trouble": "unavailable, stays, reason",
    r"homeless|crowded": "unschedulable, majority hosts",
    r"somebody|anybody": "a user, another client",
}
# Names that were replaced: of classes, constants, options and returns.
NAMES = re.compile(
    r"\b(Keeper|Verdict|Judge|Drilled|Wanted|Rendered|Executed|Merged|Told|Growth|Late|Wish|ServerAway"
    r"|Unreachable|KindMissing|JOINS_WITHIN|SILENT_FOR|SHOWS_WITHIN|leader_within|leader_not_on|with_later)\b")


def texts():
    for place in map(CHECKOUT.joinpath, PLACES):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in ENDINGS and path.is_file():
                yield path.relative_to(CHECKOUT), path.read_text()


def pattern(private: str) -> re.Pattern:
    """Match a word on its own or between the underscores of a name."""
    return re.compile(rf"(?<![A-Za-z])({private})(?![A-Za-z])", re.IGNORECASE)


def found(regex: re.Pattern) -> list[str]:
    return [f"{path}:{number}: {line.strip()}" for path, text in texts()
            for number, line in enumerate(text.splitlines(), start=1) if regex.search(line)]


@pytest.mark.parametrize("private", WORDS)
def test_private_words_are_absent(private):
    assert found(pattern(private)) == [], f"use: {WORDS[private]}"


def test_replaced_names_are_absent():
    assert found(NAMES) == []


def test_a_planted_word_is_found(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("The module tells who leads.\nIt calls _told_twice().\n")
    monkeypatch.setattr(f"{__name__}.CHECKOUT", tmp_path)
    assert found(pattern("tells|told")) == ["README.md:1: The module tells who leads.",
                                            "README.md:2: It calls _told_twice()."]
