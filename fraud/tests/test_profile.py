"""The customer's normal: what is in it, who may change it, and that nobody gains by it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Record
from fraud import selectors, services
from fraud.errors import NothingToKeep
from fraud.models import Decision, LearningChoice, PaymentFact
from fraud.profile.normal import Payment, profile
from fraud.profile.policy import PROFILE
from fraud.profile.selectors import learning_in_force, learning_of, profile_of
from fraud.profile.services import choose_learning, forget_normal, keep_normal
from fraud.tests.factories import NOON, PASSWORD, customer, facts, habit, paid

ADDRESS = "/api/v1/risk/profile"
MICROSECOND = timedelta(microseconds=1)


def pay(minor=10_00, *, at=NOON, hour=12, currency="EUR", payee="acc_a", place=""):
    return Payment(minor, currency, payee, at, hour, place)


def normal(*payments, at=NOON, zone="UTC"):
    return profile(payments, at=at, timezone=zone)


# --- what is normal -------------------------------------------------------------------------


def test_nobody_has_a_normal_without_payments():
    empty = normal()
    assert (empty.payments, empty.amounts, empty.usual_hours) == (0, (), None)
    assert (empty.hours, empty.weekdays) == ((0,) * 24, (0,) * 7)
    assert empty.sentences() == []


def test_amounts_are_worked_out_from_whole_numbers_by_currency():
    one, other = normal(*(pay(m) for m in (10_00, 20_00, 60_00)), pay(5, currency="JPY")).amounts
    assert (one.currency, one.payments, one.sum_minor) == ("EUR", 3, 90_00)
    assert (one.mean_minor, one.median_minor, one.high_minor) == (30_00, 20_00, 60_00)
    assert one.largest_minor == 60_00
    assert one.deviation_minor == 26_46  # of 10, 20 and 60, as a sample
    assert (other.currency, other.deviation_minor) == ("JPY", 0)


@pytest.mark.parametrize("count, high", [(10, 9_00), (11, 10_00), (1, 1_00)])
def test_nine_in_ten_stay_at_or_below_the_high_one(count, high):
    (amounts,) = normal(*(pay(n * 1_00) for n in range(1, count + 1))).amounts
    assert amounts.high_minor == high


@pytest.mark.parametrize(
    "minor, band",
    [
        (5_00, "up to €5"),
        (5_01, "up to €10"),
        (5_000_00, "up to €5,000"),
        (5_000_01, "over €5,000"),
    ],
)
def test_a_payment_stands_in_the_band_that_it_fits(minor, band):
    (amounts,) = normal(pay(minor)).amounts
    assert amounts.bars == ((band, 1),)


def test_bands_mean_the_same_in_every_currency():
    (amounts,) = normal(pay(800, currency="JPY")).amounts
    assert amounts.bars == (("up to ¥800", 1),)


def test_empty_bands_between_stay_in_the_picture():
    (amounts,) = normal(pay(5_00), pay(20_00)).amounts
    assert amounts.bars == (("up to €5", 1), ("up to €10", 0), ("up to €20", 1))


@pytest.mark.parametrize(
    "hours, stretch",
    [
        ([9] * 8 + [3] * 2, (9, 10)),  # four in five are enough
        ([9] * 7 + [10] * 3, (9, 11)),
        ([23] * 5 + [0] * 5, (23, 1)),  # over midnight
        (list(range(24)), (0, 20)),
    ],
)
def test_usual_hours_are_the_shortest_stretch_with_most_payments(hours, stretch):
    assert normal(*(pay(hour=hour) for hour in hours)).usual_hours == stretch


def test_days_are_those_of_the_customers_own_week():
    midnight = datetime(2026, 3, 9, 0, 30, tzinfo=UTC)  # a Monday, still Sunday in New York
    assert normal(pay(at=midnight)).usual_weekdays == ("Monday",)
    assert normal(pay(at=midnight), zone="America/New_York").usual_weekdays == ("Sunday",)
    assert normal(pay(at=midnight), zone="Nowhere/Else").usual_weekdays == ("Monday",)


def test_payees_and_places_come_most_often_first():
    found = normal(
        pay(payee="acc_b", place="Leeds"), pay(payee="acc_a"), pay(payee="acc_b"), pay(payee="")
    )
    assert [(one.name, one.payments) for one in found.payees] == [("acc_b", 2), ("acc_a", 1)]
    assert [one.name for one in found.places] == ["Leeds"]
    many = normal(*(pay(payee=f"acc_{n}") for n in range(PROFILE.payees_shown + 5)))
    assert len(many.payees) == PROFILE.payees_shown
    assert many.payees_count == PROFILE.payees_shown + 5


def test_a_place_is_one_however_it_is_spelled_and_shown_as_the_last_time():
    found = normal(
        pay(place="LISBON ,PT", at=NOON - timedelta(days=2)),
        pay(place="Lisbon, PT", at=NOON - timedelta(days=1)),
        pay(place="Porto, PT", at=NOON - timedelta(days=3)),
        pay(place=" , "),
    )
    assert [(one.name, one.payments) for one in found.places] == [
        ("Lisbon, PT", 2),
        ("Porto, PT", 1),
    ]


def test_it_is_said_in_words():
    week = [pay(n * 1_00, at=NOON - timedelta(days=n), hour=9) for n in range(1, 15)]
    assert normal(*week).sentences() == [
        "You make about 7 payments a week.",
        "Half of your payments in EUR are at most €7.00, nine in ten at most €13.00; the largest "
        "was €14.00.",
        "Most of them are made between 09:00 and 10:00 on your clock, on Mondays, Tuesdays, "
        "Wednesdays, Thursdays, Fridays and Saturdays.",
        "You have paid 1 account.",
    ]


# --- what is read ---------------------------------------------------------------------------


@pytest.fixture
def ada(db):
    return customer()


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_a_profile_is_of_what_moved_and_left(ada, at_noon):
    habit(ada, 10_00, 20_00)
    services.assess(facts(customer_id=ada.pk, at=NOON - timedelta(hours=1)))  # asked, never moved
    paid(customer_id=ada.pk, kind="deposit", outgoing=False, at=NOON - timedelta(hours=1))
    paid(customer_id=customer("bob@example.com").pk, at=NOON - timedelta(hours=1))
    paid(customer_id=ada.pk, place="Leeds", at=NOON - timedelta(hours=1))
    found = profile_of(ada)
    assert found.payments == 3
    assert [place.name for place in found.places] == ["Leeds"]


def test_a_profile_is_one_statement_beside_the_choice(ada, django_assert_num_queries):
    habit(ada, *[10_00] * 5)
    with django_assert_num_queries(2):
        profile_of(ada)


# --- the customer's word --------------------------------------------------------------------


def judged(ada, **changes):
    return services.judge(facts(customer_id=ada.pk, **changes))


UNUSUAL = {"amount_minor": 480_00, "counterparty": "acc_stranger"}  # for her; not for a newcomer


@pytest.fixture
def settled(ada, at_noon):
    """Ada pays about ten pounds a day."""
    habit(ada, *[9_00, 11_00] * 15)
    return ada


def test_who_resets_a_strangers_profile_gains_nothing(settled, at_noon):
    """The old normal guards until the customer had time to see it; and she can keep it."""
    before = judged(settled, **UNUSUAL)
    assert before.verdict == "FLAGGED"
    forget_normal(customer=settled, by=settled)
    assert judged(settled, **UNUSUAL) == before
    last = NOON + PROFILE.guard - MICROSECOND
    assert judged(settled, **UNUSUAL, at=last).verdict == "FLAGGED"
    at_noon.move_to(last)
    keep_normal(customer=settled, by=settled)
    assert judged(settled, **UNUSUAL, at=NOON + PROFILE.guard + timedelta(days=1)).reasons


def test_after_that_a_customer_is_judged_as_a_newcomer(settled):
    forget_normal(customer=settled, by=settled)
    snapshot = selectors.snapshot_for(facts(customer_id=settled.pk, at=NOON + PROFILE.guard))
    assert (snapshot.payments, snapshot.count("pair_count")) == (0, 0)
    large = judged(settled, amount_minor=1_000_00, at=NOON + PROFILE.guard)
    assert [hit.code for hit in large.reasons] == ["large_for_newcomer"]
    assert large.verdict == "FLAGGED"
    assert PaymentFact.objects.filter(customer=settled).count() == 30  # rows stay


def test_no_choice_lets_money_leave_faster(settled, at_noon):
    """How fast an account is emptied is looked at whatever may be learned."""
    choose_learning(customer=settled, learn=False, by=settled)
    later = NOON + PROFILE.guard + timedelta(hours=1)
    for minute in range(6):
        paid(customer_id=settled.pk, at=later - timedelta(minutes=minute + 1))
    codes = {hit.code for hit in judged(settled, at=later).reasons}
    assert "many_payments" in codes


def test_going_off_and_on_is_no_quicker_way_to_forget(settled):
    before = judged(settled, **UNUSUAL)
    choose_learning(customer=settled, learn=False, by=settled)
    choose_learning(customer=settled, learn=True, by=settled)
    assert judged(settled, **UNUSUAL) == before
    snapshot = selectors.snapshot_for(facts(customer_id=settled.pk, at=NOON + PROFILE.guard))
    assert snapshot.payments == 0  # and what was paid before it was allowed again is not learned


def test_without_learning_only_others_are_compared_with(settled, at_noon):
    habit(customer("bob@example.com"), *[30_00] * 12)
    choose_learning(customer=settled, learn=False, by=settled)
    later = NOON + PROFILE.guard
    snapshot = selectors.snapshot_for(facts(customer_id=settled.pk, at=later))
    assert snapshot.payments == 0
    assert snapshot.count("peer_count") == 12
    assert profile_of(settled).payments == 0


def test_a_payment_after_the_reset_counts_and_one_before_does_not(settled, at_noon):
    forget_normal(customer=settled, by=settled)
    for at in (NOON - MICROSECOND, NOON, NOON + MICROSECOND):
        paid(customer_id=settled.pk, at=at)
    asked = facts(customer_id=settled.pk, at=NOON + PROFILE.guard)
    assert selectors.snapshot_for(asked).payments == 2
    at_noon.shift(PROFILE.guard)
    assert profile_of(settled).payments == 2


def test_an_old_decision_is_not_touched_by_a_later_choice(settled, at_noon):
    asked = facts(customer_id=settled.pk)
    before = selectors.snapshot_for(asked)
    at_noon.shift(timedelta(days=1))
    forget_normal(customer=settled, by=settled)
    assert selectors.snapshot_for(asked) == before


def test_each_word_is_a_row_and_a_record(ada, at_noon):
    forget_normal(customer=ada, by=ada)
    forget_normal(customer=ada, by=ada)  # it waits already
    choose_learning(customer=ada, learn=False, by=ada)
    choose_learning(customer=ada, learn=False, by=ada)
    keep_normal(customer=ada, by=ada)
    assert LearningChoice.objects.count() == 3
    actions = Record.objects.filter(owner_id=ada.pk).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["fraud.profile.reset", "fraud.learning.chosen", "fraud.profile.kept"]
    assert learning_of(ada) == learning_in_force(ada)
    assert learning_of(ada).learns


def test_what_has_taken_effect_is_not_kept(ada, at_noon):
    with pytest.raises(NothingToKeep):
        keep_normal(customer=ada, by=ada)
    forget_normal(customer=ada, by=ada)
    at_noon.shift(PROFILE.guard)
    with pytest.raises(NothingToKeep):
        keep_normal(customer=ada, by=ada)
    assert LearningChoice.objects.count() == 1


# --- the page -------------------------------------------------------------------------------


@pytest.fixture
def web(client, ada):
    """Ada's browser; she gave her password once more a moment ago."""
    client.force_login(ada)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def test_the_page_shows_what_is_normal_in_words(web, ada):
    habit(ada, 10_00, 20_00, 60_00)
    with time_machine.travel(NOON, tick=False):
        text = web.get(reverse("habits")).content.decode()
    assert "Half of your payments in GBP are at most £20.00" in text
    assert "From 3 payments" in text


