"""Scheduled payments: every date once, on the customer's own days, whatever happens meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from django.db import connection, transaction

from audit.models import Record
from banking import ledger
from banking.care.selectors import obstacles_to_closing
from banking.errors import AccountClosed, SameAccount
from banking.insights import selectors as insights
from banking.models import Occurrence, Schedule, Transfer
from banking.payees.errors import UnknownPayee
from banking.policy import SchedulePolicy
from banking.schedules import errors, selectors, services
from banking.schedules.dates import Plan, Rhythm, Weekend
from banking.schedules.services import Wish, run_due
from banking.tests.conftest import open_funded
from banking.verify import verify_ledger
from fintrust.core.errors import NotFound
from fintrust.core.etags import PreconditionFailed
from fintrust.core.idempotency import IdempotencyKeyReused
from fintrust.core.ids import uuid7
from fintrust.core.models import Event, User
from fintrust.core.money import CurrencyMismatch, Money
from fintrust.testing import servers
from fraud.tests.factories import limit_payments

LONDON = ZoneInfo("Europe/London")
TODAY = date(2026, 5, 4)  # a Monday


def clock(day: date = TODAY, hour: int = 9, minute: int = 0, zone=LONDON):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


@pytest.fixture
def now(request):
    """The bank's clock stands at nine in London, on a Monday in May."""
    with time_machine.travel(clock(), tick=False) as traveller:
        yield traveller


def plan(first=TODAY, rhythm=Rhythm.MONTHLY, **more) -> Plan:
    return Plan(first, rhythm, **more)


def make(source, target, minor=10_00, request_id=None, note="Rent", **dates) -> Schedule:
    amount = Money(minor, source.currency)
    wish = Wish(source, target, "Ben", amount, plan(**dates), note)
    return services.create_schedule(
        by=source.owner, wish=wish, request_id=request_id or str(uuid7())
    )


@pytest.fixture
def schedule(now, hers, his):
    return make(hers, his)


def came(schedule) -> list[tuple[str, str, str]]:
    rows = schedule.occurrences.order_by("due_on")
    return [(str(row.due_on), row.status, row.reason) for row in rows]


def sweep(now, *times: datetime) -> None:
    for moment in times:
        now.move_to(moment, tick=False)
        run_due()


# --- making ---------------------------------------------------------------------------------


