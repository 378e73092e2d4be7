# SPDX-License-Identifier: GPL-3.0-or-later
"""Each message of docs/troubleshooting.md is one of the code."""

import ast
import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
PAGE = (CHECKOUT / "docs" / "troubleshooting.md").read_text()
_ROW = re.compile(r"^\| `([^|]+)` \| ", re.MULTILINE)
# Messages of Linux and of the kubelet, in the page's last section.
OURS, OTHERS = map(_ROW.findall, PAGE.split("## In the applications"))
VALUE = "\0"


def python_texts(path):
    """The texts of a file, with VALUE in place of what a format string inserts."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def yaml_texts(value):
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from yaml_texts(each)
    elif isinstance(value, str):
        # A message may be an argument of a filter.
        yield value
        yield re.sub(r"\{\{.*?\}\}|\{%.*?%\}", VALUE, value, flags=re.DOTALL)


def texts():
    for path in sorted((CHECKOUT / "plugins").rglob("*.py")):
        yield from python_texts(path)
    for folder in ("roles", "playbooks"):
        for path in sorted((CHECKOUT / folder).rglob("*.yml")):
            for document in yaml.safe_load_all(path.read_text()):
                yield from yaml_texts(document)
        for path in sorted((CHECKOUT / folder).rglob("*.j2")):
            yield from yaml_texts(path.read_text())


TEXTS = list(dict.fromkeys(" ".join(text.split()) for text in texts()))


def pattern(message):
    """A message of the page as a pattern: <...> stands for any value."""
    return re.compile(".+?".join(map(re.escape, message.split("<...>"))))


def is_message(message, among):
    return any(map(pattern(message).search, among))


@pytest.mark.parametrize("message", OURS)
def test_a_message_of_the_page_is_one_of_the_code(message):
    # The next step of a message is a text of its own in the code.
    assert all(is_message(part, TEXTS) for part in re.split(": Set |; (?=run the rollout)", message))


def test_the_page_has_messages_of_all_parts():
    assert len(OURS) == len(set(OURS)) >= 40
    assert len(OTHERS) == 3


@pytest.mark.parametrize(("message", "found"), [
    ("no API server answers at <...>", True),
    ("no API server answered at <...>", False),
    ("<...> does not exist", True),
    ("a, <...> b", False),
])
def test_what_is_not_in_the_code_is_not_found(message, found):
    code = [f"no API server answers at {VALUE}: {VALUE}", f"{VALUE} does not exist"]
    assert is_message(message, code) is found
