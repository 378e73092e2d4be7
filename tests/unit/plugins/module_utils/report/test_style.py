# SPDX-License-Identifier: GPL-3.0-or-later
"""The contrast of both palettes, by WCAG 2.2: 4.5 for text (AA), 3 for what only a drawing shows."""

import re

import pytest
from wcag import contrast

from ansible_collections.datacache.fluid.plugins.module_utils.report import style

STATES = ("kept", "degraded", "broken", "unknown")
GROUNDS = ("page", "surface", "raised")
TEXTS = [*((text, ground) for text in ("ink", "muted", "accent", *STATES) for ground in GROUNDS),
         *((state, f"{state}-tint") for state in STATES), ("surface", "kept")]
MARKS = ("accent", "second", "muted", *STATES)
DRAWN = [*((mark, "track") for mark in MARKS[:2]),
         *((mark, ground) for mark in MARKS for ground in ("surface", "raised"))]


def channels(colour):
    """The channels of a colour of the palette, such as #0a0b0c."""
    return [int(colour[at:at + 2], 16) for at in (1, 3, 5)]


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (DRAWN, 3.0)], ids=["text", "drawn"])
def test_contrast(palette, pairs, least):
    found = {pair: round(contrast(*(channels(palette[name]) for name in pair)), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < least} == {}


def test_the_contrast_of_black_on_white():
    assert contrast(channels("#000000"), channels("#ffffff")) == pytest.approx(21)


def test_the_palettes_have_the_same_names():
    assert style.LIGHT.keys() == style.DARK.keys()


def test_each_variable_of_the_sheet_has_a_colour():
    used = set(re.findall(r"var\(--([\w-]+)\)", style.sheet())) - {"state", "tint", "role"}
    assert used <= style.LIGHT.keys()