@pytest.mark.django_db
class TestMaking:
    def test_a_plan_moves_nothing_until_its_day(self, now, hers, his):
        schedule = make(hers, his, first=TODAY + timedelta(days=1))
        assert run_due() == 0
        assert (schedule.status, schedule.next_on) == ("active", TODAY + timedelta(days=1))
        assert Record.objects.filter(action="banking.schedule.created").count() == 1

    def test_the_same_request_again_is_the_same_schedule(self, now, hers, his):
        first = make(hers, his, request_id="r-1")
        again = make(hers, his, request_id="r-1")
        assert (again.pk, again.replayed) == (first.pk, True)
        with pytest.raises(IdempotencyKeyReused):
            make(hers, his, 11_00, request_id="r-1")
        assert Schedule.objects.count() == 1

    @pytest.mark.parametrize(
        "dates, error",
        [
            ({"first": TODAY}, None),
            ({"first": TODAY - timedelta(days=1)}, errors.ScheduleInPast),
            ({"first": TODAY + timedelta(days=5 * 366)}, None),
            ({"first": TODAY + timedelta(days=5 * 366 + 1)}, errors.ScheduleTooFar),
            ({"until": TODAY}, None),
            ({"until": TODAY - timedelta(days=1)}, errors.ScheduleWithoutDates),
            ({"until": TODAY + timedelta(days=50 * 366 + 1)}, errors.ScheduleTooFar),
            (
                {"rhythm": Rhythm.MONTH_END, "until": TODAY + timedelta(days=26)},
                errors.ScheduleWithoutDates,
            ),
            ({"rhythm": Rhythm.MONTH_END, "until": TODAY + timedelta(days=27)}, None),
        ],
    )
    def test_a_plan_has_a_date_and_none_in_the_past(self, now, hers, his, dates, error):
        if error is None:
            assert make(hers, his, **dates).next_on
        else:
            with pytest.raises(error):
                make(hers, his, **dates)
            assert not Schedule.objects.exists()

    def test_today_is_the_customers_today(self, ada, hers, his):
        ada.timezone = "Pacific/Auckland"  # where it is the fifth already
        ada.save()
        with time_machine.travel(clock(hour=22), tick=False):
            hers.owner.refresh_from_db()
            with pytest.raises(errors.ScheduleInPast):
                make(hers, his)

    def test_what_could_never_be_paid_is_no_plan(self, now, ada, hers, his, ben):
        with pytest.raises(SameAccount):
            make(hers, hers)
        with pytest.raises(CurrencyMismatch):
            make(hers, open_funded(ben, 0, "USD"))
        with pytest.raises(UnknownPayee):
            make(hers, ledger.internal("clearing", "EUR"))
        closed = ledger.set_status(open_funded(ben, 0), "closed")
        with pytest.raises(AccountClosed):
            make(hers, closed)
        wish = Wish(his, hers, "me", Money(1_00, "EUR"), plan())
        with pytest.raises(NotFound):
            services.create_schedule(by=ada, wish=wish, request_id="r")

    def test_a_customer_has_so_many(self, now, ada, hers, his):
        make(hers, his)
        wish = Wish(hers, his, "Ben", Money(1_00, "EUR"), plan())
        few = SchedulePolicy(schedules_max=1)
        with pytest.raises(errors.SchedulesExhausted):
            services.create_schedule(by=ada, wish=wish, request_id="r", policy=few)


# --- carrying out ---------------------------------------------------------------------------


