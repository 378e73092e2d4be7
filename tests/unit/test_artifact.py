# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs write into a checkout is neither tracked nor shipped. Shipped pages link to shipped files."""

from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from toolbox.site import pages

CHECKOUT = Path(__file__).parents[2]
IGNORED = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["build_ignore"]
PAGES = [*CHECKOUT.glob("*.md"),
         *(path for folder in ("docs", "examples", "roles")
           for path in sorted((CHECKOUT / folder).rglob("*.md")))]


@pytest.mark.parametrize("name", [
    ".ansible", ".build", ".coverage", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache",
])
def test_what_programs_write_stays_out_of_the_artifact(name):
    assert name in IGNORED
    assert name in [line.rstrip("/") for line in (CHECKOUT / ".gitignore").read_text().splitlines()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_a_shipped_page_links_to_what_is_shipped(page):
    linked = [(page.parent / path).resolve().relative_to(CHECKOUT.resolve()).as_posix()
              for path, _anchor in pages.links(page.read_text())]
    assert [path for path in linked for part in IGNORED
            if fnmatch(path, part) or path.startswith(f"{part}/")] == []
