# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: well-formed, self-contained, escaped, without credentials."""

import json
import re
from html.parser import HTMLParser

import pytest
from report_samples import AT, HOSTILE, SECRET, broken, documents, healthy

from ansible_collections.datacache.fluid.plugins.module_utils.report import document, page
from ansible_collections.datacache.fluid.plugins.module_utils.report.cache import Given
from ansible_collections.datacache.fluid.plugins.module_utils.report.html import element

DOCUMENTS = documents()
VOID = {"br", "link", "meta"}
# Attributes that load something, other than links that a person follows.
LOADING = {"src", "srcset", "data", "poster", "background", "action", "xlink:href"}


class Page(HTMLParser):
    """Fails for an element that is not closed, or closed in another order. text: what is between the tags."""

    def __init__(self, source):
        super().__init__()
        self.stack, self.elements, self.text = [], [], []
        self.feed(source)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names))
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        if self.stack[-1:] != ["style"]:
            self.text.append(data)


@pytest.fixture(params=DOCUMENTS)
def shown(request):
    source = page.render(DOCUMENTS[request.param])
    return source, Page(source)


def test_a_page_without_a_cache_claims_no_promise():
    report = document.build([], [document.build([Given(healthy(), "one")], [], AT)], "2026-12-01T00:00:00Z")
    assert (report["state"], report["title"]) == ("unknown", "0 caches")
    text = " ".join(Page(page.render(report)).text)
    assert "There is no cache" in text and "promise" not in text
    assert [len(each["history"]) for each in report["absent"]] == [1]


def test_the_page_is_well_formed(shown):
    source, read = shown
    assert source.startswith("<!DOCTYPE html>\n<html lang=\"en\">")
    tags = [tag for tag, _attributes in read.elements]
    assert [tags.count(each) for each in ("html", "head", "title", "body", "main", "h1")] == [1] * 6
    ids = [attributes["id"] for _tag, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"][1:] for tag, attributes in read.elements if tag == "a"]
    assert set(links) <= set(ids)


def test_nothing_is_loaded_or_run(shown):
    source, read = shown
    assert not {"script", "img", "iframe", "object", "base", "form"} & {tag for tag, _found in read.elements}
    for tag, attributes in read.elements:
        assert not LOADING & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
        assert tag != "link" or attributes["href"] == "data:,"
    assert "@import" not in source and "url(" not in source
    policies = [found["content"] for _tag, found in read.elements
                if found.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]


def test_headings_have_an_order(shown):
    levels = [int(tag[1]) for tag, _attributes in shown[1].elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_each_drawing_has_a_label_or_is_hidden(shown):
    drawings = [attributes for tag, attributes in shown[1].elements if tag == "svg"]
    assert all("aria-label" in each for each in drawings if each.get("role"))
    assert any(each.get("role") == "img" for each in drawings) or "could not be read" in shown[0]


@pytest.mark.parametrize("name", ["broken", "fleet"])
def test_hostile_texts_are_shown_as_text(name):
    read = Page(page.render(DOCUMENTS[name]))
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    assert shown in "".join(read.text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_credential_is_on_the_page_or_in_the_json(name):
    assert SECRET not in page.render(DOCUMENTS[name]) + json.dumps(DOCUMENTS[name])


def test_texts_of_every_field_are_escaped():
    """Each text of a result is replaced by a hostile one."""
    def hostile(tree, key=""):
        if isinstance(tree, dict):
            return {name: hostile(value, name) for name, value in tree.items()}
        if isinstance(tree, list):
            return [hostile(each, key) for each in tree]
        return HOSTILE if isinstance(tree, str) and key not in ("role", "state") else tree
    made = document.build([Given(hostile(broken()), HOSTILE, {"causes": [
        dict.fromkeys(("cause", "object", "evidence", "remedy"), HOSTILE)]})], [], AT, HOSTILE)
    read = Page(page.render(made))
    assert not {"script", "img"} & {tag for tag, _attributes in read.elements}


def test_the_page_shows_what_the_cache_is():
    text = "".join(Page(page.render(DOCUMENTS["healthy"])).text)
    for part in ("data/hbase", "All promises are kept", "Leader: hbase-master-0:19200", "103 times faster",
                 "41.2 s", "0.40 s", "443 MiB of 4 GiB", "96%", "node1", "zone-a", "hbase-worker-1",
                 "One more loss leaves 2 of 3: the cache would keep serving", "History: 15 runs", "v1.34.4",
                 "2026-11-27 04:10 UTC"):
        assert part in text


def test_a_healthy_cache_of_a_fleet_is_folded():
    found = [(attributes["id"], "open" in attributes) for tag, attributes in Page(page.render(
        DOCUMENTS["fleet"])).elements if tag == "details"]
    assert [is_open for _id, is_open in found] == [True] * 3 + [False] * 17


def test_many_applications_of_a_node_are_counted():
    text = "".join(Page(page.render(document.build([Given(healthy(applications=40))], [], AT))).text)
    assert text.count("and 14 more applications") == 2


@pytest.mark.parametrize(("attributes", "expected"), [
    ({"class_": "a", "aria_label": 'x"<'}, '<p class="a" aria-label="x&quot;&lt;"></p>'),
    ({"open": True, "id": None, "hidden": False}, "<p open></p>"),
])
def test_attributes(attributes, expected):
    assert element("p", **attributes).text == expected


def test_halves_of_surrogates_are_replaced():
    assert element("p", "a\ud800\x85b").text == "<p>a\ufffd\ufffdb</p>"