@pytest.mark.django_db
class TestCarryingOut:
    def test_a_date_is_paid_once_however_often_it_is_swept(self, now, schedule, his):
        for _ in range(4):
            run_due()
        his.refresh_from_db()
        assert his.balance == Money(60_00, "EUR")
        transfer = Transfer.objects.get(channel="schedule")
        assert (transfer.note, transfer.request_id) == (
            "Rent",
            f"{schedule.public_id}:2026-05-04",
        )
        schedule.refresh_from_db()
        assert (came(schedule), schedule.next_on) == (
            [("2026-05-04", "done", "")],
            date(2026, 6, 4),
        )

    def test_the_31st_goes_back_to_the_31st(self, now, hers, his):
        schedule = make(hers, his, 1_00, first=date(2026, 5, 31))
        days = [date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)]
        sweep(now, *(clock(day) for day in days))
        assert [row[0] for row in came(schedule)] == [str(day) for day in days]

    def test_a_weekend_waits_for_monday(self, now, hers, his):
        saturday = date(2026, 5, 9)
        schedule = make(hers, his, first=saturday, weekend=Weekend.NEXT)
        sweep(now, clock(saturday), clock(date(2026, 5, 10)))
        assert came(schedule) == []
        sweep(now, clock(date(2026, 5, 11)))
        assert came(schedule) == [("2026-05-09", "done", "")]

    @pytest.mark.parametrize("hour, minute, done", [(5, 59, 0), (6, 0, 1)])
    def test_the_day_begins_at_six_on_the_customers_clock(self, now, hers, his, hour, minute, done):
        make(hers, his, first=date(2026, 5, 5))
        now.move_to(clock(date(2026, 5, 5), hour, minute), tick=False)
        assert run_due() == done

    @pytest.mark.parametrize(
        "zone, utc",
        [
            ("Pacific/Kiritimati", datetime(2026, 5, 9, 16, tzinfo=UTC)),  # UTC+14
            ("Etc/GMT+12", datetime(2026, 5, 10, 18, tzinfo=UTC)),
            ("Asia/Kathmandu", datetime(2026, 5, 10, 0, 15, tzinfo=UTC)),  # +5:45
            ("America/New_York", datetime(2026, 5, 10, 10, tzinfo=UTC)),
        ],
    )
    def test_everywhere_on_earth(self, now, ada, hers, his, zone, utc):
        ada.timezone = zone
        ada.save()
        make(hers, his, first=date(2026, 5, 10))
        now.move_to(utc - timedelta(seconds=1), tick=False)
        assert run_due() == 0
        now.move_to(utc, tick=False)
        assert run_due() == 1

    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
    def test_when_the_clocks_change_the_day_is_still_paid_once(self, hers, his, day):
        """29 March has 23 hours in London, 25 October 25: swept every half hour."""
        with time_machine.travel(clock(day - timedelta(days=2)), tick=False) as now:
            schedule = make(hers, his, first=day - timedelta(days=1), rhythm=Rhythm.WEEKLY)
            daily = make(hers, his, first=day, rhythm=Rhythm.ONCE)
            start = clock(day - timedelta(days=1), 0).astimezone(UTC)
            sweep(now, *(start + timedelta(minutes=30 * n) for n in range(2 * 49)))
        assert [row[1] for row in came(schedule)] == ["done"]
        assert [row[1] for row in came(daily)] == ["done"]
        paid = Transfer.objects.get(pk=daily.occurrences.get().transfer_id)
        assert paid.asked_at == clock(day, 6).astimezone(UTC)

    def test_a_customer_who_moves_west_is_not_paid_for_twice(self, now, ada, schedule):
        run_due()
        ada.timezone = "Pacific/Honolulu"
        ada.save()
        sweep(now, clock(hour=23), clock(TODAY + timedelta(days=1)))
        assert len(came(schedule)) == 1

    def test_fraud_holds_it_like_any_payment_and_the_date_shows_that(self, now, hers, his):
        schedule = make(hers, his, 950_00)
        run_due()
        occurrence = schedule.occurrences.select_related("transfer").get()
        assert (occurrence.status, occurrence.shown_status) == ("done", "held")
        his.refresh_from_db()
        assert his.balance_minor == 50_00

    def test_the_customers_own_limit_refuses_it_too(self, now, ada, schedule):
        limit_payments(ada, {"EUR": 5_00})
        run_due()
        assert schedule.occurrences.select_related("transfer").get().shown_status == "refused"

    def test_once_ends_when_it_is_paid(self, now, hers, his):
        schedule = make(hers, his, rhythm=Rhythm.ONCE)
        run_due()
        schedule.refresh_from_db()
        assert (schedule.status, schedule.ended_because) == ("ended", "done")

    def test_three_times_are_three_times(self, now, hers, his):
        schedule = make(hers, his, 1_00, rhythm=Rhythm.WEEKLY, times=3)
        sweep(now, *(clock(TODAY + timedelta(days=n)) for n in range(40)))
        schedule.refresh_from_db()
        assert (len(came(schedule)), schedule.status) == (3, "ended")


