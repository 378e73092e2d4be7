# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fault tests share: the real API server of KUBECONFIG, the proxy in front of it, and a deploy through both."""

import os
import sys
import uuid
from pathlib import Path

import pytest

# With --import-mode=importlib no folder of tests is on the path.
sys.path.insert(0, str(Path(__file__).parent))

from faultkit.authority import Authority  # noqa: E402
from faultkit.deploy import STEPS, Deployment, Report, Step  # noqa: E402
from faultkit.proxy import FaultProxy  # noqa: E402
from faultkit.server import ApiServer  # noqa: E402


@pytest.fixture(scope="session")
def server() -> ApiServer:
    return ApiServer(os.environ["KUBECONFIG"])


@pytest.fixture(scope="session")
def proxy(server, tmp_path_factory):
    made = FaultProxy(server, Authority(tmp_path_factory.mktemp("authority")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def fault_namespace(server):
    name = "faults-" + uuid.uuid4().hex[:8]
    server.create("/api/v1/namespaces", {"metadata": {"name": name}}, "fault-tests")
    yield name
    server.delete("/api/v1/namespaces/" + name)


@pytest.fixture(scope="session")
def undisturbed(proxy, fault_namespace) -> dict[Step, Report]:
    """What each step comes to without any fault."""
    deployment = Deployment(proxy, fault_namespace)
    return {step: deployment.run(step) for step in STEPS}


@pytest.fixture
def deployment(proxy, fault_namespace, undisturbed):
    made = Deployment(proxy, fault_namespace)
    made.sweep()
    yield made
    made.sweep()
