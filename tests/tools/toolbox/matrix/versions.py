# SPDX-License-Identifier: GPL-3.0-or-later
"""The tested combinations of versions: [tool.datacache.matrix] of pyproject.toml."""

from dataclasses import dataclass

import tomllib

from .. import paths

# What the unit tests import beside the collection's own requirements, for each Python of the matrix. The pins
# of requirements-dev.txt need Python 3.11.
TEST_PACKAGES = ("pytest==9.2.0", "hypothesis==6.168.5", "jmespath==1.1.0")


@dataclass(frozen=True)
class Versions:
    """One combination. ansible: the release of PyPI's ansible whose wheel carries kubernetes_core."""

    name: str
    python: str
    ansible_core: str
    kubernetes: str
    ansible: str
    kubernetes_core: str

    @property
    def packages(self) -> list[str]:
        return [f"ansible-core=={self.ansible_core}", f"kubernetes=={self.kubernetes}", *TEST_PACKAGES]

    def __str__(self) -> str:
        return (f"{self.name}: Python {self.python}, ansible-core {self.ansible_core}, "
                f"kubernetes {self.kubernetes}, kubernetes.core {self.kubernetes_core}")


def declared() -> list[Versions]:
    """Return the combinations, the lowest first."""
    table = tomllib.loads(paths.PYPROJECT.read_text())["tool"]["datacache"]["matrix"]
    return [Versions(name, **row) for name, row in table.items()]