def test_the_page_says_what_is_not_forgotten(web, ada):
    paid(customer_id=ada.pk, at=timezone.now())
    assert "forgotten 90 and 2 days after" in web.get(reverse("habits")).content.decode()


def test_the_page_of_a_newcomer_says_that_nothing_is_known(web):
    assert "Nothing learned yet" in web.get(reverse("habits")).content.decode()


def test_the_page_forgets_and_takes_back(web, ada):
    paid(customer_id=ada.pk)
    text = web.post(reverse("habits"), {"word": "forget"}, follow=True).content.decode()
    assert "We learn afresh on" in text
    web.post(reverse("habits-keep"))
    assert learning_of(ada).since is None


def test_the_page_switches_learning_off_and_on(web, ada):
    text = web.post(reverse("habits"), {"word": "stop"}, follow=True).content.decode()
    assert "We stop learning on" in text and "We do not learn" in text
    web.post(reverse("habits"), {"word": "learn"})
    assert learning_of(ada).learns


@pytest.mark.parametrize("word", [{}, {"word": "everything"}])
def test_another_word_is_a_mistake_and_changes_nothing(web, word):
    assert web.post(reverse("habits"), word).status_code == 400
    assert not LearningChoice.objects.exists()


def test_who_only_has_the_open_browser_may_look_but_not_change(client, ada):
    client.force_login(ada)
    assert client.get(reverse("habits")).status_code == 200
    asked = client.post(reverse("habits"), {"word": "forget"})
    assert asked.status_code == 302 and asked.url.startswith(reverse("account_reauthenticate"))
    assert not LearningChoice.objects.exists()
    client.post(asked.url, {"password": PASSWORD}, follow=True)
    assert LearningChoice.objects.get().since is not None


