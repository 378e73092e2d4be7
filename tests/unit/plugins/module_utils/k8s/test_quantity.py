# SPDX-License-Identifier: GPL-3.0-or-later
from decimal import Decimal

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.module_utils.k8s.quantity import (
    as_text,
    equal,
    parse,
    require_positive,
)


@pytest.mark.parametrize(("text", "value"), [
    ("0", 0), ("2", 2), ("+2", 2), ("-2", -2), ("1.5", Decimal("1.5")), (".5", Decimal("0.5")), ("2.", 2),
    ("500m", Decimal("0.5")), ("100u", Decimal("0.0001")), ("5n", Decimal("0.000000005")),
    ("1k", 1000), ("1M", 10**6), ("1G", 10**9), ("1T", 10**12), ("1P", 10**15), ("1E", 10**18),
    ("1Ki", 1024), ("2Gi", 2 * 2**30), ("100Pi", 100 * 2**50), ("1Ei", 2**60), ("0.5Gi", 2**29),
    ("1e3", 1000), ("1E3", 1000), ("12e-1", Decimal("1.2")),
])
def test_parse(text, value):
    assert parse(text) == value


@pytest.mark.parametrize("text", ["", "Gi", "2gi", "2GB", "2 Gi", " 2Gi", "2Gi\n", "1e", "1e3Gi", "--2",
                                  "0x2", "two", "²"])
def test_what_is_not_a_quantity_is_refused(text):
    with pytest.raises(InvalidInput,
                       match="is not a Kubernetes quantity: expected a number with an optional suffix"):
        parse(text)


@pytest.mark.parametrize(("one", "other", "same"), [
    pytest.param("2Gi", "2048Mi", True, id="binary"),
    pytest.param("0.5", "500m", True, id="fraction"),
    pytest.param("1", 1, True, id="number"),
    pytest.param("2Gi", "2G", False, id="binary-and-decimal"),
    pytest.param("2Gi", "lots", False, id="no-quantity"),
    pytest.param(None, "2Gi", False, id="nothing"),
])
def test_equal(one, other, same):
    for pair in ((one, other), (other, one)):
        assert equal(*pair) is same


@pytest.mark.parametrize(("text", "message"), [
    pytest.param("0", "quota is 0: expected a quantity above zero", id="zero"),
    pytest.param("-1Gi", "quota is -1Gi: expected a quantity above zero", id="negative"),
    pytest.param("1e30", "quota is 1e30: expected at most 9223372036854775807", id="beyond-the-api"),
    pytest.param("2GB", "quota: '2GB' is not a Kubernetes quantity", id="no-quantity"),
])
def test_require_positive_names_the_option(text, message):
    with pytest.raises(InvalidInput) as refused:
        require_positive("quota", text)
    assert message in str(refused.value)


def test_a_quantity_above_zero_passes():
    require_positive("quota", "1m")
    require_positive("quota", "7Ei")


@pytest.mark.parametrize(("size", "text"), [
    (2 << 30, "2Gi"), (1536 << 20, "1536Mi"), (1000, "1000"), (5 << 40, "5Ti"), (1 << 50, "1024Ti")])
def test_bytes_as_a_quantity(size, text):
    assert as_text(size) == text
