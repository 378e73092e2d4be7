# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user's first tools do with the shipped artifact."""
