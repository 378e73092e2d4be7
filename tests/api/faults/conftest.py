# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fault tests share: the proxy in front of the real API server, and a deploy to send through it."""

import uuid
from typing import NamedTuple

import pytest
from injection.authority import Authority
from injection.deploy import STEPS, Deployment, Report, Step
from injection.proxy import FaultProxy


class Expected(NamedTuple):
    """What a step comes to, and what there is after it."""

    report: Report
    objects: dict[str, dict]


@pytest.fixture(scope="session")
def proxy(api, tmp_path_factory):
    made = FaultProxy(api, Authority(tmp_path_factory.mktemp("authority")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_namespace(api, fluid_runs):
    """One namespace for all deploys, because their results are compared."""
    if fluid_runs:
        pytest.skip("Fluid's own controllers run here and would write against their stand-in")
    name = "faults-" + uuid.uuid4().hex[:8]
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    api.delete("/api/v1/namespaces/" + name)


@pytest.fixture(scope="session")
def undisturbed(proxy, shared_namespace) -> dict[Step, Expected]:
    """What each step comes to without any fault."""
    deployment = Deployment(proxy, shared_namespace)
    return {step: Expected(deployment.run(step), deployment.objects()) for step in STEPS}


@pytest.fixture
def deployment(proxy, shared_namespace, undisturbed):
    made = Deployment(proxy, shared_namespace)
    made.sweep()
    yield made
    made.sweep()