@pytest.mark.django_db
class TestWhenItCannotBePaid:
    def test_short_of_money_it_is_tried_until_evening_and_then_failed(self, now, ada, his):
        poor = open_funded(ada, 5_00)
        schedule = make(poor, his)
        run_due()
        assert came(schedule) == [("2026-05-04", "waiting", "insufficient-funds")]
        sweep(now, clock(hour=9, minute=59))
        assert schedule.occurrences.get().tries == 1
        sweep(now, clock(hour=10), clock(hour=14), clock(hour=17, minute=59))
        assert schedule.occurrences.get().tries == 3
        sweep(now, clock(hour=18))
        assert came(schedule) == [("2026-05-04", "failed", "insufficient-funds")]
        told = Event.objects.filter(topic=f"user:{ada.pk}", kind__startswith="schedule.")
        kinds = list(told.order_by("id").values_list("kind", flat=True))
        assert kinds == ["schedule.waiting"] * 3 + ["schedule.failed"]
        assert Record.objects.filter(action="banking.schedule.failed", owner_id=ada.pk).exists()
        assert not Transfer.objects.filter(channel="schedule").exists()

    def test_wages_at_noon_still_pay_it(self, now, ada, his):
        poor = open_funded(ada, 5_00)
        schedule = make(poor, his, rhythm=Rhythm.ONCE)
        run_due()
        schedule.refresh_from_db()
        assert schedule.status == "active"  # its only date is still tried
        clearing = ledger.internal("clearing", "EUR")
        ledger.move(uuid7(), clearing, poor, Money(20_00, "EUR"), kind="deposit")
        sweep(now, clock(hour=14))
        schedule.refresh_from_db()
        assert (came(schedule)[0][1], schedule.status) == ("done", "ended")

    def test_in_the_evening_there_is_one_try(self, now, ada, his):
        now.move_to(clock(hour=20), tick=False)
        schedule = make(open_funded(ada, 5_00), his)
        run_due()
        assert came(schedule)[0][1] == "failed"

    def test_a_frozen_account_fails_the_date_and_a_closed_one_ends_the_plan(self, now, hers, ben):
        target = open_funded(ben, 0)
        schedule = make(hers, target, rhythm=Rhythm.WEEKLY)
        ledger.set_status(target, "frozen")
        run_due()
        schedule.refresh_from_db()
        assert (came(schedule)[-1][2], schedule.status) == ("account-frozen", "active")
        ledger.set_status(target, "active")
        ledger.set_status(target, "closed")
        sweep(now, clock(TODAY + timedelta(days=7)))
        schedule.refresh_from_db()
        assert came(schedule)[-1] == ("2026-05-11", "failed", "account-closed")
        assert (schedule.status, schedule.ended_because) == ("ended", "account-closed")

    def test_who_may_not_sign_in_pays_nothing(self, now, ada, schedule):
        ada.is_active = False
        ada.save()
        run_due()
        assert came(schedule) == [("2026-05-04", "failed", "customer-inactive")]

    @pytest.mark.parametrize("days, status", [(3, "done"), (4, "skipped")])
    def test_after_an_outage_late_is_paid_and_too_late_is_not(self, now, schedule, days, status):
        sweep(now, clock(TODAY + timedelta(days=days)))
        assert came(schedule) == [("2026-05-04", status, "" if status == "done" else "missed")]

    def test_after_a_year_every_missed_date_is_shown_and_the_last_is_paid(self, now, hers, his):
        schedule = make(hers, his, 1_00, rhythm=Rhythm.WEEKLY)
        sweep(now, clock(TODAY + timedelta(days=7 * 52 + 2)))
        rows = came(schedule)
        assert [row[1] for row in rows] == ["skipped"] * 52 + ["done"]

    def test_one_broken_schedule_does_not_stop_the_others(self, now, bank_broken):
        broken, whole = bank_broken
        with pytest.raises(ExceptionGroup):
            run_due()
        assert came(broken) == []
        assert came(whole) == [("2026-05-04", "done", "")]

    @pytest.fixture
    def bank_broken(self, now, ada, hers, his):
        """A row that no verb could write: its rhythm is unknown."""
        broken, whole = make(hers, his), make(hers, his)
        Schedule.objects.filter(pk=broken.pk).update(rhythm="lunar", next_run_on=TODAY)
        return broken, whole


# --- changing -------------------------------------------------------------------------------


