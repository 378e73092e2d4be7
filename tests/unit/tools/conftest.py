# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools are no package of the collection: they are found beside the tests."""

import sys
from pathlib import Path

for folder in ("tools", "bench"):
    sys.path.insert(0, str(Path(__file__).parents[2] / folder))
