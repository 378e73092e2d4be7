# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of masters that this run has ended. IO, read-only."""

from __future__ import annotations

from ...api.client import Client
from ...api.deadline import Deadline
from ...fluid.components import container_of
from ...k8s import kinds
from ...k8s.kinds import ObjectRef
from ...k8s.pods import container_run

_ENDS_WITHIN = 30.0  # seconds until an end that shows no effect is tried again


class EndedProcesses:
    """The containers whose processes this run has ended. Kubernetes notices an end a second later."""

    def __init__(self, client: Client, namespace: str | None, deadline: Deadline) -> None:
        self._client = client
        self._namespace = namespace
        self._deadline = deadline
        # By domain and pod: the container, and when its process was ended.
        self._ended: dict[tuple[str, str], tuple[tuple[str, str, str], float]] = {}

    def container(self, domain: str, pod: str) -> tuple[str, str, str]:
        """Return the container of a domain that runs in a pod; empty without one."""
        existing = self._client.get(kinds.POD, ObjectRef(self._namespace, pod))
        return container_run(existing, container_of(domain)) if existing else ("", "", "")

    def add(self, domain: str, pod: str, container: tuple[str, str, str]) -> None:
        """Remember the container whose process was ended just now."""
        self._ended[domain, pod] = container, self._deadline.now()

    def pending(self) -> str:
        """Return which container that was ended a moment ago still runs; empty for none."""
        for (domain, pod), (container, at) in self._ended.items():
            if self._deadline.now() - at < _ENDS_WITHIN and self.container(domain, pod) == container:
                return f"{pod} ends its {domain} process"
        return ""

    def is_replaced(self, domain: str, pod: str) -> bool:
        """Return whether the process was ended, and another one runs since."""
        return (domain, pod) in self._ended and self.container(domain, pod) != self._ended[domain, pod][0]
