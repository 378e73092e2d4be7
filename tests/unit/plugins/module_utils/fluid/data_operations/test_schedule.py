# SPDX-License-Identifier: GPL-3.0-or-later
import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.fluid.data_operations.schedule import (
    require_schedule,
)


@pytest.mark.parametrize("text", [
    "* * * * *", "0 3 * * *", "*/15 0-6 1,15 jan-jun mon-fri", "0 0 ? 12 0", "5/10 * * * SUN", "@daily",
    "0-59/2 23 31 DEC 6"])
def test_schedules(text):
    require_schedule(text)


@pytest.mark.parametrize(("text", "message"), [
    ("0 3 * *", "expected the five fields"), ("0 0 3 * * *", "expected the five fields"),
    ("", "expected the five fields"), ("@reboot", "expected the five fields"),
    ("60 * * * *", "whose minute is '60'"), ("* 24 * * *", "whose hour is '24'"),
    ("* * 0 * *", "whose day of the month is '0'"), ("* * * 13 *", "whose month is '13'"),
    ("* * * * 7", "whose day of the week is '7'"), ("*/0 * * * *", "whose minute is '*/0'"),
    ("5-1 * * * *", "whose minute is '5-1'"), ("*-5 * * * *", "whose minute is '*-5'"),
    ("mon * * * *", "whose minute is 'mon'"), ("1,, * * * *", "whose minute is '1,,'"),
])
def test_refused(text, message):
    with pytest.raises(InvalidInput) as refused:
        require_schedule(text)
    assert message in str(refused.value)