@pytest.mark.django_db
class TestChanging:
    def test_another_amount_counts_from_the_next_date_on(self, now, ada, schedule, his):
        run_due()
        changed = services.change_schedule(
            schedule=schedule, by=ada, amount=Money(25_00, "EUR"), note="More rent"
        )
        assert changed.version == 2
        sweep(now, clock(date(2026, 6, 4)))
        amounts = Transfer.objects.filter(channel="schedule").order_by("id")
        assert [one.amount_minor for one in amounts] == [10_00, 25_00]

    def test_of_two_who_change_it_one_is_told(self, now, ada, schedule):
        seen = frozenset({"1"})
        services.change_schedule(schedule=schedule, by=ada, note="first", expected=seen)
        with pytest.raises(PreconditionFailed):
            services.change_schedule(schedule=schedule, by=ada, note="second", expected=seen)
        schedule.refresh_from_db()
        assert schedule.note == "first"

    def test_another_rhythm_starts_anew_and_no_day_is_paid_twice(self, now, ada, schedule):
        run_due()
        weekly = plan(rhythm=Rhythm.WEEKLY)
        with pytest.raises(errors.ScheduleInPast):  # today was paid
            services.change_schedule(schedule=schedule, by=ada, plan=weekly)
        tomorrow = plan(first=TODAY + timedelta(days=1), rhythm=Rhythm.WEEKLY)
        changed = services.change_schedule(schedule=schedule, by=ada, plan=tomorrow)
        assert changed.next_on == date(2026, 5, 5)

    def test_another_end_keeps_the_place(self, now, ada, schedule):
        run_due()
        longer = plan(until=date(2026, 7, 4), weekend=Weekend.NEXT)
        changed = services.change_schedule(schedule=schedule, by=ada, plan=longer)
        assert (changed.next_on, changed.next_run_on) == (date(2026, 6, 4), date(2026, 6, 4))
        over = services.change_schedule(schedule=schedule, by=ada, plan=plan(times=1))
        assert (over.status, over.ended_because) == ("ended", "done")
        with pytest.raises(errors.ScheduleEnded):
            services.change_schedule(schedule=schedule, by=ada, note="x")

    def test_the_next_date_is_skipped_once_however_often_it_is_pressed(self, now, ada, schedule):
        for _ in range(3):
            services.skip_next(schedule=schedule, by=ada, due_on=TODAY)
        schedule.refresh_from_db()
        assert schedule.next_on == date(2026, 6, 4)
        assert run_due() == 0
        assert came(schedule) == [("2026-05-04", "skipped", "asked")]
        with pytest.raises(errors.NotTheNextDate):
            services.skip_next(schedule=schedule, by=ada, due_on=date(2026, 7, 4))

    def test_a_date_that_was_paid_cannot_be_skipped(self, now, ada, schedule):
        run_due()
        with pytest.raises(errors.NotTheNextDate):
            services.skip_next(schedule=schedule, by=ada, due_on=TODAY)

    def test_paused_dates_are_passed_over_swept_or_not(self, now, ada, hers, his):
        swept = make(hers, his, 1_00, rhythm=Rhythm.WEEKLY)
        unswept = make(hers, his, 1_00, rhythm=Rhythm.WEEKLY)
        for one in (swept, unswept):
            services.pause_schedule(schedule=one, by=ada)
            services.pause_schedule(schedule=one, by=ada)
        run_due()
        now.move_to(clock(TODAY + timedelta(days=8)), tick=False)
        for one in (swept, unswept):
            resumed = services.resume_schedule(schedule=one, by=ada)
            assert (resumed.status, resumed.next_on) == ("active", date(2026, 5, 18))
        run_due()
        for one in (swept, unswept):
            assert came(one) == [
                ("2026-05-04", "skipped", "paused"),
                ("2026-05-11", "skipped", "paused"),
            ]

    @pytest.mark.parametrize("deed", ["pause_schedule", "cancel_schedule"])
    def test_what_waits_for_money_is_stopped_too(self, now, ada, his, deed):
        schedule = make(open_funded(ada, 5_00), his)
        run_due()
        getattr(services, deed)(schedule=schedule, by=ada)
        assert came(schedule)[0][1] == "skipped"
        sweep(now, clock(hour=18))
        assert came(schedule)[0][1] == "skipped"

    def test_cancelled_is_the_end(self, now, ada, schedule):
        services.cancel_schedule(schedule=schedule, by=ada)
        assert run_due() == 0
        for deed in (services.cancel_schedule, services.pause_schedule, services.resume_schedule):
            with pytest.raises(errors.ScheduleEnded):
                deed(schedule=schedule, by=ada)
        assert came(schedule) == []

    def test_nobody_else_can_touch_it(self, now, ben, schedule):
        for deed in (services.cancel_schedule, services.pause_schedule, services.resume_schedule):
            with pytest.raises(NotFound):
                deed(schedule=schedule, by=ben)


