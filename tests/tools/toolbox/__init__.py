# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make` runs. Standard library only: it works before any package is installed."""
