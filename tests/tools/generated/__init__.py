# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the checkout that are written from others: `make generate` writes them, a unit test compares."""

from pathlib import Path

from . import rbac, role_readmes, variables, versions

CHECKOUT = Path(__file__).resolve().parents[3]


def texts(checkout: Path = CHECKOUT) -> dict[str, str]:
    """Return the text of each generated file by its path in the checkout."""
    parts = (role_readmes, versions, rbac, variables)
    return {name: text for part in parts for name, text in part.texts(checkout).items()}


def write(checkout: Path = CHECKOUT) -> None:
    for stale in (checkout / "docs" / "rbac").rglob("*.yml"):
        stale.unlink()
    for name, text in texts(checkout).items():
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
