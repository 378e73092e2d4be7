# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that the collection declares, each tested."""