def test_a_settled_date_is_settled_for_everybody(bank, app_sql, owner_sql):
    with time_machine.travel(clock(), tick=False):
        schedule = world()
        run_due()
    assert came(schedule)[0][1] == "done"
    for sql in (app_sql, owner_sql):
        with pytest.raises(Exception, match="settled"):
            sql("UPDATE banking_occurrence SET reason = 'x'")
    for statement in (
        "DELETE FROM banking_occurrence",
        "DELETE FROM banking_schedule",
        "UPDATE banking_schedule SET target_id = source_id",
    ):
        with pytest.raises(Exception, match="permission denied"):
            app_sql(statement)


# --- many hands -----------------------------------------------------------------------------


def world(schedules: int = 1, first: date = TODAY) -> Schedule:
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben Okri")
    hers, his = open_funded(ada, 1_000_00), open_funded(ben, 0)
    return [make(hers, his, 1_00, first=first) for _ in range(schedules)][-1]


def in_threads(*deeds):
    def run(deed):
        try:
            deed()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_sweepers_at_once_pay_each_date_once(bank):
    with time_machine.travel(clock(), tick=False):
        world(schedules=12)
        done = []
        in_threads(*[lambda: done.append(run_due())] * 4)
    assert sum(done) == 12
    assert Transfer.objects.filter(channel="schedule").count() == 12
    assert Occurrence.objects.filter(status="done").count() == 12
    assert verify_ledger() == []


def test_cancelling_and_sweeping_at_once_is_one_or_the_other(bank):
    with time_machine.travel(clock(), tick=False):
        schedule = world()
        cancel = lambda: services.cancel_schedule(schedule=schedule, by=schedule.owner)  # noqa: E731
        in_threads(run_due, cancel, run_due)
    schedule.refresh_from_db()
    assert schedule.status == "ended"
    paid = Transfer.objects.filter(channel="schedule").count()
    assert paid == schedule.occurrences.filter(status="done").count() <= 1


SWEEP = "import django; django.setup(); from banking.schedules.services import run_due; run_due()"
STUCK = """SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation
    WHERE relname = 'banking_occurrence' AND NOT granted"""


def test_a_sweeper_killed_in_the_middle_leaves_nothing_half_done(bank):
    """The process dies after it moved the money and before it could say so; the next one does it,
    once. The middle is held open by a lock on the table that it writes last."""
    with time_machine.travel(datetime.now(UTC) - timedelta(days=1), tick=False):
        schedule = world(first=datetime.now(LONDON).date())
    owner = servers.current().addresses(servers.current_database())["DATABASE_OWNER_URL"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "fintrust.settings"}
    with psycopg.connect(owner) as holding:
        holding.execute("LOCK TABLE banking_occurrence IN SHARE MODE")
        sweeper = subprocess.Popen([sys.executable, "-c", SWEEP], env=environment)
        deadline = time.monotonic() + 60
        while holding.execute(STUCK).fetchall() == [(0,)]:
            assert sweeper.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        sweeper.kill()
        assert sweeper.wait(timeout=20) == -signal.SIGKILL
    assert came(schedule) == []
    assert not Transfer.objects.filter(channel="schedule").exists()
    done = 0
    while not done:  # until the server has noticed that the dead one's lock is nobody's
        assert time.monotonic() < deadline
        done = run_due()
    assert (done, run_due()) == (1, 0)
    assert Transfer.objects.filter(channel="schedule", status="posted").count() == 1
    assert verify_ledger() == []


def test_two_who_create_the_same_at_once_create_one(bank):
    with time_machine.travel(clock(), tick=False):
        first = world()
        wish = Wish(first.source, first.target, "Ben", Money(2_00, "EUR"), plan())
        create = lambda: services.create_schedule(  # noqa: E731
            by=first.owner, wish=wish, request_id="twin"
        )
        in_threads(*[create] * 4)
    assert Schedule.objects.filter(request_id="twin").count() == 1


