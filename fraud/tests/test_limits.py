"""Own limits in the database: written, read by the clock, counted, and never passed by two."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import Record
from fintrust.core.etags import PreconditionFailed, seen
from fraud import selectors, services
from fraud.errors import ForbiddenByOwnLimit, InvalidLimit, TooManyPendingChanges
from fraud.limits import selectors as limits
from fraud.limits.own import CustomerPolicies, NewPayee, TimeRange
from fraud.limits.policy import LIMITS
from fraud.limits.services import cancel_pending, set_policies
from fraud.models import Decision, PaymentFact, PolicyVersion
from fraud.tests.factories import customer, facts, limit_payments, paid
from fraud.verdict import CURRENT, decide
from fraud.whatif import services as whatif

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 27, 9, 0, tzinfo=UTC)  # two days before the clocks change in Europe
DAY, SECOND = LIMITS.loosening_wait, timedelta(seconds=1)
FRIEND = "acc_01kahkf19qf7wa2mgdb9wkbn4x"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as found:
        yield found


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def write(ada):
    def do(*, stepped_up=False, expected=None, **own):
        asked = CustomerPolicies(**{"timezone": "Europe/London", **own})
        return set_policies(
            customer=ada, asked=asked, by=ada, stepped_up=stepped_up, expected=expected
        )

    return do


@pytest.fixture
def pay(ada):
    """Ask for a payment now, and let it move unless it is forbidden; the decision."""

    def do(amount=50_00, **changes):
        asked = facts(**{"customer_id": ada.pk, "at": timezone.now(), **changes})
        decision = services.assess(asked if "amount_minor" in changes else _with(asked, amount))
        if not decision.forbidden:
            services.observe(decision)
        return decision

    return do


def _with(asked, amount):
    return facts(**{**asked.to_json(), "customer_id": asked.customer_id, "at": asked.at,
                    "amount_minor": amount})  # fmt: skip


def codes(decision):
    return [reason["code"] for reason in decision.reasons]


# --- writing --------------------------------------------------------------------------------


def test_limits_hold_from_the_next_payment_on(write, pay):
    assert not pay().forbidden
    write(max_transaction_amount={"GBP": 49_99})
    refused = pay()
    assert refused.forbidden and codes(refused) == ["largest_amount"]


def test_a_looser_limit_takes_effect_by_the_clock_of_the_read(clock, write, pay):
    write(max_transaction_amount={"GBP": 10_00})
    write(max_transaction_amount={"GBP": 100_00})
    clock.move_to(START + DAY - SECOND)
    assert pay().forbidden
    clock.move_to(START + DAY)
    assert not pay().forbidden


def test_every_version_is_kept_and_tells_what_was_in_force(clock, ada, write):
    write(max_transaction_amount={"GBP": 10_00})
    clock.shift(3600)
    write(max_transaction_amount={"GBP": 100_00})
    versions = list(limits.versions_of(ada))
    assert [version.version for version in versions] == [2, 1]

    def then(moment):
        return limits.written_by(ada, at=moment).in_force(moment).max_transaction_amount

    assert then(START - SECOND) == {}
    assert then(START) == {"GBP": 10_00}
    assert then(START + timedelta(hours=1) + DAY - SECOND) == {"GBP": 10_00}
    assert then(START + timedelta(hours=1) + DAY) == {"GBP": 100_00}


def test_writing_leaves_a_record_of_what_got_looser_and_until_when_it_waits(clock, ada, write):
    write(max_transaction_amount={"GBP": 10_00}, block_withdrawals=True)
    write(max_transaction_amount={"GBP": 5_00})
    record = Record.objects.filter(action="fraud.limits.changed").latest("id")
    assert (record.subject, record.owner_id) == (ada.public_id, ada.pk)
    assert record.before == {"block_withdrawals": True, "max_transaction_amount": {"GBP": 10_00}}
    assert record.after == {"max_transaction_amount": {"GBP": 5_00}}
    assert record.data == {
        "version": 2,
        "looser": ["block_withdrawals"],
        "confirmed_by_pin": False,
        "waits_until": (START + DAY).isoformat(),
    }


def test_the_same_again_writes_nothing(ada, write):
    for _ in range(2):
        write(daily_payments=3)
    assert limits.versions_of(ada).count() == 1
    assert Record.objects.filter(action="fraud.limits.changed").count() == 1


def test_no_limits_by_somebody_who_has_none_write_nothing(write):
    assert write() is None
    assert not PolicyVersion.objects.exists()


def test_by_pin_what_waits_holds_at_once(ada, write, pay):
    write(max_transaction_amount={"GBP": 10_00})
    write(max_transaction_amount={"GBP": 100_00})
    assert pay().forbidden
    write(max_transaction_amount={"GBP": 100_00}, stepped_up=True)
    assert not pay().forbidden


def test_what_waits_is_taken_back(clock, ada, write, pay):
    write(max_transaction_amount={"GBP": 10_00})
    write(max_transaction_amount={"GBP": 100_00})
    cancel_pending(customer=ada, by=ada)
    clock.move_to(START + 2 * DAY)
    assert pay().forbidden
    assert limits.written_by(ada).pending(timezone.now()) == []


def test_two_tabs_do_not_overwrite_each_other_unseen(ada, write):
    write(daily_payments=3)
    write(daily_payments=2, expected=seen(1))
    with pytest.raises(PreconditionFailed):
        write(daily_payments=1, expected=seen(1))
    assert limits.written_by(ada).asked.daily_payments == 2


def test_so_many_looser_changes_wait_and_no_more_but_a_tighter_one_always_goes(clock, ada, write):
    for count in range(1, LIMITS.waiting_max + 2):
        write(daily_payments=count)
        clock.shift(60)
    with pytest.raises(TooManyPendingChanges):
        write(daily_payments=LIMITS.waiting_max + 2)
    write(daily_payments=1)
    assert limits.written_by(ada).in_force(timezone.now()).daily_payments == 1
    assert limits.written_by(ada).earlier == ()


def test_a_change_waits_for_the_limits_that_are_kept_though_the_profile_moves(clock, ada, write):
    """Who turns the clock of the profile neither starts the day anew nor chooses the hour."""
    write(allowed_time_range=TimeRange(9 * 60, 17 * 60))
    ada.timezone = "Asia/Tokyo"
    ada.save()
    asked = facts(customer_id=ada.pk, at=START + timedelta(hours=9), timezone="Asia/Tokyo")
    assert services.judge(asked).forbidden  # 18:00 in London, 03:00 in Tokyo
    write(allowed_time_range=TimeRange(9 * 60, 17 * 60), timezone="Asia/Tokyo")
    assert limits.written_by(ada).in_force(timezone.now()).timezone == "Europe/London"
    later = START + DAY
    assert limits.written_by(ada).in_force(later).timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    "field, works, not_any_more",
    [
        ("max_transaction_amount", {"EUR": 10**18 - 1}, {"EUR": 10**18}),
        ("max_transaction_amount", {"EUR": 1}, {"EUR": 0}),
        ("daily_total", {"EUR": 1}, {"EUR": -1}),
        ("daily_total", {"EUR": 1}, {"QQQ": 1}),
        ("daily_payments", 1, 0),
        ("daily_payments", 1000, 1001),
        ("allowed_locations", ("x" * 60,), ("x" * 61,)),
        ("allowed_locations", ("PT",), ("P",)),
        ("allowed_locations", ("PT",), ()),
        ("allowed_locations", ("PT", "ES"), ("PT", "pt")),
        ("allowed_locations", ("PT",), ("12, 34",)),
        ("allowed_locations", ("PT",), ("Lis\u200bbon",)),
        ("allowed_locations", ("PT",), ("Lis\x00bon",)),
        (
            "allowed_locations",
            tuple(f"Town {chr(97 + n)}" for n in range(26)),
            tuple(f"Town {chr(97 + n // 6)}{n}" for n in range(31)),
        ),
        ("allowed_time_range", TimeRange(0, 1439), TimeRange(60, 60)),
        ("allowed_time_range", TimeRange(0, 1439), TimeRange(0, 1440)),
        ("allowed_currencies", ("EUR",), ("EUR", "EUR")),
        ("allowed_currencies", ("EUR",), ("eur",)),
        ("allowed_currencies", ("EUR",), ()),
        ("allowed_payees", (FRIEND,), (FRIEND, FRIEND)),
        ("allowed_payees", (FRIEND,), ("pay" + FRIEND[3:],)),
        ("allowed_payees", (FRIEND,), ("FT61 0000 0010 0042",)),
        ("new_payee", NewPayee(720, {"EUR": 1}), NewPayee(721, {"EUR": 1})),
        ("new_payee", NewPayee(1, {"EUR": 1}), NewPayee(0, {"EUR": 1})),
        ("new_payee", NewPayee(1, {"EUR": 1}), NewPayee(1, {})),
        ("new_payee", NewPayee(1, {"EUR": 1}), NewPayee(1, {"EUR": 0})),
    ],
)
def test_what_is_no_limit_is_refused_by_its_field_and_changes_nothing(
    write, field, works, not_any_more
):
    with pytest.raises(InvalidLimit) as problem:
        write(**{field: not_any_more})
    assert problem.value.field == field
    assert not PolicyVersion.objects.exists()
    assert write(**{field: works}).version == 1


def test_the_most_that_is_kept_fits_its_audit_record(write):
    """Both sides of a change at their bounds, in letters of four bytes."""

    def most(letter):
        places = tuple(
            chr(0x20000 + letter * 100 + n) * LIMITS.place_chars_max
            for n in range(LIMITS.places_max)
        )
        ids = tuple(f"acc_01kahkf19qf7wa2mgdb9wk{letter}{n:03}" for n in range(LIMITS.payees_max))
        amounts = {"EUR": 10**18 - letter}
        return {
            "allowed_locations": places,
            "allowed_payees": ids,
            "max_transaction_amount": amounts,
        }

    write(**most(1))
    assert write(**most(2)).version == 2


# --- the day --------------------------------------------------------------------------------


def test_what_moved_today_counts_in_its_currency(write, pay):
    write(daily_total={"GBP": 100_00, "EUR": 60_00})
    assert not pay(60_00).forbidden
    assert not pay(60_00, currency="EUR").forbidden
    refused = pay(40_01)
    assert codes(refused) == ["daily_total"]
    assert not pay(40_00).forbidden


def test_what_is_refused_or_only_judged_is_not_sent(write, pay, ada):
    write(daily_total={"GBP": 100_00})
    assert pay(100_01).forbidden
    services.judge(facts(customer_id=ada.pk, at=timezone.now(), amount_minor=100_00))
    assert not pay(100_00).forbidden


def test_what_comes_in_and_what_moves_between_own_accounts_does_not_count(write, pay):
    write(daily_total={"GBP": 100_00}, daily_payments=1)
    pay(90_00, to_self=True)
    pay(90_00, outgoing=False, kind="deposit")
    assert not pay(100_00).forbidden
    assert codes(pay(1)) == ["daily_total", "daily_payments"]


def test_somebody_elses_day_is_theirs(write, pay):
    other = customer("bob@example.com")
    write(daily_total={"GBP": 100_00})
    paid(customer_id=other.pk, at=timezone.now(), amount_minor=90_00)
    assert not pay(100_00).forbidden


@pytest.mark.parametrize(
    "zone, midnight",
    [
        ("Europe/London", datetime(2026, 3, 28, tzinfo=UTC)),
        ("Asia/Tokyo", datetime(2026, 3, 27, 15, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 28, 4, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 3, 27, 18, 15, tzinfo=UTC)),
    ],
)
def test_a_day_starts_at_midnight_on_the_clock_of_the_limits(clock, write, pay, zone, midnight):
    write(daily_payments=1, timezone=zone)
    clock.move_to(midnight - SECOND)
    assert not pay().forbidden
    assert pay().forbidden
    clock.move_to(midnight)
    assert not pay().forbidden


@pytest.mark.parametrize(
    "zone, day, hours",
    [
        ("Europe/London", date(2026, 3, 28), 24),
        ("Europe/London", date(2026, 3, 29), 23),
        ("Europe/London", date(2026, 10, 25), 25),
        ("America/Santiago", date(2026, 9, 6), 23),  # there midnight itself is skipped
        ("America/Havana", date(2026, 11, 1), 25),  # and here it comes twice
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Mars/Base", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_it_is(zone, day, hours):
    start, end = limits.day_of(day, zone)
    assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    "at, works",
    [
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), False),  # 23:59:59 in London, the 24th
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),  # 01:30, the first time
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),  # 01:30, the second time
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),  # 02:00
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), False),  # 00:59:59, then it is 02:00
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 30, 0, 0, tzinfo=UTC), True),  # 01:00 in summer
    ],
)
def test_hours_are_those_on_the_wall_also_when_the_clocks_change(ada, write, at, works):
    write(allowed_time_range=TimeRange(60, 120))
    asked = facts(customer_id=ada.pk, at=at)
    assert services.judge(asked).forbidden is not works


def test_money_that_waited_counts_on_the_day_it_moves(clock, ada, write, pay):
    """Whoever collects held payments cannot send them all on one day."""
    held = services.assess(facts(customer_id=ada.pk, at=START, amount_minor=80_00))
    with time_machine.travel(START + timedelta(days=1), tick=False):
        write(daily_total={"GBP": 100_00})
        PaymentFact.objects.bulk_create([_moved(held, recorded_at=timezone.now())])
        assert codes(pay(20_01)) == ["daily_total"]
        assert not pay(20_00).forbidden
    with time_machine.travel(START + timedelta(days=2), tick=False):
        assert not pay(100_00).forbidden


def _moved(decision, *, recorded_at):
    asked = decision.facts_then()
    return PaymentFact(
        decision=decision, subject=asked.subject, kind=asked.kind, customer_id=asked.customer_id,
        account=asked.account, counterparty=asked.counterparty, outgoing=True,
        amount_minor=asked.amount_minor, currency=asked.currency, local_hour=9, at=asked.at,
        recorded_at=recorded_at,
    )  # fmt: skip


# --- new payees -----------------------------------------------------------------------------


def test_a_new_payee_gets_no_more_until_the_hours_have_passed(clock, write, pay):
    write(new_payee=NewPayee(48, {"GBP": 100_00}))
    assert codes(pay(100_01)) == ["new_payee_cooling_off"]
    assert not pay(60_00).forbidden
    clock.move_to(START + timedelta(hours=48) - SECOND)
    assert pay(40_01).forbidden
    assert not pay(40_00).forbidden
    clock.move_to(START + timedelta(hours=48))
    assert not pay(5_000_00).forbidden


def test_who_was_paid_long_ago_is_not_new(clock, ada, write, pay):
    paid(customer_id=ada.pk, at=START - timedelta(days=400), amount_minor=1)
    write(new_payee=NewPayee(720, {"GBP": 1}))
    assert not pay().forbidden
    assert pay(counterparty="acc_stranger").forbidden


def test_a_stranger_to_one_is_known_to_another(clock, write, pay):
    other = customer("bob@example.com")
    paid(customer_id=other.pk, at=START - timedelta(days=9), counterparty="acc_shop")
    write(new_payee=NewPayee(24, {"GBP": 1}))
    assert pay(counterparty="acc_shop").forbidden


# --- decisions ------------------------------------------------------------------------------


def test_a_refusal_is_stored_with_its_reason_replayed_exactly_and_never_learned(write, pay):
    write(daily_total={"GBP": 1_00}, allowed_locations=("PT",), only_allowed_payees=True)
    decision = Decision.objects.get(pk=pay(place="Madrid, ES").pk)
    assert codes(decision) == ["daily_total", "place_not_allowed", "payee_not_allowed"]
    again = decide(decision.facts_then(), decision.snapshot_then(), CURRENT)
    assert again.reasons_json() == decision.reasons and again.forbidden
    with pytest.raises(ForbiddenByOwnLimit):
        services.observe(decision)
    assert Record.objects.filter(action="fraud.decision.made", subject=decision.public_id).exists()


@pytest.mark.parametrize(
    "own, more",
    [
        ({"max_transaction_amount": {"GBP": 1}, "allowed_locations": ("PT",)}, 0),
        ({"allowed_time_range": TimeRange(0, 60)}, 0),
        ({"daily_payments": 1}, 1),
        ({"new_payee": NewPayee(1, {"GBP": 1})}, 1),
    ],
)
def test_only_who_limits_what_counts_is_asked_about_further(
    ada, write, django_assert_num_queries, own, more
):
    """Beside the snapshot's one statement, which Django does not count."""
    write(**own)
    with django_assert_num_queries(more):
        selectors.snapshot_for(facts(customer_id=ada.pk))


def test_limits_of_now_are_asked_again_before_money_that_waited_moves(write, ada):
    held = services.assess(facts(customer_id=ada.pk, at=timezone.now()))
    assert services.recheck(held) is None
    assert Decision.objects.count() == 1
    write(max_transaction_amount={"GBP": 1})
    again = services.recheck(held)
    assert again.forbidden and again.subject == held.subject and again.pk != held.pk


@pytest.mark.parametrize(
    "after, forbidden",
    [
        (-timedelta(days=10), True),
        (timedelta(hours=24) - timedelta(seconds=1), True),
        (timedelta(hours=24), False),
        (timedelta(days=7), False),
    ],
)
def test_what_if_asks_the_limits_that_will_be_in_force_by_then(ada, after, forbidden):
    with time_machine.travel(START, tick=False):
        limit_payments(ada, {"GBP": 40_00})
        limit_payments(ada, {"GBP": 60_00})
        asked = facts(customer_id=ada.pk, at=START + after)
        assert whatif.ask(asked, by=ada).verdict.forbidden is forbidden
        # What really moves is held to the limits of now, whatever its asker says of the time.
        assert services.judge(asked).forbidden
