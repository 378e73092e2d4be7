# SPDX-License-Identifier: GPL-3.0-or-later
"""What all measures share: the cluster, its counting proxy, their own namespace, and how often to repeat."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .cluster import Cluster
from .counting import CountingProxy


@dataclass(frozen=True)
class Session:
    """rounds: how often compared things are measured in turn; the figures are medians."""

    kubeconfig: str
    cluster: Cluster
    proxy: CountingProxy
    namespace: str
    folder: Path
    rounds: int

    def clear(self) -> None:
        """Empty the namespace of Fluid's objects."""
        self.cluster.clear("datasets", "alluxioruntimes", namespace=self.namespace)


@contextmanager
def opened(rounds: int = 1) -> Iterator[Session]:
    """A session on the cluster that KUBECONFIG names; its namespace goes with it."""
    kubeconfig = os.environ["KUBECONFIG"]
    cluster = Cluster(kubeconfig)
    namespace = f"fluid-bench-{secrets.token_hex(3)}"
    cluster.create_namespace(namespace)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Session(kubeconfig, cluster, CountingProxy(cluster, Path(folder)), namespace, Path(folder),
                          rounds)
    finally:
        cluster.delete_namespace(namespace)
