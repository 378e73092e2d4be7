# SPDX-License-Identifier: GPL-3.0-or-later
"""The function of the module cache_diagnosis. IO, read-only."""

from __future__ import annotations

from ..api.bulk import ref_of
from ..api.client import Client
from ..progress import Reporter
from . import bundle, rules
from .collector import Collector
from .facts import Facts


def read(client: Client, params: dict, _check_mode: bool, _reporter: Reporter) -> dict:
    """Return the module's result, with the archive's bytes under archive for a given path."""
    cache = ref_of(params)
    facts = Collector(client, cache, params["fluid_namespace"]).facts()
    causes = rules.causes(facts)
    lines = [cause.line() for cause in causes] or [_nothing_found(facts)]
    result = {"changed": False, "healthy": not causes and not facts.refusals,
              "causes": [cause.as_dict() for cause in causes],
              "report": lines, "unread": list(facts.unread)}
    if params["path"]:
        folder = f"{cache.namespace}-{cache.name}-diagnosis"
        seconds = int(facts.read_at.timestamp())
        result["archive"] = bundle.archive(bundle.files(facts, causes), folder, seconds)
    return result


def _nothing_found(facts: Facts) -> str:
    text, parts = f"no cause of a fault was found for {facts.label}", facts.refusals
    return f"{text} in what could be read: {'; '.join(parts)}" if parts else text
