"""The PIN: what is accepted, what is counted, and when it rests."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from audit.models import Record
from biometrics import pins
from biometrics.errors import (
    PinInvalid,
    PinLocked,
    PinNotSet,
    PinTooSimple,
    PinWrong,
    ReauthenticationNeeded,
)
from biometrics.models import Pin
from biometrics.policy import PinPolicy
from fintrust.core.keys import SealBroken
from fintrust.core.models import User

GOOD, WRONG = "7391", "8264"


@pytest.fixture
def mia(db):
    return _person("mia@example.org")


def _person(email: str) -> User:
    return User.objects.create_user(email, "correct horse battery", name="Mia Example")


def _set(user: User, pin: str = GOOD) -> None:
    pins.set_pin(user=user, pin=pin, password_ok=True)


def _actions(user: User) -> list[str]:
    return list(Record.objects.about(user).order_by("id").values_list("action", flat=True))


@pytest.mark.parametrize("pin", ["7391", "1024", "90210", "739152", "73915264", "0071"])
def test_a_pin_is_four_to_eight_digits(pin):
    pins.check_strength(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "",
        "739",
        "739152648",
        "73 91",
        "739a",
        "-739",
        "73.1",
        "٧٣٩١",
        "７３９１",
        "7391\n",
        "\x007391",
    ],
)
def test_anything_else_is_not_a_pin(pin):
    with pytest.raises(PinInvalid):
        pins.check_strength(pin)


@pytest.mark.parametrize(
    "pin",
    [
        "0000",
        "7777777",
        "1234",
        "4321",
        "2468",
        "7890",
        "0987",
        "1212",
        "1122",
        "123123",
        "73917391",
    ],
)
def test_what_everybody_tries_first_is_refused(pin):
    with pytest.raises(PinTooSimple):
        pins.check_strength(pin)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, None), (4, None), (5, 15), (6, 30), (7, 60), (11, 960), (12, 1440), (30_000, 1440)],
)
def test_the_rest_doubles_with_each_further_failure_up_to_a_day(failures, minutes):
    expected = None if minutes is None else timedelta(minutes=minutes)
    assert PinPolicy().lock_after(failures) == expected


def test_the_right_pin_is_accepted_and_a_wrong_one_is_not(mia):
    _set(mia)
    pins.verify_pin(user=mia, pin=GOOD)
    with pytest.raises(PinWrong) as refused:
        pins.verify_pin(user=mia, pin=WRONG)
    assert refused.value.extra == {"tries_left": 4}


def test_without_a_pin_there_is_nothing_to_verify(mia):
    assert not pins.has_pin(mia)
    with pytest.raises(PinNotSet):
        pins.verify_pin(user=mia, pin=GOOD)


def test_setting_a_pin_needs_a_fresh_proof_of_who_asks(mia):
    with pytest.raises(ReauthenticationNeeded):
        pins.set_pin(user=mia, pin=GOOD)
    with pytest.raises(ReauthenticationNeeded):
        pins.set_pin(user=mia, pin=GOOD, current="")
    assert not pins.has_pin(mia)


def test_the_current_pin_is_proof_enough_and_a_wrong_one_counts(mia):
    _set(mia)
    with pytest.raises(PinWrong):
        pins.set_pin(user=mia, pin="8520", current=WRONG)
    assert Pin.objects.get(user=mia).failures == 1
    pins.set_pin(user=mia, pin="8520", current=GOOD)
    pins.verify_pin(user=mia, pin="8520")
    assert _actions(mia) == [
        "biometrics.pin.set",
        "biometrics.pin.failed",
        "biometrics.pin.changed",
    ]


def test_four_failures_are_forgiven_by_the_right_pin(mia):
    _set(mia)
    for _ in range(4):
        with pytest.raises(PinWrong):
            pins.verify_pin(user=mia, pin=WRONG)
    pins.verify_pin(user=mia, pin=GOOD)
    assert Pin.objects.get(user=mia).failures == 0


def _lock(user: User) -> None:
    for _ in range(4):
        with pytest.raises(PinWrong):
            pins.verify_pin(user=user, pin=WRONG)
    with pytest.raises(PinLocked):
        pins.verify_pin(user=user, pin=WRONG)


def test_the_fifth_failure_locks_and_then_the_right_pin_is_refused_too(mia):
    _set(mia)
    _lock(mia)
    with pytest.raises(PinLocked):
        pins.verify_pin(user=mia, pin=GOOD)
    assert _actions(mia) == [
        "biometrics.pin.set",
        *["biometrics.pin.failed"] * 5,
        "biometrics.pin.locked",
    ]


def test_the_lock_opens_after_fifteen_minutes_and_the_next_one_lasts_thirty(mia, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    _set(mia)
    _lock(mia)
    time_machine.move_to("2026-11-20T12:14:59Z", tick=False)
    with pytest.raises(PinLocked):
        pins.verify_pin(user=mia, pin=GOOD)
    time_machine.move_to("2026-11-20T12:15:00Z", tick=False)
    with pytest.raises(PinLocked) as again:
        pins.verify_pin(user=mia, pin=WRONG)
    assert again.value.extra == {"locked_until": "2026-11-20T12:45:00+00:00"}
    time_machine.move_to("2026-11-20T12:45:00Z", tick=False)
    pins.verify_pin(user=mia, pin=GOOD)
    assert Pin.objects.get(user=mia).locked_until is None


def test_somebody_who_signs_in_again_may_replace_a_locked_pin(mia):
    _set(mia)
    _lock(mia)
    _set(mia, "8520")
    pins.verify_pin(user=mia, pin="8520")


def test_what_is_stored_is_neither_the_pin_nor_a_hash_that_can_be_tried(mia):
    _set(mia)
    stored = bytes(Pin.objects.get(user=mia).sealed_hash)
    assert GOOD.encode() not in stored
    assert b"argon2" not in stored


def test_a_pin_copied_to_another_person_does_not_open(mia):
    other = _person("noah@example.org")
    _set(mia)
    _set(other, "8520")
    sealed = Pin.objects.get(user=mia).sealed_hash
    Pin.objects.filter(user=other).update(sealed_hash=sealed)
    with pytest.raises(SealBroken):
        pins.verify_pin(user=other, pin=GOOD)


def test_a_guess_inside_a_transaction_is_a_programming_error(bank):
    mia = _person("mia@example.org")
    _set(mia)
    with transaction.atomic(), pytest.raises(RuntimeError):
        pins.verify_pin(user=mia, pin=GOOD)


def _guess(user: User, policy: PinPolicy) -> str:
    try:
        pins.verify_pin(user=user, pin=WRONG, policy=policy)
    except (PinWrong, PinLocked) as refused:
        return refused.code
    finally:
        connection.close()
    return "accepted"


@pytest.mark.parametrize(
    ("failures_max", "counted", "wrong"),
    [(20, 10, 10), (5, 5, 4)],
    ids=["ten count ten", "no guess slips past the lock"],
)
def test_ten_guesses_at_once_are_all_counted(bank, failures_max, counted, wrong):
    mia, policy = _person("mia@example.org"), PinPolicy(failures_max=failures_max)
    _set(mia)
    with ThreadPoolExecutor(10) as people:
        answers = list(people.map(lambda _: _guess(mia, policy), range(10)))
    assert Pin.objects.get(user=mia).failures == counted
    assert answers.count("pin-wrong") == wrong
    assert answers.count("pin-locked") == 10 - wrong
    assert Record.objects.filter(action="biometrics.pin.failed").count() == counted
