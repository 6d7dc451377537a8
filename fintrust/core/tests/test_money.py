import pytest
from hypothesis import given
from hypothesis import strategies as st

from fintrust.core.money import (
    MINOR_MAX,
    AmountTooLarge,
    CurrencyMismatch,
    InvalidAmount,
    Money,
)


@pytest.mark.parametrize(
    "text, currency, minor",
    [
        ("12", "EUR", 12_00),
        ("12.5", "EUR", 12_50),
        ("12.50", "EUR", 12_50),
        (" 12.50 ", "EUR", 12_50),
        ("0.01", "EUR", 1),
        ("7", "JPY", 7),
        ("1.234", "BHD", 1_234),
        ("12.500", "EUR", 12_50),
        ("9999999999999999.99", "EUR", MINOR_MAX),
    ],
)
def test_an_amount_is_read_as_people_type_it(text, currency, minor):
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0.00",
        "-1",
        "+1",
        "1,5",
        "1.2.3",
        ".5",
        "1e3",
        "NaN",
        "Infinity",
        "٣",
        "１",
        "1_0",
        "12.505",
        "1.",
        "0x1f",
        "1 000",
        "\x00",
        "1\x002",
    ],
)
def test_what_is_not_a_positive_amount_is_refused(text):
    with pytest.raises(InvalidAmount):
        Money.parse(text, "EUR")


def test_yen_have_no_decimals():
    with pytest.raises(InvalidAmount):
        Money.parse("7.5", "JPY")


@pytest.mark.parametrize("text", ["10000000000000000.00", "1" * 19, "9" * 400, "99999999999999999"])
def test_more_than_eighteen_digits_are_refused_by_name(text):
    with pytest.raises(AmountTooLarge):
        Money.parse(text, "EUR")


def test_currencies_do_not_mix():
    for mix in (
        lambda: Money(1, "EUR") + Money(1, "USD"),
        lambda: Money(1, "EUR") - Money(1, "USD"),
        lambda: Money(1, "EUR") < Money(1, "USD"),
    ):
        with pytest.raises(CurrencyMismatch):
            mix()


@pytest.mark.parametrize("minor", [1.0, "1", True, None])
def test_minor_units_are_whole(minor):
    with pytest.raises(InvalidAmount):
        Money(minor, "EUR")


@given(st.integers(1, MINOR_MAX), st.sampled_from(["EUR", "JPY", "BHD"]))
def test_what_is_written_is_read_back(minor, currency):
    money = Money(minor, currency)
    assert Money.parse(str(money).split()[0], currency) == money


def test_money_is_printed_for_people():
    assert Money(1_234_50, "GBP").format() == "£1,234.50"
    assert Money(-5, "JPY").format() == "-JP¥5"
