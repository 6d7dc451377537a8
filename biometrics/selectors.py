"""What may be asked about how people type."""

from django.db.models import QuerySet

from biometrics.keystrokes import WINDOW_MAX, Features
from biometrics.models import Rhythm
from fintrust.core.models import User

SHOWN_MAX = 10


def rhythms_of(user: User) -> QuerySet[Rhythm]:
    """What is held about how this person types, newest first."""
    return Rhythm.objects.filter(user=user).order_by("-id")


# The same question as text, for a statement that asks more than this; `session` is the hash.
SESSION_RISK = """
    SELECT risk FROM biometrics_rhythm
    WHERE session_hash = %(session)s::text AND risk IS NOT NULL
    ORDER BY at DESC LIMIT 1"""


def session_risk(session_hash: str | None) -> float | None:
    """How unlike its owner this session typed, 0 to 1; None while nothing can be said."""
    if not session_hash:
        return None
    scored = Rhythm.objects.filter(session_hash=session_hash, risk__isnull=False)
    return scored.order_by("-at").values_list("risk", flat=True).first()


def usual_features(user: User, *, touch: bool, except_session: str) -> list[Features]:
    """How this person typed lately, on this kind of keyboard, in other sessions.

    A session is never measured against itself: who took it over would soon look usual.
    """
    rhythms = Rhythm.objects.filter(user=user, touch=touch).exclude(features={})
    newest = rhythms.exclude(session_hash=except_session).order_by("-id")
    return list(newest.values_list("features", flat=True)[:WINDOW_MAX])
