# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx's configuration of the documentation site; Sphinx requires the name."""

from pathlib import Path

project = "datacache.fluid"
copyright = "The datacache.fluid maintainers"  # noqa: A001
extensions = ["myst_parser", "sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
# The inventory is made by build.py.
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/",
                                   str(Path(__file__).parents[4] / ".build" / "docs" / "ansible.inv"))}
# Anchors of headings as on GitHub.
myst_heading_anchors = 4
# Blocks without a language are drawings.
highlight_language = "none"
html_theme = "furo"
html_title = "datacache.fluid"
html_show_sourcelink = False
