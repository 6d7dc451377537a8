"""New limits tried on payments that were made. Pure: no database."""

from datetime import timedelta

from fraud.limits.own import CustomerPolicies, NewPayee, TimeRange
from fraud.limits.trial import Payment, try_on
from fraud.tests.factories import NOON, facts


def made(*changes, known=True):
    return [Payment(facts(**each), known) for each in changes]


def amounts(refused):
    return [one.facts.amount_minor for one in refused]


def test_no_payments_are_refused_by_nothing():
    assert try_on([], CustomerPolicies(max_transaction_amount={"GBP": 1})) == []


def test_each_is_held_to_the_largest_amount():
    paid = made({"amount_minor": 99}, {"amount_minor": 100}, {"amount_minor": 101})
    [refused] = try_on(paid, CustomerPolicies(max_transaction_amount={"GBP": 100}))
    assert refused.facts.amount_minor == 101
    assert refused.because == "£1.01 is over your own limit of £1.00 a payment"


def test_what_is_refused_is_not_sent_and_leaves_room_for_what_comes_after():
    paid = made({"amount_minor": 60}, {"amount_minor": 50}, {"amount_minor": 40})
    assert amounts(try_on(paid, CustomerPolicies(daily_total={"GBP": 100}))) == [50]


def test_a_day_ends_at_midnight_on_the_clock_of_the_limits():
    """23:30 and 00:30 in Tokyo are half past two and half past three in the afternoon in UTC."""
    times = [{"at": NOON.replace(hour=hour, minute=30)} for hour in (14, 15)]
    one_a_day = CustomerPolicies(daily_payments=1)
    assert len(try_on(made(*times), one_a_day)) == 1
    tokyo = CustomerPolicies(daily_payments=1, timezone="Asia/Tokyo")
    assert try_on(made(*times), tokyo) == []


def test_hours_are_read_on_the_clock_of_the_limits():
    hours = TimeRange(9 * 60, 17 * 60)
    for zone, refused in (("Europe/London", 0), ("Asia/Tokyo", 1)):
        limits = CustomerPolicies(allowed_time_range=hours, timezone=zone)
        assert len(try_on(made({}), limits)) == refused


def test_a_payee_is_new_from_the_first_payment_on_unless_known_before():
    paid = [{"amount_minor": 60, "at": NOON + timedelta(hours=hour)} for hour in (0, 1, 24)]
    limits = CustomerPolicies(new_payee=NewPayee(24, {"GBP": 100}))
    assert amounts(try_on(made(*paid, known=False), limits)) == [60]
    assert try_on(made(*paid), limits) == []


def test_money_between_own_accounts_does_not_count():
    paid = made({"to_self": True}, {}, {"to_self": True})
    assert try_on(paid, CustomerPolicies(daily_payments=1)) == []