def test_a_stranger_is_sent_to_sign_in(client):
    assert reverse("account_login") in client.get(reverse("habits")).url
    assert reverse("account_login") in client.post(reverse("habits-keep")).url


# --- the API --------------------------------------------------------------------------------


@pytest.fixture
def api(ada):
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(ada)
    return client


def test_a_program_reads_the_profile(api, ada, at_noon):
    habit(ada, 10_00, 20_00, 60_00)
    answer = api.get(ADDRESS).json()
    assert answer["amounts"] == [
        {
            "currency": "GBP",
            "payments": 3,
            "sum": "90.00",
            "mean": "30.00",
            "deviation": "26.46",
            "median": "20.00",
            "high": "60.00",
            "largest": "60.00",
        }
    ]
    assert answer["hours"][12] == 3 and sum(answer["hours"]) == 3
    assert answer["payees"] == [
        {"account": "acc_payee", "payments": 3, "last_at": "2026-03-09T12:00:00Z"}
    ]
    assert (answer["learns"], answer["learns_since"], answer["payments"]) == (True, None, 3)


def test_a_program_resets_once_however_often_it_asks(api, ada, at_noon):
    paid(customer_id=ada.pk, at=NOON - timedelta(days=1))
    first = api.delete(ADDRESS)
    assert first.status_code == 200
    assert (first.json()["payments"], first.json()["learns_since"]) == (0, "2026-03-10T12:00:00Z")
    assert first.json()["judged_by_from"] == "2026-03-13T12:00:00Z"
    at_noon.shift(timedelta(hours=1))
    assert api.delete(ADDRESS).json() == first.json()
    assert LearningChoice.objects.count() == 1


def test_a_program_chooses(api, ada):
    assert api.put(ADDRESS, {"learn": False}, format="json").json()["learns"] is False
    assert api.put(ADDRESS, {"learn": True}, format="json").json()["learns"] is True
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"learn": None}, {"learn": "yes"}, {"learn": 1}, {"learn": [True]}, [], "x",
             {"learn": True, "since": "2020-01-01"}]
)  # fmt: skip
def test_a_bad_choice_is_refused_by_name_and_changes_nothing(api, body):
    answer = api.put(ADDRESS, body, format="json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert not LearningChoice.objects.exists()


def test_a_program_without_a_token_has_no_profile():
    assert APIClient().get(ADDRESS).status_code == 401
    assert APIClient().delete(ADDRESS).status_code == 401
