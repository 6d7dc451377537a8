"""What a decision does to its payment: one table, whoever asks."""

import pytest

from fraud.effect import EFFECTS, HELD, PASSED, REFUSED, effect
from fraud.verdict import BLOCKED, FLAGGED, VERIFIED


@pytest.mark.parametrize(
    "verdict, review, became",
    [(VERIFIED, False, PASSED), (FLAGGED, False, HELD), (BLOCKED, False, REFUSED),
     (BLOCKED, True, HELD)],
)  # fmt: skip
def test_what_becomes_of_a_payment(verdict, review, became):
    assert effect(verdict, review) == became
    assert became in EFFECTS
