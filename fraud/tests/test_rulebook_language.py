"""What officers may write, what it says, and what it is told when it is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud.errors import ConditionInvalid
from fraud.rulebook.closures import closure, readable
from fraud.rulebook.syntax import (
    DEPTH_MAX,
    NODES_MAX,
    OPTIONS_MAX,
    features_of,
    parse,
    parse_new,
)  # fmt: skip
from fraud.rulebook.tokens import DIGITS_MAX, LENGTH_MAX, TEXT_MAX
from fraud.rulebook.vocabulary import KINDS, VOCABULARY, Kind
from fraud.rulebook.writing import canonical, english


@pytest.mark.parametrize(
    "written, canonically",
    [
        ("amount>1_000", "amount > 1000"),
        ("AMOUNT_VS_MEDIAN > 5".lower() + " AND new_payee", "amount_vs_median > 5 and new_payee"),
        ("(amount > 1 and (hour = 3 and new_payee))", "amount > 1 and hour = 3 and new_payee"),
        ("amount > 1 and hour = 3 or new_payee", "amount > 1 and hour = 3 or new_payee"),
        ("amount > 1 and (hour = 3 or new_payee)", "amount > 1 and (hour = 3 or new_payee)"),
        ("not (new_payee and to_self)", "not (new_payee and to_self)"),
        ('country == "O\'Neill"', 'country = "O\'Neill"'),
        ("channel <> 'web'", "channel != 'web'"),
        ("amount - (own_mean - 5.50) > -1.0", "amount - (own_mean - 5.5) > -1"),
        ("(amount - own_mean) - 5 > 1", "amount - own_mean - 5 > 1"),
        ("(amount + 1) * 2 > 1", "(amount + 1) * 2 > 1"),
        ("amount / (2 * 3) > 1", "amount / (2 * 3) > 1"),
        ("balance_share >= 050.0%", "balance_share >= 50%"),
        ("hour not in (1,2 , 3)", "hour not in (1, 2, 3)"),
        ("hour between 22 and 23 and new_payee", "hour between 22 and 23 and new_payee"),
        ("missing(travel_kmh)", "missing(travel_kmh)"),
        ("max(own_count_1h, 5) > abs(own_count_24h)", "max(own_count_1h, 5) > abs(own_count_24h)"),
    ],
)
def test_there_is_one_way_to_write_it_and_it_reads_the_same(written, canonically):
    tree = parse(written)
    assert canonical(tree) == canonically
    assert parse(canonically) == tree


@pytest.mark.parametrize(
    "condition, meant",
    [
        (
            "amount_vs_median > 5 and new_payee",
            "the amount is more than 5 times the customer's usual payment, and the payee is new",
        ),
        (
            "hour between 0 and 5 or not new_payee",
            "the hour on the customer's clock is between 0 and 5 o'clock, or the payee has been "
            "paid before",
        ),
        (
            "1000 < amount and (device_new or country in ('GB', 'FR'))",
            "the amount is more than 1,000, and either the device is new or the country is one of "
            "“GB”, “FR”",
        ),
        (
            "balance_share >= 0.333 and hours_since_last < 0.5",
            "the share of the balance that leaves is at least 33.3%, and the time since the "
            "customer's last payment is less than 0.5 hours",
        ),
        (
            "not (to_self or new_payee)",
            "neither the money stays with the customer nor the payee is new",
        ),
        (
            "hour >= 22 or hour < 6",
            "the hour on the customer's clock is between 22:00 and 06:00",
        ),
        (
            "new_payee and (hour >= 22 or hour < 6)",
            "the payee is new, and the hour on the customer's clock is between 22:00 and 06:00",
        ),
        (
            "hour >= 6 or hour < 22",
            "the hour on the customer's clock is at least 6 o'clock, or the hour on the customer's "
            "clock is less than 22 o'clock",
        ),
        ("weekday = 5", "the day of the week is Saturday"),
        ("weekday != 0", "the day of the week is not Monday"),
        ("weekday < 5", "the day of the week is before Saturday"),
        ("4 < weekday", "the day of the week is after Friday"),
        ("weekday >= 5", "the day of the week is no earlier than Saturday"),
        ("weekday <= 4", "the day of the week is no later than Friday"),
        ("weekday between 0 and 4", "the day of the week is from Monday to Friday"),
        ("weekday not between 0 and 4", "the day of the week is not from Monday to Friday"),
        ("weekday in (5, 6)", "the day of the week is Saturday or Sunday"),
        ("weekday not in (0, 1, 6)", "the day of the week is not Monday, Tuesday or Sunday"),
        (
            "country = '{own}'",
            "the country is “{own}”",
        ),
    ],
)
def test_it_says_in_english_what_it_means(condition, meant):
    tree = parse(condition)
    assert english(tree) == meant


@pytest.mark.parametrize(
    "condition, at, words, instead",
    [
        ("", 0, "Write a condition", None),
        ("   ", 0, "Write a condition", None),
        ("amount_vs_medain > 5", 0, "no feature called", "amount_vs_median"),
        ("amount > 5 and Amount > 2", 15, "no feature called", "amount"),
        ("own_c > 1", 0, "no feature called", "own_count_10m"),
        ("amount > 5 and eval('1') = 2", 15, "no feature called", None),
        ("country > 5", 10, "A text cannot be compared with a number", None),
        ("5 = country", 4, "A number cannot be compared with a text", None),
        ("country > 'GB'", 8, "never more or less", None),
        ("amount > own_count_24h", 9, "money cannot be compared with a count", None),
        ("amount + hours_since_last > 5", 9, "cannot be compared with a number of hours", None),
        ("amount * own_sum_1h > 5", 9, "means nothing", None),
        ("new_payee = 1", 10, "yes or no by itself", "new_payee"),
        ("amount > new_payee", 9, "yes or no by itself", "new_payee"),
        ("new_payee + 1 > 2", 0, "Here should be a number, not a yes or no", None),
        ("amount", 0, "not a yes or no", None),
        ("amount and new_payee", 0, "not a yes or no", None),
        ("not amount", 4, "not a yes or no", None),
        ("1 < 2", 0, "at least one feature", None),
        ("amount < 5 < 6", 11, "cannot be compared", None),
        ("amount > 5 && new_payee", 11, "as a word", "and"),
        ("!new_payee", 0, "as a word", "not"),
        ("amount > .5", 9, "starts with a digit", "0.5"),
        ("amount > (5", 11, "closed by `)`, not the end", None),
        ("amount >", 8, "not the end", None),
        ("amount > 5 new_payee", 11, "`and`, `or`", None),
        ("amount > 5)", 10, "not `)`", None),
        ("country = 'GB", 10, "never closed", None),
        ("amount > 5; drop", 10, "means nothing", None),
        ("amount not 5", 11, "`in` or `between`", None),
        ("hour in 5", 8, "list in parentheses", None),
        ("hour in ()", 9, "a feature or a value", None),
        ("hour in (1, 'a')", 12, "cannot be compared", None),
        ("hour in (hour)", 9, "numbers or texts", None),
        ("hour between 1 or 2", 15, "should be `and`", None),
        ("missing(amount > 1)", 8, "never missing", None),
        ("min(amount) > 1", 0, "2 values or more", None),
        ("abs(amount, 1) > 1", 10, "at most 1 values", None),
        ("amount > 1\nand contry = 'GB'", 15, "no feature", "country"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(condition, at, words, instead):
    with pytest.raises(ConditionInvalid) as refused:
        parse(condition)
    problem = refused.value
    assert (problem.at, problem.extra["suggestion"]) == (at, instead), problem.message
    assert words in problem.message
    assert problem.code == "condition-invalid" and problem.field == "condition"


@pytest.mark.parametrize(
    "condition, at, words, instead",
    [
        ("hour between 22 and 6", 13, "No hour", "hour >= 22 or hour < 6"),
        ("hour not between 22 and 6", 17, "No hour", "hour >= 6 and hour < 22"),
        ("amount between 5 and 1", 15, "smaller value", "amount between 1 and 5"),
        ("amount + 1 between 5 and 1", 19, "smaller value", "… between 1 and 5"),
        ("hour > 25", 7, "`hour` is 0 to 23", None),
        ("25 < hour", 0, "`hour` is 0 to 23", None),
        ("hour > 23", 7, "`hour` is 0 to 23", None),
        ("23 < hour", 0, "`hour` is 0 to 23", None),
        ("hour < 0", 7, "`hour` is 0 to 23", None),
        ("hour = 2.5", 7, "`hour` is 0 to 23", None),
        ("hour in (23, 24)", 13, "`hour` is 0 to 23", None),
        ("hour between 20 and 24", 20, "`hour` is 0 to 23", None),
        ("weekday = 9", 10, "`weekday` is 0 to 6", None),
        ("amount > -1", 9, "`amount` is 0 or more", None),
        ("payee_last3_share > 150%", 20, "`payee_last3_share` is 0 to 1", None),
        ("kind = 'foo'", 7, "`kind` is transfer or deposit or withdrawal", None),
        ("kind = 'Transfer'", 7, "`kind` is transfer", "'transfer'"),
        ("'foo' != kind", 0, "`kind` is transfer", None),
        ("currency = 'eur'", 11, "three capital letters", "'EUR'"),
        ("currency in ('EUR', 'pound')", 20, "three capital letters", None),
        ("country = 'Portugal'", 10, "two capital letters", None),
        ("amount > 1__0", 9, "One `_`", "10"),
        ("amount > 1_", 9, "One `_`", "1"),
    ],
)
def test_what_no_payment_could_answer_is_refused_when_it_is_written_and_read_when_stored(
    condition, at, words, instead
):
    with pytest.raises(ConditionInvalid) as refused:
        parse_new(condition)
    problem = refused.value
    assert (problem.at, problem.extra["suggestion"]) == (at, instead), problem.message
    assert words in problem.message
    assert features_of(parse(condition))


@pytest.mark.parametrize(
    "condition",
    [
        "hour between 22 and 23", "hour >= 22 or hour < 6", "hour <= 23", "hour >= 0", "hour > 22",
        "weekday in (0, 6)", "amount > 0", "amount >= 0", "amount between 5 and 5",
        "amount > 1_000.50", "balance_share > 150%", "payee_last3_share <= 100%",
        "kind = 'transfer'", "currency != 'EUR'", "country in ('PT', 'ES')",
        "channel = 'anything'", "place = 'Lisbon, PT'", "deviations > -3",
        "amount between own_largest and own_mean", "own_count_24h > 2.5",
    ],
)  # fmt: skip
def test_what_some_payment_could_answer_may_be_written(condition):
    assert parse_new(condition) == parse(condition)


def _nested(levels):
    return "(" * levels + "new_payee" + ")" * levels


BOUNDS = [
    ("new_payee".ljust(LENGTH_MAX), "new_payee".ljust(LENGTH_MAX + 1)),
    (_nested(DEPTH_MAX - 1), _nested(DEPTH_MAX)),
    (f"amount > {'9' * DIGITS_MAX}", f"amount > {'9' * (DIGITS_MAX + 1)}"),
    (f"country = '{'x' * TEXT_MAX}'", f"country = '{'x' * (TEXT_MAX + 1)}'"),
    (
        f"hour in ({', '.join(['1'] * OPTIONS_MAX)})",
        f"hour in ({', '.join(['1'] * (OPTIONS_MAX + 1))})",
    ),
    (
        " and ".join(["new_payee"] * (NODES_MAX // 2)),  # each `and` is a part, too
        " and ".join(["new_payee"] * (NODES_MAX // 2 + 1)),
    ),
    ("amount / own_mean * 2 * 2 * 2 > 1", "amount / own_mean * 2 * 2 * 2 * 2 > 1"),
    ("(amount / 2 / 2) / (own_mean * 2) > 1", "(amount / 2 / 2) / (own_mean * 2 * 2) > 1"),
]


@pytest.mark.parametrize("last, first", BOUNDS)
def test_everything_is_bounded(last, first):
    parse(last)
    with pytest.raises(ConditionInvalid):
        parse(first)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="amount_newpy ()<>=!'\"0123456789.,+-*/%andorti\n", max_size=60) | st.text()
)
def test_nonsense_is_refused_by_name_and_never_breaks_anything(text):
    try:
        tree = parse(text)
    except ConditionInvalid as problem:
        assert 0 <= problem.at <= len(text)
    else:
        assert parse(canonical(tree)) == tree


VALUES = readable(
    {"amount": 500.0, "own_mean": 50, "new_payee": True, "device_new": None, "country": "GB",
     "hour": 3, "balance_share": 0.5, "channel": ""}
)  # fmt: skip


@pytest.mark.parametrize(
    "condition, holds",
    [
        ("amount > 499.99", True), ("amount > 500", False), ("amount >= 500", True),
        ("amount < 500", False), ("amount <= 500", True), ("amount = 500", True),
        ("amount != 500", False), ("amount / own_mean = 10", True),
        ("amount between 500 and 600", True), ("amount between 500.01 and 600", False),
        ("hour in (1, 2, 3)", True), ("hour not in (1, 2, 3)", False), ("new_payee", True),
        ("not new_payee", False), ("device_new", False), ("not device_new", True),
        ("missing(device_new)", True), ("missing(new_payee)", False), ("missing(channel)", True),
        ("channel != 'web'", False), ("country = 'GB'", True), ("balance_share >= 50%", True),
        ("min(amount, own_mean) = 50 and max(amount, own_mean, 1) = 500", True),
        ("abs(own_mean - amount) = 450", True), ("missing(min(amount, travel_kmh))", True),
        ("travel_kmh > 900 or amount > 1", True), ("-amount = -500", True),
    ],
)  # fmt: skip
def test_a_condition_holds_or_it_does_not(condition, holds):
    assert closure(parse(condition))(VALUES) is holds


def test_a_condition_knows_what_it_asks_about():
    assert features_of(parse("amount / own_mean > 2 and missing(place)")) == {
        "amount", "own_mean", "place",
    }  # fmt: skip


def test_every_flag_can_be_denied_and_every_word_is_a_clause():
    for name, word in VOCABULARY.items():
        assert word.no or KINDS[name] is not Kind.FLAG, name
        assert word.noun == word.noun.strip(" .")
