# SPDX-License-Identifier: GPL-3.0-or-later
"""What the running lab was asked to be, kept as <state>/state.json."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from labctl import settings
from labctl.build import versions

STARTING = "starting"
RUNNING = "running"


@dataclass(frozen=True)
class Shape:
    """What a lab is made of; equal shapes need no work."""

    tier: str = "full"
    nodes: int = settings.DEFAULT_NODES
    fluid: bool = True
    origin_rate: str = "off"
    audit: bool = False
    alluxio: str = versions.ALLUXIO

    def __str__(self) -> str:
        if self.tier == "api":
            return "tier api"
        return (f"tier full, {self.nodes} nodes, {'with' if self.fluid else 'without'} Fluid, "
                f"Alluxio {self.alluxio}, origin rate {self.origin_rate}")


@dataclass(frozen=True)
class State:
    """A lab on this machine: its shape, and the inputs and artifacts it was started from."""

    phase: str
    shape: Shape
    fingerprint: str
    checkout: str
    artifacts: dict = field(default_factory=dict)


def _file() -> Path:
    return settings.state_dir() / "state.json"


def load() -> State | None:
    """The recorded lab; None when there is none or the record was cut off."""
    try:
        record = json.loads(_file().read_text())
        return State(**{**record, "shape": Shape(**record["shape"])})
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def save(state: State) -> None:
    """Record the lab; a reader sees the old record or the new one, never half of one."""
    _file().parent.mkdir(parents=True, exist_ok=True)
    draft = _file().with_suffix(".new")
    draft.write_text(json.dumps(dataclasses.asdict(state), indent=2) + "\n")
    draft.replace(_file())


def code_hash() -> str:
    """Hash of the lab's own code: another version starts its daemons differently."""
    digest = hashlib.sha256()
    for file in [*sorted(Path(__file__).parent.glob("*.py")), settings.FLUID_VALUES]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]
