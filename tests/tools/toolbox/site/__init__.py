# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation site: pages for people from docs/, and the pages of modules and roles."""
