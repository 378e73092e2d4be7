# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the running Alluxio knows the properties that are declared. IO, read-only.

Alluxio accepts a key that it does not know without a word, and the key does nothing.
"""

from __future__ import annotations

from typing import Iterable

from .care import MASTER
from .client import Client
from .errors import ApiError, InvalidInput, QuorumUnknown
from .leader_api import container_of
from .masters import Masters
from .streams import execute

_OWN = "alluxio."
# GetConf's answer (alluxio.cli.GetConf); a key that is known and has no value "is not found".
_UNKNOWN = "is not a valid configuration key"
_TIMEOUT = 60.0
_FORBIDDEN = 403


def require_known(client: Client, namespace: str, name: str, keys: Iterable[str]) -> None:
    """Raise InvalidInput for keys of Alluxio's that the running masters do not know.

    The leader's configuration, one request, has all keys with a value; for others a master is asked by Alluxio's own command,
    which takes seconds for each.
    """
    masters = Masters(client, namespace, name)
    pods = masters.pods()
    left = sorted({key for key in keys if key.startswith(_OWN)} - _in_force(masters, pods))
    unknown = [key for key in left if not any(_knows(client, namespace, pod["metadata"]["name"], key) for pod in pods[:1])]
    if unknown:
        raise InvalidInput(
            "the running Alluxio does not know %s: it would take it without a word and it would do nothing; look for another spelling "
            "in the list of properties of its version; nothing was changed" % ", ".join(unknown))


def _in_force(masters: Masters, pods: list[dict]) -> set[str]:
    try:
        return set(masters.configuration(pods))
    except QuorumUnknown:
        return set()
    except ApiError as err:
        if err.status != _FORBIDDEN:
            raise
        return set()


def _knows(client: Client, namespace: str, pod: str, key: str) -> bool:
    said = execute(client, namespace, pod, container_of(MASTER), ["alluxio", "getConf", key], _TIMEOUT)
    return _UNKNOWN not in said.stdout + said.stderr
