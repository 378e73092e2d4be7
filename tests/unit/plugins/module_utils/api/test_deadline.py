# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deadline leaves, and polling until it; time passes only when somebody sleeps."""

from datetime import timezone

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.api import deadline as deadline_module
from ansible_collections.datacache.fluid.plugins.module_utils.api.deadline import (
    Clock,
    Deadline,
)
from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    ServerUnavailable,
    WaitTimeout,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus

PENDING = WaitStatus(False, "no leader")


def poll(deadline, question, pause=1.0):
    return deadline.poll_until("the quorum", question, pause,
                               lambda progress: WaitTimeout(f"too late: {progress}"))


def answers(*statuses):
    script = iter(statuses)
    return lambda: next(script)


def test_what_remains(cluster):
    deadline = cluster.deadline(10)
    assert (deadline.seconds, deadline.remaining()) == (10, 10)
    cluster.sleep(12)
    assert deadline.remaining() == -2


@pytest.mark.parametrize(("asked", "slept"), [(3, 3), (30, 10), (-1, 0)])
def test_sleep_ends_at_the_deadline(cluster, asked, slept):
    cluster.deadline(10).sleep(asked)
    assert cluster.now == slept


def test_no_sleep_behind_the_deadline(cluster):
    deadline = cluster.deadline(10)
    cluster.sleep(12)
    deadline.sleep(5)
    assert cluster.now == 12


def test_another_deadline_begins_now_on_the_same_clock_and_reports_to_the_same_listener(cluster):
    view = []
    deadline = cluster.deadline(10, view.append)
    cluster.sleep(4)
    for other, seconds in ((deadline.again(), 10), (deadline.within(3), 3)):
        assert (other.seconds, other.remaining(), other.clock) == (seconds, seconds, deadline.clock)
        other.report_progress("on the way")
    assert deadline.remaining() == 6
    assert view == ["on the way"] * 2


def test_without_a_clock_it_goes_by_the_systems(monkeypatch):
    monkeypatch.setattr(deadline_module, "SYSTEM_CLOCK", Clock(monotonic=lambda: 5.0))
    assert Deadline(10).now() == 5.0


def test_the_present_time_has_its_zone():
    assert Clock().utc_now().tzinfo is timezone.utc


# -- polling -----------------------------------------------------------------------------------


def test_the_value_of_the_answer_that_is_done(cluster):
    assert poll(cluster.deadline(10),
                answers(PENDING, PENDING, WaitStatus(True, value="hbase-master-0"))) == "hbase-master-0"
    assert cluster.now == 2


def test_what_is_so_already_needs_no_time(cluster):
    assert poll(cluster.deadline(0), answers(WaitStatus(True))) is None
    assert cluster.now == 0


def test_a_timeout_is_the_callers_error_with_the_last_progress(cluster):
    asked = []

    def question():
        asked.append(cluster.now)
        return WaitStatus(False, f"asked at {cluster.now:g}")
    with pytest.raises(WaitTimeout, match="^too late: asked at 5$"):
        poll(cluster.deadline(5), question, pause=2.0)
    assert asked == [0, 2, 4, 5]


def test_the_last_pause_ends_at_the_deadline_and_one_more_question_follows(cluster):
    assert poll(cluster.deadline(5), lambda: WaitStatus(cluster.now >= 5, value=cluster.now), pause=60) == 5


def test_an_api_server_that_is_unavailable_is_waited_for(cluster):
    view = []

    def question():
        if cluster.now < 3:
            raise ServerUnavailable("no API server answers")
        return WaitStatus(True, value=7)
    assert poll(cluster.deadline(10, view.append), question) == 7
    assert view == ["waiting for the quorum: no API server answers"] * 3


def test_an_api_server_that_stays_unavailable_is_the_progress_of_the_timeout(cluster):
    def question():
        raise ServerUnavailable("no API server answers")
    with pytest.raises(WaitTimeout, match="too late: no API server answers"):
        poll(cluster.deadline(3), question)
    assert cluster.now == 3


def test_another_failure_of_the_question_is_not_waited_for(cluster):
    def question():
        raise ApiError("HTTP 403", 403)
    with pytest.raises(ApiError, match="HTTP 403"):
        poll(cluster.deadline(10), question)
    assert cluster.now == 0


def test_progress_is_told_also_without_words(cluster):
    view = []
    poll(cluster.deadline(10, view.append), answers(PENDING, WaitStatus(False), WaitStatus(True)))
    assert view == ["waiting for the quorum: no leader", "waiting for the quorum"]
