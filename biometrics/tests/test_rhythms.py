"""From the form's token to the session's risk."""

import json
import random

import pytest
from django.db import DatabaseError

from biometrics import rhythms, selectors
from biometrics.errors import RhythmInvalid, RhythmReused, RhythmTokenInvalid, RhythmTooMany
from biometrics.models import Rhythm
from biometrics.policy import RhythmPolicy
from fintrust.core.models import User

AT_MY_DESK, TODAY = "a" * 32, "b" * 32
PATIENT = RhythmPolicy(captures_per_minute_max=1000, clock_ms_max=60_000)


@pytest.fixture
def mia(db):
    return User.objects.create_user("mia@example.org", "correct horse battery", name="Mia Example")


def _token(user, session=TODAY):
    return rhythms.form_token(user=user, session_hash=session, form="send")


def _body(token, *, hold=100.0, step=200.0, keys=24, seed=0, touch=0):
    chance = random.Random(seed)
    zones = [(1, 2, 2, 1, 3, 3, 2, 1)[n % 8] for n in range(keys)]
    holds = [round(chance.gauss(hold, hold / 8), 1) for _ in zones]
    downs = [0.0]
    for _ in zones[1:]:
        downs.append(round(downs[-1] + chance.gauss(step, step / 8), 1))
    body = {"token": token, "zones": zones, "downs": downs, "holds": holds}
    return json.dumps(body | {"pointers": 1, "touch": touch}).encode()


def _store(user, session=TODAY, policy=PATIENT, **typing):
    body = _body(_token(user, session), **typing)
    return rhythms.store_rhythm(user=user, session_hash=session, body=body, policy=policy)


def _learn(user, sessions=6):
    for number in range(sessions):
        _store(user, session=f"{number:032d}", seed=number)


def test_a_capture_is_kept_as_it_came_and_learning_says_nothing(mia):
    rhythm = _store(mia)
    kept = Rhythm.objects.get(pk=rhythm.pk)
    assert (kept.form, len(kept.zones), kept.pointers, kept.touch) == ("send", 24, 1, False)
    assert kept.features["hold_left_mean"] > 0
    assert kept.risk is None
    assert selectors.session_risk(TODAY) is None


@pytest.mark.parametrize(("sessions", "answers"), [(4, False), (5, True)])
def test_a_session_has_a_risk_from_five_earlier_captures_on(mia, sessions, answers):
    _learn(mia, sessions)
    _store(mia)
    assert (selectors.session_risk(TODAY) is not None) is answers


def test_the_owner_is_a_small_risk_and_somebody_else_a_large_one(mia):
    _learn(mia)
    own = _store(mia, seed=50)
    assert selectors.session_risk(TODAY) == own.risk < 0.2
    other = _store(mia, seed=51, hold=55, step=420)
    assert selectors.session_risk(TODAY) == other.risk > 0.8


def test_a_taken_over_session_does_not_become_the_usual_one(mia):
    _learn(mia)
    risks = [_store(mia, seed=seed, hold=55, step=420).risk for seed in range(100, 110)]
    assert min(risks) > 0.8


def test_a_phone_is_not_compared_with_a_keyboard(mia):
    _learn(mia)
    assert _store(mia, touch=1).risk is None


def test_somebody_elses_typing_is_not_mine(mia):
    other = User.objects.create_user("noah@example.org", "correct horse battery", name="Noah")
    _learn(other)
    assert _store(mia).risk is None


@pytest.mark.parametrize("session", [None, "", "f" * 32])
def test_an_unknown_session_has_no_risk(db, session):
    assert selectors.session_risk(session) is None


def test_a_form_is_captured_once(mia):
    body = _body(_token(mia))
    rhythms.store_rhythm(user=mia, session_hash=TODAY, body=body, policy=PATIENT)
    with pytest.raises(RhythmReused):
        rhythms.store_rhythm(user=mia, session_hash=TODAY, body=body, policy=PATIENT)
    assert Rhythm.objects.count() == 1


def test_a_token_belongs_to_one_person_in_one_session(mia):
    other = User.objects.create_user("noah@example.org", "correct horse battery", name="Noah")
    for user, session in [(other, TODAY), (mia, AT_MY_DESK), (mia, None)]:
        with pytest.raises(RhythmTokenInvalid):
            rhythms.store_rhythm(user=user, session_hash=session, body=_body(_token(mia)))
    assert not Rhythm.objects.exists()


@pytest.mark.parametrize("token", ["", "made:up", "a:b:c"])
def test_an_invented_token_is_refused(mia, token):
    with pytest.raises(RhythmTokenInvalid):
        rhythms.store_rhythm(user=mia, session_hash=TODAY, body=_body(token))


def test_a_token_lasts_an_hour(mia, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    early, late = _body(_token(mia)), _body(_token(mia))
    time_machine.move_to("2026-11-20T13:00:00Z", tick=False)
    rhythms.store_rhythm(user=mia, session_hash=TODAY, body=early)
    time_machine.move_to("2026-11-20T13:00:01Z", tick=False)
    with pytest.raises(RhythmTokenInvalid):
        rhythms.store_rhythm(user=mia, session_hash=TODAY, body=late)


def test_nobody_types_for_longer_than_they_have_had_the_form(mia, time_machine):
    time_machine.move_to("2026-11-20T12:00:00Z", tick=False)
    body = _body(_token(mia), keys=50, step=200.0)  # about ten seconds of typing
    time_machine.move_to("2026-11-20T12:00:05Z", tick=False)
    with pytest.raises(RhythmInvalid):
        rhythms.store_rhythm(user=mia, session_hash=TODAY, body=body)
    time_machine.move_to("2026-11-20T12:00:12Z", tick=False)
    rhythms.store_rhythm(user=mia, session_hash=TODAY, body=body)


def test_thirty_captures_a_minute_are_enough(mia):
    policy = RhythmPolicy(captures_per_minute_max=2, clock_ms_max=60_000)
    _store(mia, policy=policy)
    _store(mia, policy=policy)
    with pytest.raises(RhythmTooMany):
        _store(mia, policy=policy)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE biometrics_rhythm SET risk = 0", "DELETE FROM biometrics_rhythm"],
)
def test_what_was_measured_is_not_changed_later(mia, statement):
    from django.db import connection

    _store(mia)
    with connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute(statement)
