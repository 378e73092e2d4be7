# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from labctl.plan import EXTEND, FRESH, REUSE, Request, decide
from labctl.state import RUNNING, STARTING, Shape, State

API = Shape(tier="api")
FULL = Shape(tier="full", nodes=3)
BARE = Shape(tier="full", nodes=3, fluid=False)


def running(shape, phase=RUNNING, fingerprint="same"):
    return State(phase=phase, shape=shape, fingerprint=fingerprint, checkout="/elsewhere/lab")


@pytest.mark.parametrize("request_, shape, action, wanted", [
    (Request(tier="api"), API, REUSE, API),
    (Request(tier="api"), FULL, REUSE, FULL),
    (Request(tier="full"), FULL, REUSE, FULL),
    (Request(), FULL, REUSE, FULL),
    (Request(nodes=3, origin_rate="off"), FULL, REUSE, FULL),
    (Request(fluid=False), FULL, REUSE, FULL),
    (Request(tier="full"), API, EXTEND, FULL),
    (Request(fluid=False), API, EXTEND, BARE),
    (Request(), BARE, EXTEND, FULL),
    (Request(nodes=5), FULL, EXTEND, Shape(nodes=5)),
    (Request(nodes=1), FULL, EXTEND, Shape(nodes=1)),
    (Request(origin_rate="20m"), FULL, EXTEND, Shape(origin_rate="20m")),
    (Request(tier="api", audit=True), API, FRESH, Shape(tier="api", audit=True)),
    (Request(audit=True), Shape(audit=True), REUSE, Shape(audit=True)),
    (Request(), Shape(audit=True), REUSE, Shape(audit=True)),
    (Request(), Shape(alluxio="2.9.0"), REUSE, Shape(alluxio="2.9.0")),
    (Request(alluxio="2.9.0"), FULL, FRESH, Shape(alluxio="2.9.0")),
    (Request(alluxio="2.9.0"), API, EXTEND, Shape(alluxio="2.9.0")),
])
def test_a_healthy_lab_is_reused_as_far_as_it_serves(request_, shape, action, wanted):
    plan = decide(request_, running(shape), fingerprint="same", healthy=True)
    assert (plan.action, plan.shape) == (action, wanted)


@pytest.mark.parametrize("found, healthy, reason", [
    (None, False, "no lab runs"),
    (running(FULL, phase=STARTING), True, "did not end"),
    (running(FULL), False, "are gone"),
    (running(FULL, fingerprint="other"), True, "/elsewhere/lab"),
])
def test_anything_else_is_replaced(found, healthy, reason):
    plan = decide(Request(nodes=2), found, fingerprint="same", healthy=healthy)
    assert (plan.action, plan.shape) == (FRESH, Shape(nodes=2))
    assert reason in plan.reason
