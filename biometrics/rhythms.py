"""The rhythm of a form: a token goes out with it, one capture comes back, a row stays."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from biometrics import captures, keystrokes, selectors
from biometrics.captures import Capture
from biometrics.errors import RhythmInvalid, RhythmReused, RhythmTokenInvalid, RhythmTooMany
from biometrics.models import Rhythm
from biometrics.policy import RHYTHM, RhythmPolicy
from fintrust.core.ids import uuid7
from fintrust.core.models import User

_SALT = "biometrics.rhythm"


@dataclass(frozen=True)
class Form:
    """A form the bank handed out: to whom, in which session, and when."""

    id: UUID
    user_id: UUID
    session_hash: str
    name: str
    at: float

    def token(self) -> str:
        values = {
            "id": str(self.id),
            "user": str(self.user_id),
            "session": self.session_hash,
            "name": self.name,
            "at": self.at,
        }
        return signing.dumps(values, salt=_SALT)


def form_token(*, user: User, session_hash: str, form: str) -> str:
    """What a page puts beside a form, so that one capture of it can be believed."""
    return Form(uuid7(), user.pk, session_hash, form, timezone.now().timestamp()).token()


def store_rhythm(
    *, user: User, session_hash: str | None, body: bytes, policy: RhythmPolicy = RHYTHM
) -> Rhythm:
    """Check a capture, score it against how this person usually types, and keep it."""
    _slow_down(user, policy)
    capture = captures.parse(body, policy=policy)
    form = _form(capture.token, user, session_hash, policy)
    _check_clock(capture, form, policy)
    return _keep(capture, form, user)


def _slow_down(user: User, policy: RhythmPolicy) -> None:
    key = f"rhythm:{user.pk}"
    cache.add(key, 0, timeout=60)
    if cache.incr(key) > policy.captures_per_minute_max:
        raise RhythmTooMany()


def _form(token: str, user: User, session_hash: str | None, policy: RhythmPolicy) -> Form:
    try:
        values: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=policy.token_seconds_max)
    except signing.BadSignature:
        raise RhythmTokenInvalid() from None
    if values["user"] != str(user.pk) or values["session"] != session_hash:
        raise RhythmTokenInvalid()
    return Form(UUID(values["id"]), user.pk, values["session"], values["name"], values["at"])


def _check_clock(capture: Capture, form: Form, policy: RhythmPolicy) -> None:
    """Nobody has typed for longer than they have had the form."""
    had_ms = (timezone.now().timestamp() - form.at) * 1000
    if capture.length_ms > had_ms + policy.clock_ms_max:
        raise RhythmInvalid("These keys took longer than the form was open.", field="downs")


def _keep(capture: Capture, form: Form, user: User) -> Rhythm:
    found = keystrokes.features(capture.strokes)
    usual = selectors.usual_features(user, touch=capture.touch, except_session=form.session_hash)
    far = keystrokes.distance(found, usual)
    try:
        with transaction.atomic():
            # The form's id is the row's: a form sent twice meets its own row.
            return Rhythm.objects.create(
                id=form.id,
                user=user,
                session_hash=form.session_hash,
                form=form.name,
                touch=capture.touch,
                pointers=capture.pointers,
                zones=list(capture.strokes.zones),
                downs_ms=list(capture.strokes.downs),
                holds_ms=list(capture.strokes.holds),
                features=found,
                distance=far,
                risk=None if far is None else keystrokes.risk(far),
            )
    except IntegrityError:
        if Rhythm.objects.filter(pk=form.id).exists():
            raise RhythmReused() from None
        raise
