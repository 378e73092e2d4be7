# SPDX-License-Identifier: GPL-3.0-or-later
"""Acts that follow a look are sent once, and a guarded client checks before each repetition of a request."""

import json
from types import SimpleNamespace

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import transport
from ansible_collections.datacache.fluid.plugins.module_utils.api.client import Client
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import Clock, Deadline
from ansible_collections.datacache.fluid.plugins.module_utils.api.guarded import GuardedClient
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    DisruptionForbidden,
    LeaseLost,
    QuorumUnknown,
    ServerUnavailable,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s import kinds
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.kinds import ObjectRef

POD = ObjectRef("data", "hbase-master-0")
OVERLOADED = (429, {"kind": "Status", "code": 429, "message": "too many requests, please try again later"},
              {"Retry-After": "9"})
FORBIDDEN = (429, {"kind": "Status", "code": 429, "message": "Cannot evict pod", "details": {
    "causes": [{"reason": "DisruptionBudget", "message": "The budget needs 3 healthy pods"}]}}, {})
DONE = (201, {"kind": "Status", "status": "Success"}, {})


class Server:
    """Overloaded for four requests (priority and fairness), as its pool; notes when each arrives."""

    def __init__(self):
        self.now, self.arrived, self.timeouts = 100.0, [], []
        self.answers = [OVERLOADED] * 4

    def request(self, method, _url, **options):
        self.arrived.append((method, self.now))
        self.timeouts.append(options["timeout"])
        status, body, headers = self.answers.pop(0) if self.answers else DONE
        return SimpleNamespace(status=status, data=json.dumps(body).encode(), headers=headers)

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def raw(server):
    configuration = SimpleNamespace(host="https://api:6443", auth_settings=dict)
    return Client(configuration, server, [], sleep=server.sleep)


@pytest.fixture
def guarded(server, raw):
    """Its Lease is lost at 130 s."""
    def require():
        if server.now > 130:
            raise LeaseLost("another run has taken over")
    return GuardedClient(raw, Deadline(900, clock=Clock(lambda: server.now, server.sleep)), require)


@pytest.mark.parametrize("act", [
    pytest.param(lambda client, fresh: client.once(fresh).evict(POD, "uid-1"), id="once-evict"),
    pytest.param(lambda client, fresh: client.once(fresh).delete(kinds.POD, POD, "uid-1"), id="once-delete"),
    pytest.param(lambda client, _fresh: client.evict(POD, "uid-1"), id="evict"),
])
def test_an_act_follows_a_look_that_is_younger_than_a_second(server, guarded, act):
    looked = server.now

    def fresh():
        if server.now - looked > 1.0:
            raise QuorumUnknown("the look is too old")
    with pytest.raises(ServerUnavailable, match=r"answered \w+ of \S+ with 429: too many requests"):
        act(guarded, fresh)
    assert [at for _method, at in server.arrived] == [looked]
    assert server.timeouts[0].connect_timeout <= 2 and server.timeouts[0].read_timeout <= 5


def test_a_budget_that_forbids_the_eviction_is_its_answer(server, guarded):
    server.answers = [FORBIDDEN]
    with pytest.raises(DisruptionForbidden, match="needs 3 healthy pods"):
        guarded.once().evict(POD, "uid-1")
    assert guarded.once().evict(POD, "uid-1") is True
    assert len(server.arrived) == guarded.requests == 2


@pytest.mark.parametrize("act", [
    lambda client: client.once().delete(kinds.POD, POD, "uid-1"), lambda client: client.evict(POD, "uid-1"),
    lambda client: client.once().evict(POD, "uid-1")], ids=["delete", "evict", "once-evict"])
@pytest.mark.parametrize(("seconds", "sent"), [(5, True), (6, False)])
def test_an_act_after_a_check_that_took_long_needs_another_look(server, raw, act, seconds, sent):
    server.answers = []
    deadline = Deadline(900, clock=Clock(lambda: server.now, server.sleep))
    client = GuardedClient(raw, deadline, require_now=lambda: server.sleep(seconds))
    if sent:
        assert act(client) is True
    else:
        with pytest.raises(ServerUnavailable, match=r"check before an act took 6.0 s.* nothing was sent"):
            act(client)
    assert len(server.arrived) == sent


@pytest.mark.parametrize("nested", [False, True])
def test_a_write_is_not_sent_after_the_lease_was_lost(server, guarded, nested):
    client = GuardedClient(guarded, Deadline(900)) if nested else guarded
    with pytest.raises(LeaseLost):
        client.delete(kinds.POD, POD, "uid-1")
    assert [at for _method, at in server.arrived] == [100, 109, 118, 127]


def test_several_attempts_are_each_preceded_by_a_check(server, raw):
    """As those that renew a Lease, which its version protects."""
    checks = []
    client = GuardedClient(raw, Deadline(900), lambda: checks.append(server.now))
    client.once(attempts=transport.ATTEMPTS).delete(kinds.POD, POD, "uid-1")
    assert [at for _method, at in server.arrived] == checks == [100, 109, 118, 127, 136]


def test_the_client_itself_still_repeats(server, raw):
    raw.once()
    assert raw.delete(kinds.POD, POD, "uid-1") is True
    assert len(server.arrived) == raw.requests == transport.ATTEMPTS
