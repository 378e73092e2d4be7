# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page in a real browser: on a phone and a desktop, light and dark, and on paper.

Screenshots stay in .build/reports/page, for people to look at.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from chromium import Chromium
from report_samples import documents
from wcag import contrast

from ansible_collections.datacache.fluid.plugins.module_utils.report import page, style

PICTURES = Path(__file__).parents[2] / ".build" / "reports" / "page"
DOCUMENTS = documents()
WIDTHS = (390, 1440)
# A4 at 96 dots per inch, without margins.
PAPER = 688
OVERFLOW = """
[...document.querySelectorAll('body *')].filter(e => {
  const r = e.getBoundingClientRect();
  return r.width > 1 && (r.right > innerWidth + 0.5 || r.left < -0.5);
}).map(e => e.tagName + '.' + (e.getAttribute('class') || '')).slice(0, 5)
"""
# Each text with its colour, and the colours of what lies under it from the text down.
TEXTS = """
(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const grounds = [];
    for (let e = element; e; e = e.parentElement) grounds.push(getComputedStyle(e).backgroundColor);
    const its = getComputedStyle(element);
    found.push([text.slice(0, 40), element.namespaceURI.endsWith('svg') ? its.fill : its.color, grounds]);
  }
  return found;
})()
"""


def channels(colour):
    """The channels of a colour as the browser computes it, such as rgb(0, 0, 0)."""
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


def pale(browser):
    """The texts whose contrast is below AA. Text on drawn shapes is in the palette's own test."""
    found = []
    for text, colour, grounds in browser.value(TEXTS):
        ground = next((each for each in grounds if each != "rgba(0, 0, 0, 0)"), "rgb(255, 255, 255)")
        if text not in "123456789" and contrast(channels(colour), channels(ground)) < 4.5:
            found.append((text, colour, ground))
    return found


def rgb(colour):
    return f"rgb({', '.join(str(int(colour[at:at + 2], 16)) for at in (1, 3, 5))})"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "no browser: run make page-test, which installs Chromium"
    made = Chromium(program, tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    PICTURES.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("pages")
    for name, document in DOCUMENTS.items():
        (folder / f"{name}.html").write_text(page.render(document))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_screen(browser, pages, name, width, scheme):
    path = pages / f"{name}.html"
    seen = browser.show(path, width, scheme)
    assert browser.value("document.documentElement.scrollWidth <= innerWidth"), browser.value(OVERFLOW)
    assert (browser.value("innerWidth"), browser.value(OVERFLOW)) == (width, [])
    assert pale(browser) == []
    palette = style.DARK if scheme == "dark" else style.LIGHT
    assert browser.value("getComputedStyle(document.body).backgroundColor") == rgb(palette["page"])
    browser.picture(PICTURES / f"{name}-{width}-{scheme}.png")
    # After the picture, for which everything has been drawn.
    assert seen.messages == []
    assert [url for url in seen.requests if url not in (path.as_uri(), "data:,")] == []


@pytest.mark.parametrize("name", ["healthy", "broken", "fleet"])
def test_paper(browser, pages, name):
    """It has the light palette in the dark too, and shows what is folded on a screen."""
    browser.show(pages / f"{name}.html", PAPER, "dark", "print")
    assert browser.value("document.documentElement.scrollWidth <= innerWidth"), browser.value(OVERFLOW)
    assert browser.value("getComputedStyle(document.body).color") == rgb(style.LIGHT["ink"])
    assert pale(browser) == []
    folded = browser.value("[...document.querySelectorAll('details>div')].map(e => e.offsetHeight)")
    assert all(height > 300 for height in folded[1:])
    browser.picture(PICTURES / f"{name}-paper.png")
    found = browser.paper(PICTURES / f"{name}.pdf")
    assert found.startswith(b"%PDF") and found.count(b"/Type /Page\n") >= (20 if name == "fleet" else 2)


def test_a_link_of_the_overview_goes_to_its_cache(browser, pages):
    browser.show(pages / "fleet.html", 1440)
    browser.value("document.querySelector('a[href=\"#cache-2\"]').click()")
    assert browser.value("document.getElementById('cache-2').getBoundingClientRect().top") < 10


def test_a_folded_cache_opens(browser, pages):
    browser.show(pages / "fleet.html", 390)
    browser.value("document.querySelector('#cache-7>summary').click()")
    assert browser.value("document.querySelector('#cache-7>div').offsetHeight") > 300
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")


def test_an_overflow_would_be_found(browser, tmp_path):
    (tmp_path / "wide.html").write_text(
        "<!DOCTYPE html><body><p style='width:2000px'>x<img src='http://127.0.0.1:9/x'>")
    seen = browser.show(tmp_path / "wide.html", 390)
    assert browser.value(OVERFLOW) != []
    assert "http://127.0.0.1:9/x" in seen.requests
