"""Every mask as a table. No database."""

from datetime import UTC, date, datetime

import pytest

from consent import masking
from consent.masking import HIDDEN
from consent.models import Scope
from fintrust.core.money import Money


@pytest.mark.parametrize(
    ("mask", "value", "seen"),
    [
        (masking.clear, "checking", "checking"),
        (masking.redact, "rent for Ottilie", HIDDEN),
        (masking.redact, "", ""),
        (masking.last4, "FT61 0000 0010 0042", f"{HIDDEN} 0042"),
        (masking.last4, "12345678", f"{HIDDEN} 5678"),
        (masking.last4, "1234567", HIDDEN),
        (masking.last4, "1234", HIDDEN),
        (masking.last4, "", ""),
        (masking.initials, "Mia Example", "M. E."),
        (masking.initials, "  mia   sophie  example ", "M. S. E."),
        (masking.initials, "Øystein Åberg", "Ø. Å."),
        (masking.initials, "李 小龙", "李. 小."),
        (masking.initials, "Mia (Miriam) Example", "M. E."),
        (masking.initials, "Cher", HIDDEN),
        (masking.initials, "", ""),
        (masking.email, "mia@example.org", f"m{HIDDEN}@example.org"),
        (masking.email, "mia@home@example.org", f"m{HIDDEN}@example.org"),
        (masking.email, "m@example.org", HIDDEN),
        (masking.email, "not an address", HIDDEN),
        (masking.email, "", ""),
        (masking.phone, "+44 20 7946 0731", f"{HIDDEN} 31"),
        (masking.phone, "123456", f"{HIDDEN} 56"),
        (masking.phone, "12345", HIDDEN),
        (masking.phone, "", ""),
        (masking.month_only, date(2026, 11, 20), "2026-11"),
        (masking.month_only, datetime(2026, 11, 30, 23, 59, tzinfo=UTC), "2026-11"),
        (masking.day_only, datetime(2026, 11, 20, 14, 31, tzinfo=UTC), "2026-11-20"),
        (masking.amount, Money(12_50, "EUR"), {"amount": "12.50", "currency": "EUR"}),
        (masking.amount, Money(-12_50, "EUR"), {"amount": "-12.50", "currency": "EUR"}),
        (masking.amount, Money(1250, "JPY"), {"amount": "1250", "currency": "JPY"}),
    ],
)
def test_a_mask_shows_this_much(mask, value, seen):
    assert mask(value) == seen


@pytest.mark.parametrize(
    ("minor", "low", "high"),
    [
        (-1, None, "0"),
        (0, "0", "100"),
        (99_99, "0", "100"),
        (100_00, "100", "500"),
        (1_234_56, "1000", "2500"),
        (99_999_99, "50000", "100000"),
        (100_000_00, "100000", None),
    ],
)
def test_a_band_holds_its_lower_edge_and_not_its_upper(minor, low, high):
    assert masking.band(Money(minor, "EUR")) == {"from": low, "to": high, "currency": "EUR"}


def test_every_scope_says_which_fields_it_holds_and_every_mask_exists():
    assert set(masking.FIELDS) == set(Scope.values)
    assert {mask for fields in masking.FIELDS.values() for mask in fields.values()} <= set(
        masking.MASKS
    )


def test_a_field_without_a_line_stays_in_the_bank():
    values = {
        "account": "acc_1",
        "number": "FT61 0000 0010 0042",
        "balance": Money(1, "EUR"),
        "available": Money(1, "EUR"),
        "mothers_maiden_name": "Grünwald",
    }
    assert set(masking.masked("balance", values)) == {"account", "number", "balance", "available"}


def test_a_line_without_a_value_is_an_error():
    with pytest.raises(KeyError):
        masking.masked("balance", {"account": "acc_1"})


@pytest.mark.parametrize("scope", Scope.values)
def test_customers_can_read_how_each_field_is_masked(scope):
    described = masking.described(scope)
    assert len(described) == len(masking.FIELDS[scope])
    assert all(label and words.endswith(".") for label, words in described)
