"""The customer's own hard limits. Pure: no database."""

import pytest

from fraud import policies
from fraud.hits import Hit
from fraud.tests.factories import facts, snapshot


@pytest.mark.parametrize("amount, works", [(499_99, True), (500_00, True), (500_01, False)])
def test_the_largest_amount_is_still_allowed(amount, works):
    hit = policies.largest_amount(facts(amount_minor=amount), snapshot(limit_minor=500_00))
    assert (hit is None) is works


def test_who_set_no_limit_has_none():
    assert policies.largest_amount(facts(amount_minor=10**17), snapshot()) is None


def test_a_refusal_names_both_amounts():
    hit = policies.largest_amount(facts(amount_minor=600_00), snapshot(limit_minor=500_00))
    assert hit == Hit("largest_amount", 1.0, "£600.00 is over your own limit of £500.00 a payment")
