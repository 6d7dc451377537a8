"""What a feature says against a payment, and when it says nothing. Pure: no database."""

from datetime import timedelta

import pytest

from fraud.features import FEATURES, of
from fraud.features.moments import micros_of
from fraud.features.sentences import _SENTENCES, ago, sentence
from fraud.hits import ordinal, times
from fraud.tests.factories import NOON, facts, snapshot
from fraud.travel.judge import Around, Sighting, Travel

STRANGER = {"pair_count": 0, "pair_largest": None, "pair_first_at": None}
NEWCOMER = {"own_count_180d": 0, "own_hour_12": 0, "own_weekday_1": 0}


def back(**length):
    return micros_of(NOON - timedelta(**length))


def way(km, kmh):
    here = Sighting(at=NOON, source="name", place="Lisbon, PT")
    return Travel(km=km, hours=1.0, kmh=kmh, impossible=kmh > 900, from_=here, to=here)


# What is asked for, what is known beside the normal of a hundred payments of £40 and £60 at noon
# on Tuesdays, and the sentence.
TABLE = {
    "amount": [
        ({"amount_minor": 1_00}, {},
         "£1.00 is a very small amount, as if to try whether it works"),
        ({"amount_minor": 5_00}, {},
         "£5.00 is a very small amount, as if to try whether it works"),
        ({"amount_minor": 5_01}, {}, None),
        ({"amount_minor": 499_99}, {}, None),
        ({"amount_minor": 500_00}, {}, "£500.00 is a large amount"),
        ({"amount_minor": 500_00}, {"own_median": 500_00}, None),
    ],
    "amount_scaled": [
        ({"amount_minor": 80_000, "currency": "JPY"}, {}, "¥80,000 is a large amount"),
        ({"amount_minor": 79_999, "currency": "JPY"}, {}, None),
    ],
    "amount_vs_mean": [
        ({"amount_minor": 1}, {}, "£0.01 is far below your usual £50.00"),
        ({"amount_minor": 10_00}, {}, "£10.00 is far below your usual £50.00"),
        ({"amount_minor": 10_01}, {}, None),
        ({}, {}, None),
        ({"amount_minor": 74_99}, {}, None),
        ({"amount_minor": 75_00}, {}, "£75.00 is 1.5 times your usual £50.00"),
        ({"amount_minor": 100_00}, {}, "£100.00 is 2 times your usual £50.00"),
        ({"amount_minor": 497_00}, {}, "£497.00 is 9.9 times your usual £50.00"),
        ({"amount_minor": 498_00}, {}, "£498.00 is 10 times your usual £50.00"),
        ({"amount_minor": 70_979_190_00}, {},
         "£70,979,190.00 is 1,419,584 times your usual £50.00"),
    ],
    "own_mean": [({"amount_minor": 100_00}, {}, "£100.00 is 2 times your usual £50.00")],
    "deviations": [
        ({"amount_minor": 310_00}, {}, "£310.00 is 6.2 times your usual £50.00"),
        ({}, {}, None),
    ],
    "amount_vs_median": [
        ({"amount_minor": 120_00}, {}, "£120.00 is 3 times your median payment of £40.00"),
        ({"amount_minor": 1_00}, {}, "£1.00 is far below your median payment of £40.00"),
        ({}, {}, None),
    ],
    "own_median": [({}, {}, None)],
    "own_median_scaled": [({}, {}, None)],
    "amount_vs_high": [
        ({"amount_minor": 120_00}, {},
         "£120.00 is 2 times what 90 of 100 of your payments stay below, £60.00"),
        ({"amount_minor": 1_00}, {}, None),
    ],
    "own_high": [({}, {}, None)],
    "amount_vs_largest": [
        ({"amount_minor": 120_00}, {}, "£120.00 is 2 times your largest payment so far, £60.00"),
        ({"amount_minor": 1_00}, {}, None),
    ],
    "own_largest": [({}, {}, None)],
    "amount_vs_peer_high": [
        ({}, {"peer_high": 20_00},
         "£50.00 is 2.5 times what 95 of 100 payments of others stay below, £20.00"),
        ({}, {"peer_high": 100_00}, None),
    ],
    "peer_high": [({}, {"peer_high": 100_00}, None)],
    "amount_vs_pair_largest": [
        ({"amount_minor": 120_00}, {},
         "£120.00 is 2 times the most that you have paid this payee, £60.00"),
        ({}, {}, None),
    ],
    "balance_share": [
        ({"balance_minor": 100_00}, {}, "£50.00 is 50% of what the account holds"),
        ({"balance_minor": 101_00}, {}, None),
        ({"balance_minor": 1_00}, {}, "£50.00 is more than what the account holds"),
    ],
    "hour": [
        ({}, {}, None),
        ({}, {"local_hour": 23}, "23:00, you have never paid between 22 and 24"),
        ({}, {"local_hour": 3, "local_minute": 10}, "03:10, you have never paid between 0 and 6"),
        ({}, {"local_hour": 3, **NEWCOMER}, "It is 03:00 at night on your clock"),
        ({}, {"local_hour": 23, **NEWCOMER}, None),
    ],
    "hour_share": [
        ({}, {"local_hour": 3, "own_hour_4": 1},
         "03:00, 1 of your 100 payments was between 0 and 6"),
        ({}, {"local_hour": 3, "own_hour_4": 10},
         "03:00, 10 of your 100 payments were between 0 and 6"),
        ({}, {"local_hour": 3, "own_hour_4": 11}, None),
    ],
    "weekday": [({}, {}, None), ({}, {"local_weekday": 5}, "You have never paid on a Saturday")],
    "weekday_share": [
        ({}, {"local_weekday": 6, "own_weekday_6": 1}, "1 of your 100 payments was on a Sunday"),
        ({}, {"local_weekday": 6, "own_weekday_6": 2}, "2 of your 100 payments were on a Sunday"),
        ({}, {"local_weekday": 6, "own_weekday_6": 11}, None),
    ],
    "hours_since_last": [
        ({}, {"own_last_at": back(seconds=59)}, "Your last payment was less than a minute ago"),
        ({}, {"own_last_at": back(minutes=1)}, "Your last payment was 1 minute ago"),
        ({}, {"own_last_at": back(minutes=59)}, "Your last payment was 59 minutes ago"),
        ({}, {"own_last_at": back(minutes=60)}, None),
        ({}, {"own_last_at": back(days=29)}, None),
        ({}, {"own_last_at": back(days=30)}, "Your first payment for 30 days"),
    ],
    "days_known": [
        ({}, {}, None),
        ({}, {"own_first_at": back(hours=1)},
         "Your first payment was 1 hour ago: we hardly know you yet"),
        ({}, {"own_first_at": back(days=29)},
         "Your first payment was 29 days ago: we hardly know you yet"),
        ({}, {"own_first_at": back(days=30)}, None),
    ],
    "own_count_10m": [
        ({}, {"own_count_10m": 0}, None),
        ({}, {"own_count_10m": 1}, None),
        ({}, {"own_count_10m": 2}, "This is your 3rd payment within 10 minutes"),
    ],
    "own_count_1h": [({}, {"own_count_1h": 4}, "This is your 5th payment within an hour")],
    "own_count_24h": [({}, {"own_count_24h": 20}, "This is your 21st payment within 24 hours")],
    "own_count_7d": [
        ({}, {"own_count_7d": 0}, "Your first payment for 7 days"),
        ({}, {"own_count_7d": 0, **NEWCOMER}, None),
        ({}, {"own_count_7d": 10}, None),  # the usual are seven
        ({}, {"own_count_7d": 11},
         "You made 11 payments in the last 7 days, more than you usually do"),
    ],
    "own_count_30d": [
        ({}, {"own_count_30d": 44}, None),
        ({}, {"own_count_30d": 45},
         "You made 45 payments in the last 30 days, more than you usually do"),
    ],
    "own_count_180d": [
        ({}, {}, None),
        ({}, {"own_count_180d": 20}, None),
        ({}, {"own_count_180d": 19}, "We know only 19 payments of yours"),
        ({}, {"own_count_180d": 1}, "We know only 1 payment of yours"),
        ({}, {"own_count_180d": 0}, "We know no payment of yours yet"),
    ],
    "own_sum_1h": [
        ({}, {"own_sum_1h": 0}, None),
        ({}, {"own_sum_1h": 99_99}, None),
        ({}, {"own_sum_1h": 100_00}, "You have spent £100.00 in the last hour"),
    ],
    "own_sum_24h": [
        ({}, {"own_sum_24h": 1_234_50}, "You have spent £1,234.50 in the last 24 hours")
    ],
    "own_sum_24h_vs_mean": [
        ({}, {"own_sum_24h": 100_00},
         "You have spent £100.00 in the last 24 hours, more than you usually do"),
        ({}, {"own_sum_24h": 0}, None),
    ],
    "own_sum_7d": [
        ({}, {"own_sum_7d": 524_99}, None),  # the usual are £350
        ({}, {"own_sum_7d": 525_00},
         "You have spent £525.00 in the last 7 days, more than you usually do"),
    ],
    "own_sum_7d_vs_mean": [({}, {"own_sum_7d": 524_99}, None)],
    "own_sum_30d": [
        ({}, {"own_sum_30d": 1_234_50}, None),
        ({}, {"own_sum_30d": 2_250_00},
         "You have spent £2,250.00 in the last 30 days, more than you usually do"),
    ],
    **{
        f"own_unusual_{days}d": [
            ({}, {f"own_unusual_{days}d": 0}, None),
            ({}, {f"own_unusual_{days}d": 1},
             f"1 of your payments in the last {days} days was unusually large"),
            ({}, {f"own_unusual_{days}d": 2},
             f"2 of your payments in the last {days} days were unusually large"),
        ]
        for days in (3, 7, 30)
    },
    "own_payees_24h": [
        ({}, {"own_payees_24h": 1}, None),
        ({}, {"own_payees_24h": 2}, "You paid 2 different payees in the last 24 hours"),
    ],
    "own_frauds_28d": [
        ({}, {"own_frauds_28d": 0}, None),
        ({}, {"own_frauds_28d": 1},
         "1 of your payments became known as fraud in the last 28 days"),
        ({}, {"own_frauds_28d": 2},
         "2 of your payments became known as fraud in the last 28 days"),
    ],
    "new_payee": [({}, STRANGER, "First payment to this payee"), ({}, {}, None)],
    "pair_count": [
        ({}, STRANGER, "First payment to this payee"),
        ({"kind": "withdrawal", "counterparty": ""}, STRANGER, None),
        ({}, {"pair_count": 1}, "You have paid this payee only once before"),
        ({}, {"pair_count": 2}, "You have paid this payee only twice before"),
        ({}, {"pair_count": 3}, None),
    ],
    "days_since_pair_first": [
        ({}, {"pair_first_at": back(days=1)}, "You first paid this payee 1 day ago"),
        ({}, {"pair_first_at": back(days=30)}, None),
    ],
    **{
        f"payee_count_{span}": [
            ({}, {f"payee_count_{span}": 0},
             f"No payments to this payee by all customers in the last {words}"),
            ({}, {f"payee_count_{span}": 1}, None),
            ({}, {f"payee_count_{span}": 9}, None),
            ({}, {f"payee_count_{span}": 1000},
             f"1,000 payments to this payee by all customers in the last {words}"),
            ({"kind": "withdrawal", "counterparty": ""}, {f"payee_count_{span}": 0}, None),
        ]
        for span, words in (("24h", "24 hours"), ("7d", "7 days"), ("28d", "28 days"))
    },
    "payee_customers_7d": [
        ({}, {"payee_customers_7d": 0}, "No customers paid this payee in the last 7 days"),
        ({}, {"payee_customers_7d": 9}, None),
        ({}, {"payee_customers_7d": 10}, "10 customers paid this payee in the last 7 days"),
    ],
    **{
        f"payee_frauds_{span}": [
            ({}, {f"payee_frauds_{span}": 0}, None),
            ({}, {f"payee_frauds_{span}": 1},
             f"1 payment to this payee became known as fraud {words}"),
            ({}, {f"payee_frauds_{span}": 2},
             f"2 payments to this payee became known as fraud {words}"),
        ]
        for span, words in (
            ("1d", "within a day"), ("7d", "in the last 7 days"), ("28d", "in the last 28 days"),
        )
    },
    "payee_labels_28d": [({}, {"payee_labels_28d": 4, "payee_frauds_28d": 0}, None)],
    "payee_fraud_share_28d": [
        ({}, {"payee_labels_28d": 4, "payee_frauds_28d": 0}, None),
        ({}, {"payee_labels_28d": 1, "payee_frauds_28d": 1},
         "The only payment to this payee cleared up in 28 days was fraud"),
        ({}, {"payee_labels_28d": 4, "payee_frauds_28d": 1},
         "1 of the 4 payments to this payee cleared up in 28 days was fraud"),
    ],
    **{
        f"payee_last{n}_share": [
            ({}, {f"payee_last{n}_labels": n, f"payee_last{n}_frauds": 0}, None),
            ({}, {f"payee_last{n}_labels": n, f"payee_last{n}_frauds": 2},
             f"2 of the {n} newest payments to this payee cleared up were fraud"),
        ]
        for n in (3, 5)
    },
    "payee_days_since_first_fraud": [
        ({}, {"payee_first_fraud_at": back(hours=5)},
         "The first known fraud at this payee was 5 hours ago"),
    ],
    "payee_days_since_last_fraud": [
        ({}, {"payee_last_fraud_at": back(days=3)},
         "The newest known fraud at this payee was 3 days ago"),
    ],
    "payee_days_in_series": [
        ({}, {"payee_series_at": back(days=2)},
         "Nothing genuine is known of this payee since its frauds began 2 days ago"),
    ],
    "payee_good_since_fraud": [
        ({}, {"payee_good_since_fraud": 0},
         "No genuine payment to this payee since its newest known fraud"),
        ({}, {"payee_good_since_fraud": 1},
         "Only 1 genuine payment to this payee since its newest known fraud"),
        ({}, {"payee_good_since_fraud": 10}, None),
    ],
    "received_24h": [
        ({}, {"received_sum_24h": 99_99}, None),
        ({}, {"received_sum_24h": 2_000_00}, "£2,000.00 reached the account in the last 24 hours"),
    ],
    "minutes_since_received": [
        ({}, {"received_last_at": back(minutes=1)},
         "Money reached the account 1 minute ago and is leaving again"),
        ({}, {"received_last_at": back(hours=23)},
         "Money reached the account 23 hours ago and is leaving again"),
        ({}, {"received_last_at": back(hours=24)}, None),
    ],
    "out_in_ratio_24h": [
        ({}, {"received_sum_24h": 100_01}, None),
        ({}, {"received_sum_24h": 100_00},
         "Of what reached the account in 24 hours, 50% is leaving again"),
        ({}, {"received_sum_24h": 40_00},
         "Of what reached the account in 24 hours, 100% is leaving again"),
        ({}, {"received_sum_24h": 25_00},
         "2 times as much leaves the account as reached it in 24 hours"),
    ],
    "back_count_30d": [
        ({}, {"back_count_30d": 0}, None),
        ({}, {"back_count_30d": 1}, "This payee has paid you once in the last 30 days"),
        ({}, {"back_count_30d": 2}, "This payee has paid you 2 times in the last 30 days"),
    ],
    "session_risk": [
        ({}, {"session_risk": 0.59}, None),
        ({}, {"session_risk": 0.6}, "The typing in this session differs from yours (60%)"),
    ],
    "travel_kmh": [
        ({}, {"travel": way(1500.0, 1500.0)}, "You would have travelled here at 1,500 km/h"),
        ({}, {"travel": way(99.0, 1500.0)}, None),
        ({}, {"travel": way(150.0, 150.0)}, None),
    ],
    "travel_impossible": [
        ({}, {"travel": way(1500.0, 1500.0)}, "Nobody travels here so fast"),
        ({}, {"travel": way(150.0, 150.0)}, None),
    ],
    "device_new": [
        ({"device": "phone"}, {}, "A device you have not paid with before"),
        ({"device": "phone"}, {"own_device_count": 1}, None),
    ],
    "device_known": [
        ({}, {"around": Around(device_known=False)}, "A device that we do not know as yours"),
        ({}, {"around": Around(device_known=True)}, None),
    ],
    "device_customers_30d": [
        ({}, {"device_customers_30d": 1}, None),
        ({}, {"device_customers_30d": 2},
         "2 customers paid with this device in the last 30 days"),
    ],
    "address_hosting": [
        ({}, {"around": Around(hosting=True)}, "The internet address is a VPN's or a server's"),
        ({}, {"around": Around(hosting=False)}, None),
    ],
    "addresses_24h": [
        ({}, {"around": Around(addresses_24h=2)}, None),
        ({}, {"around": Around(addresses_24h=3)}, "You came from 3 internet addresses in 24 hours"),
    ],
    "tries_10s": [
        ({}, {"around": Around(tries_10s=0)}, None),
        ({}, {"around": Around(tries_10s=1)}, "You tried to pay a moment before"),
        ({}, {"around": Around(tries_10s=2)}, "You tried to pay 2 times in the 10 seconds before"),
    ],
    "tries_60s": [
        ({}, {"around": Around(tries_60s=1)}, None),
        ({}, {"around": Around(tries_60s=2)}, "You tried to pay 2 times in the minute before"),
    ],
    "to_self": [({"to_self": True}, {}, None), ({"to_self": False}, {}, None)],
}  # fmt: skip


