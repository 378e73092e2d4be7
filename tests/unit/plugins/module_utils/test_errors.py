# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import (
    ApiError,
    Forbidden,
    QuorumUnknown,
    ServerUnavailable,
    answer_or,
)
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.wait_status import WaitStatus, answered


def raising(err):
    def question():
        raise err
    return question


def test_an_empty_answer_is_an_answer():
    assert answer_or("default", lambda: "") == ""
    assert answered(lambda: "") == WaitStatus(True, value="")


@pytest.mark.parametrize("err", [ApiError("there is no log", 400), ServerUnavailable("no answer")])
def test_an_error_that_a_repetition_may_mend_is_no_answer(err):
    assert answer_or("default", raising(err)) == "default"
    assert answered(raising(err)) == WaitStatus(False, str(err))


@pytest.mark.parametrize("err", [Forbidden("it needs get on pods/log", 403), QuorumUnknown("no leader")])
@pytest.mark.parametrize("ask", [lambda question: answer_or("default", question), answered],
                         ids=["answer_or", "answered"])
def test_a_missing_permission_and_other_errors_are_raised(ask, err):
    with pytest.raises(type(err)):
        ask(raising(err))
