# SPDX-License-Identifier: GPL-3.0-or-later
"""Contrast by the Web Content Accessibility Guidelines 2.2. A colour is red, green and blue from 0 to 255."""


def contrast(one, other):
    """The contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