@pytest.mark.parametrize(
    "name, asked, known, text",
    [(name, *row) for name, rows in TABLE.items() for row in rows],
)
def test_what_a_feature_says(name, asked, known, text):
    payment, before = facts(**asked), snapshot(**known)
    values = of(payment, before)
    assert values[name] is not None, "the table asks about something unknown"
    assert sentence(name, payment, before, values) == text


def test_every_number_has_its_sentence_and_the_table_knows_all_of_them():
    numeric = {name for name, feature in FEATURES.items() if feature.numeric}
    assert set(_SENTENCES) == numeric == set(TABLE)


def test_nothing_is_said_of_what_is_unknown_or_no_feature():
    payment, before = facts(), snapshot()
    values = of(payment, before)
    for name in ("session_risk", "rules_score", "country", "nonsense"):
        assert sentence(name, payment, before, values) is None


def test_the_model_itself_may_speak():
    assert sentence("unlike_others", facts(), snapshot(), {}) == (
        "Unlike most payments of all customers"
    )


@pytest.mark.parametrize(
    "ratio, text",
    [
        (1.0, "1 times"), (1.06, "1.1 times"), (9.94, "9.9 times"), (9.96, "10 times"),
        (10.4, "10 times"), (1_419_583.8, "1,419,584 times"),
    ],
)  # fmt: skip
def test_how_many_times(ratio, text):
    assert times(ratio) == text


@pytest.mark.parametrize(
    "number, text",
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (111, "111th"), (1_003, "1,003rd")],
)  # fmt: skip
def test_which_one_in_a_row(number, text):
    assert ordinal(number) == text


@pytest.mark.parametrize(
    "hours, text",
    [(0, "less than a minute ago"), (1 / 60, "1 minute ago"), (0.99, "59 minutes ago"),
     (1, "1 hour ago"), (23.9, "23 hours ago"), (24, "1 day ago"), (24_000, "1,000 days ago")],
)  # fmt: skip
def test_how_long_ago(hours, text):
    assert ago(hours) == text