def test_a_sweep_that_fails_to_commit_changes_nothing(bank):
    with time_machine.travel(clock(), tick=False):
        schedule = world()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            run_due()
            raise ZeroDivisionError
        assert came(schedule) == []
        assert run_due() == 1


# --- looking ahead --------------------------------------------------------------------------


@pytest.mark.django_db
class TestLookingAhead:
    def test_what_will_leave_in_the_order_it_will(self, now, ada, hers, his):
        make(hers, his, 10_00, first=date(2026, 5, 20))
        make(hers, his, 5_00, first=date(2026, 5, 6), rhythm=Rhythm.WEEKLY)
        coming = selectors.upcoming(ada, date(2026, 5, 20))
        assert [(one.when.day, one.amount.minor, one.account, one.name) for one in coming] == [
            (6, 5_00, hers, "Ben"),
            (13, 5_00, hers, "Ben"),
            (20, 10_00, hers, "Ben"),
            (20, 5_00, hers, "Ben"),
        ]
        assert len(selectors.upcoming(ada, date(2026, 5, 19))) == 2
        assert selectors.upcoming(ada, TODAY - timedelta(days=1)) == []

    def test_what_is_tried_again_today_counts_and_what_is_stopped_does_not(self, now, ada, his):
        poor = open_funded(ada, 5_00)
        waiting = make(poor, his)
        run_due()
        assert [one.when for one in selectors.upcoming(ada, TODAY)] == [TODAY]
        services.pause_schedule(schedule=waiting, by=ada)
        assert selectors.upcoming(ada, date(2026, 12, 31)) == []

    def test_what_is_late_counts_for_today_and_too_late_not_at_all(self, now, ada, schedule):
        now.move_to(clock(TODAY + timedelta(days=3)), tick=False)
        assert [one.when for one in selectors.upcoming(ada, date(2026, 5, 30))] == [
            TODAY + timedelta(days=3)
        ]
        now.move_to(clock(TODAY + timedelta(days=4)), tick=False)
        assert selectors.upcoming(ada, date(2026, 5, 30)) == []

    def test_a_shortfall_is_told_before_it_happens(self, now, ada, hers, his):
        savings = open_funded(ada, 0)
        make(hers, savings, 300_00, first=date(2026, 5, 5))
        make(hers, his, 600_00, first=date(2026, 5, 6))
        make(hers, his, 150_00, first=date(2026, 5, 7))
        make(savings, his, 200_00, first=date(2026, 5, 8))
        coming = selectors.upcoming(ada, date(2026, 5, 31))
        (short,) = selectors.shortfalls(ada, coming)
        assert (short.coming.when.day, short.missing) == (7, Money(50_00, "EUR"))
        assert selectors.leaving(coming) == [Money(950_00, "EUR")]

    def test_somebody_elses_are_none(self, now, ben, schedule):
        assert selectors.upcoming(ben, date(2030, 1, 1)) == []
        with pytest.raises(NotFound):
            selectors.schedule_for(ben, schedule.public_id)


class TestWhatOthersKnowOfIt:
    def test_what_is_planned_is_not_left_to_spend(self, schedule, ada, hers):
        (left,) = insights.left_to_spend(ada, [hers])
        assert [(line.day, line.amount, line.because) for line in left.lines] == [
            (TODAY, Money(10_00, "EUR"), "scheduled")
        ]
        assert left.left == hers.available - Money(10_00, "EUR")

    def test_between_everyday_accounts_nothing_is_spent(self, now, ada, hers):
        wallet = open_funded(ada, 0)
        make(hers, wallet)
        (left,) = insights.left_to_spend(ada, [hers, wallet])
        assert left.lines == ()

    def test_an_account_with_plans_stays_open(self, schedule, ada, hers):
        assert "Payments are scheduled from it. Cancel them first." in obstacles_to_closing(hers)
        services.cancel_schedule(schedule=schedule, by=ada)
        assert obstacles_to_closing(hers) == []
