# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs write into a checkout is neither tracked nor shipped."""

from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [
    ".ansible", ".build", ".coverage", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache",
])
def test_what_programs_write_stays_out_of_the_artifact(name):
    assert name in yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["build_ignore"]
    assert name in [line.rstrip("/") for line in (CHECKOUT / ".gitignore").read_text().splitlines()]
