"""Codes of an authenticator app: right once, counted when wrong, and no recovery codes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.db import connection, transaction

from audit.models import Record
from biometrics import codes, pins
from biometrics.errors import CodeLocked, CodeWrong, NoAuthenticator
from biometrics.models import CodeTries
from biometrics.policy import GuessPolicy
from fintrust.core.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOON = datetime.fromisoformat("2026-11-20T12:00:00Z")


@pytest.fixture
def clock(time_machine):
    """Noon, and still noon while a test runs; `clock(seconds=30)` is half a minute later."""

    def move(**later):
        time_machine.move_to(NOON + timedelta(**later), tick=False)

    move()
    return move


@pytest.fixture
def mia(db, clock):
    return person("mia")


def person(name: str) -> User:
    user = User.objects.create_user(f"{name}@example.org", "correct horse battery", name=name)
    TOTP.activate(user, SECRET)
    return user


def shown(**later: int) -> str:
    """What the app shows at noon, or so much later."""
    step = int((NOON + timedelta(**later)).timestamp()) // 30
    return format_hotp_value(hotp_value(SECRET, step))


WRONG = "000000"


def tried(user: User, code: str) -> str:
    try:
        codes.verify_code(user=user, code=code)
    except (CodeWrong, CodeLocked) as refused:
        return refused.code
    return "accepted"


def test_the_code_of_now_is_accepted_and_the_use_remembered(mia):
    codes.verify_code(user=mia, code=shown())
    assert Authenticator.objects.get(user=mia).last_used_at == NOON


@pytest.mark.parametrize("seconds", [-30, 30])
def test_the_codes_before_and_after_are_not(mia, seconds):
    assert tried(mia, shown(seconds=seconds)) == "code-wrong"


def test_spaces_are_for_the_eye(mia):
    code = shown()
    codes.verify_code(user=mia, code=f"{code[:3]} {code[3:]}")


@pytest.mark.parametrize("code", ["", "٣٣٣٣٣٣", "12345６", "🔑", "-1", "0" * 500])
def test_what_is_no_code_is_a_wrong_one(mia, code):
    assert tried(mia, code) == "code-wrong"


def test_a_code_is_good_once(mia):
    assert tried(mia, shown()) == "accepted"
    assert tried(mia, shown()) == "code-wrong"


def test_a_code_that_opened_the_account_confirms_nothing(mia):
    assert Authenticator.objects.get(user=mia).wrap().validate_code(shown())
    assert tried(mia, shown()) == "code-wrong"


def test_a_code_that_confirmed_opens_no_account(mia):
    assert tried(mia, shown()) == "accepted"
    assert not Authenticator.objects.get(user=mia).wrap().validate_code(shown())


def test_it_is_good_once_when_the_cache_was_lost_too(mia, clock):
    assert tried(mia, shown()) == "accepted"
    cache.delete(TOTP(Authenticator.objects.get(user=mia))._get_used_cache_key(shown()))
    assert tried(mia, shown()) == "code-wrong"
    clock(seconds=30)
    assert tried(mia, shown(seconds=30)) == "accepted"


def test_a_recovery_code_is_no_code(mia):
    [code, *_] = RecoveryCodes.activate(mia).get_unused_codes()
    assert tried(mia, code) == "code-wrong"
    assert (
        code in Authenticator.objects.get(user=mia, type="recovery_codes").wrap().generate_codes()
    )


def test_without_an_app_there_is_nothing_to_try(mia):
    other = User.objects.create_user("noah@example.org", "correct horse battery", name="Noah")
    assert codes.has_authenticator(mia) and not codes.has_authenticator(other)
    with pytest.raises(NoAuthenticator):
        codes.verify_code(user=other, code=shown())


def test_another_persons_app_says_nothing(mia):
    noah = person("noah")
    Authenticator.objects.filter(user=noah).delete()
    TOTP.activate(noah, SECRET[::-1])
    assert tried(noah, shown()) == "code-wrong"


def test_a_wrong_code_says_how_many_are_left_and_the_right_one_forgives(mia):
    with pytest.raises(CodeWrong) as refused:
        codes.verify_code(user=mia, code=WRONG)
    assert refused.value.extra == {"tries_left": 4}
    codes.verify_code(user=mia, code=shown())
    assert CodeTries.objects.get(user=mia).failures == 0


def test_the_fifth_wrong_one_locks_and_then_the_right_one_is_refused_unused(mia, clock):
    assert [tried(mia, WRONG) for _ in range(5)] == ["code-wrong"] * 4 + ["code-locked"]
    clock(minutes=14, seconds=59)
    assert tried(mia, shown(minutes=14, seconds=59)) == "code-locked"
    clock(minutes=15)
    assert tried(mia, shown(minutes=15)) == "accepted"
    told = Record.objects.about(mia).values_list("action", flat=True)
    assert sorted(told) == ["biometrics.code.failed"] * 5 + ["biometrics.code.locked"]


def test_after_a_lock_each_wrong_one_locks_for_twice_as_long(mia, clock):
    for _ in range(5):
        tried(mia, WRONG)
    clock(minutes=15)
    with pytest.raises(CodeLocked) as again:
        codes.verify_code(user=mia, code=WRONG)
    assert again.value.extra == {"locked_until": "2026-11-20T12:45:00+00:00"}


def test_a_new_app_does_not_give_the_guesses_back(mia):
    for _ in range(5):
        tried(mia, WRONG)
    Authenticator.objects.filter(user=mia).delete()
    TOTP.activate(mia, SECRET)
    assert tried(mia, shown()) == "code-locked"


def test_codes_and_pins_are_counted_apart(mia):
    pins.set_pin(user=mia, pin="7391", password_ok=True)
    for _ in range(5):
        tried(mia, WRONG)
    pins.verify_pin(user=mia, pin="7391")


def test_a_guess_inside_a_transaction_is_a_programming_error(bank):
    mia = person("mia")
    with transaction.atomic(), pytest.raises(RuntimeError):
        codes.verify_code(user=mia, code=WRONG)


def at_once(user: User, code: str, policy: GuessPolicy) -> list[str]:
    def guess(_: int) -> str:
        try:
            codes.verify_code(user=user, code=code, policy=policy)
        except (CodeWrong, CodeLocked) as refused:
            return refused.code
        finally:
            connection.close()
        return "accepted"

    with ThreadPoolExecutor(10) as people:
        return sorted(people.map(guess, range(10)))


def test_ten_guesses_at_once_are_all_counted(bank):
    mia = person("mia")
    assert at_once(mia, "none", GuessPolicy()) == ["code-locked"] * 6 + ["code-wrong"] * 4
    assert CodeTries.objects.get(user=mia).failures == 5


def test_of_ten_that_use_one_code_at_once_one_is_let_through(bank, clock):
    mia = person("mia")
    answers = at_once(mia, shown(), GuessPolicy(failures_max=20))
    assert answers == ["accepted"] + ["code-wrong"] * 9
