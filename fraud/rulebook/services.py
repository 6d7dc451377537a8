"""The verbs of the rulebook: write, try out, propose, approve, stop, put back, retire, roll back.

There is one book, and one person writes in it at a time: each verb takes the same lock first and
looks again, so of two officers who do the same at once, one does it and the other is told.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.services import record
from fintrust.core.errors import Forbidden
from fintrust.core.models import User
from fraud.errors import (
    BacktestMissing,
    OwnRule,
    RulebookFull,
    RuleInvalid,
    RuleNameTaken,
    RuleNotReady,
)
from fraud.models import Rule, Ruleset, RuleStep, RuleVersion
from fraud.policy import STANDARD
from fraud.rulebook import selectors
from fraud.rulebook.policy import RULEBOOK, RulebookPolicy
from fraud.rulebook.selectors import DRAFT, OUT, PROPOSED, RETIRED, SHADOW, STOPPED
from fraud.rulebook.syntax import parse_new
from fraud.rulebook.writing import canonical

Step, Deed = RuleStep.Step, Ruleset.Deed
WRITE, DECIDE = "fraud.write_rule", "fraud.decide_rule"

# --- writing ----------------------------------------------------------------------------------


@transaction.atomic
def write_rule(*, by: User, name: str, purpose: str, **wording: Any) -> RuleVersion:
    """A new rule and its first version, a draft. The same again is the same rule."""
    _alone(by, WRITE)
    name = _text(name, "name", RULEBOOK.name_min, RULEBOOK.name_max)
    purpose = _text(purpose, "purpose", RULEBOOK.reason_min, RULEBOOK.purpose_max)
    clean = _wording(**wording)
    known = Rule.objects.filter(name=name).first()
    if known is not None:
        return _same_rule(known, by, purpose, clean)
    rule = Rule.objects.create(name=name, purpose=purpose, created_by=by)
    return _write(rule, 1, by, clean)


def _same_rule(known: Rule, by: User, purpose: str, clean: dict[str, Any]) -> RuleVersion:
    """Sent twice; or another rule of the same name, which is refused."""
    first = known.versions.get(number=1)
    if (known.created_by_id, known.purpose) == (by.pk, purpose) and _says(first, clean):
        return first
    raise RuleNameTaken()


@transaction.atomic
def write_version(*, rule: Rule, by: User, **wording: Any) -> RuleVersion:
    """Another wording of a rule. What is in force stays in force until this one is approved."""
    _alone(by, WRITE)
    clean = _wording(**wording)
    newest = rule.versions.order_by("-number").first()
    assert newest is not None  # a rule is written with its first version
    if newest.author_id == by.pk and _says(newest, clean):
        return newest
    return _write(rule, newest.number + 1, by, clean)


def _write(rule: Rule, number: int, by: User, clean: dict[str, Any]) -> RuleVersion:
    made = RuleVersion.objects.create(rule=rule, number=number, author=by, **clean)
    record("fraud.rule.written", subject=made, by=by, after={"rule": rule.name, **clean})
    return made


def _says(version: RuleVersion, clean: dict[str, Any]) -> bool:
    return all(getattr(version, name) == value for name, value in clean.items())


def _wording(
    *,
    condition: str,
    action: str,
    sentence: str = "",
    hour_max: int = RULEBOOK.hour_max,
    day_max: int = RULEBOOK.day_max,
    hundred_max: int = RULEBOOK.hundred_max,
) -> dict[str, Any]:
    if action not in RuleVersion.Action.values:
        raise RuleInvalid("A rule watches, holds or blocks.", field="action")
    return {
        "condition": canonical(parse_new(condition)),
        "action": action,
        "sentence": _text(sentence, "sentence", 0, RULEBOOK.sentence_max),
        "hour_max": _budget(hour_max, "hour_max", RULEBOOK.budget_max),
        "day_max": _budget(day_max, "day_max", RULEBOOK.budget_max),
        "hundred_max": _budget(hundred_max, "hundred_max", RULEBOOK.hundred),
    }


def _text(text: str, field: str, least: int, most: int) -> str:
    text = " ".join(text.replace("\x00", "").split())
    if not least <= len(text) <= most:
        raise RuleInvalid(f"Write {least} to {most} characters.", field=field)
    return text


def _budget(number: int, field: str, most: int) -> int:
    if not 0 < number <= most:
        raise RuleInvalid(f"A budget is a number from 1 to {most:,}.", field=field)
    return number


# --- the way into force -----------------------------------------------------------------------


@transaction.atomic
def try_out(*, version: RuleVersion, by: User, reason: str = "") -> Ruleset:
    """Let it look at every payment without touching one. It replaces the rule's other trial."""
    row = _alone(by, WRITE)
    _must_be(version, row, DRAFT, OUT)
    parse_new(version.condition)
    others = _versions_of(version.rule_id)
    return _publish(
        row, Deed.SHADOW, by, reason or f"{version} on trial",
        shadow=[*_without(_shadow(row), others), version.pk],
    )  # fmt: skip


@transaction.atomic
def propose(
    *, version: RuleVersion, by: User, reason: str, policy: RulebookPolicy = RULEBOOK
) -> RuleStep:
    """Ask a colleague to put it in force. It stays on trial while it waits."""
    row = _alone(by, WRITE)
    _must_be(version, row, SHADOW)
    _must_be_tested(version, policy)
    return _step(version, Step.PROPOSED, by, _reason(reason))


@transaction.atomic
def approve(
    *, version: RuleVersion, by: User, reason: str = "", policy: RulebookPolicy = RULEBOOK
) -> Ruleset:
    """Put it in force, instead of the rule's version before it."""
    row = _alone(by, DECIDE)
    _must_be(version, row, PROPOSED)
    _must_be_another(version, by)
    _must_be_tested(version, policy)
    _step(version, Step.APPROVED, by, reason)
    others = _versions_of(version.rule_id)
    return _publish(
        row, Deed.LIVE, by, reason or f"{version} in force",
        live=[*_without(_live(row), others), version.pk], shadow=_without(_shadow(row), others),
    )  # fmt: skip


@transaction.atomic
def reject(*, version: RuleVersion, by: User, reason: str) -> RuleStep:
    """Not like this. It stays on trial."""
    row = _alone(by, DECIDE)
    _must_be(version, row, PROPOSED)
    _must_be_another(version, by)
    return _step(version, Step.REJECTED, by, _reason(reason))


@transaction.atomic
def withdraw(*, version: RuleVersion, by: User, reason: str) -> RuleStep:
    """Who proposed it takes that back."""
    row = _alone(by, WRITE)
    _must_be(version, row, PROPOSED)
    if selectors.proposer(version) != by.pk:
        raise Forbidden()
    return _step(version, Step.WITHDRAWN, by, _reason(reason))


# --- the ways out -----------------------------------------------------------------------------


@transaction.atomic
def retire(*, version: RuleVersion, by: User, reason: str) -> RuleStep:
    """Take it out of everything, for good. One person is enough to let payments go again."""
    row = _alone(by, DECIDE)
    if selectors.state_of(version, row) == RETIRED:
        raise RuleNotReady()
    reason = _reason(reason)
    made = _step(version, Step.RETIRED, by, reason)
    _publish(row, Deed.RETIRE, by, reason, **_all_without(row, version))
    return made


@transaction.atomic
def stop(*, version: RuleVersion, why: str) -> Ruleset | None:
    """The circuit breaker: nobody asked, so nobody is named. None when it is out already."""
    row = _lock()
    if version.pk not in _live(row):
        return None
    _step(version, Step.STOPPED, None, why)
    return _publish(row, Deed.STOP, None, why, **_all_without(row, version))


@transaction.atomic
def restore(*, version: RuleVersion, by: User, reason: str) -> Ruleset:
    """Put back what its budget stopped. Its counting begins anew."""
    row = _alone(by, DECIDE)
    _must_be(version, row, STOPPED)
    if version.author_id == by.pk:
        raise OwnRule()
    reason = _reason(reason)
    _step(version, Step.RESTORED, by, reason)
    live = _without(_live(row), _versions_of(version.rule_id))
    return _publish(row, Deed.RESTORE, by, reason, live=[*live, version.pk])


@transaction.atomic
def roll_back(*, to: Ruleset, by: User, reason: str) -> Ruleset:
    """The rules as they were under an earlier ruleset, as a new one.

    One person may, so nothing comes back that was stopped or retired since: that takes `restore`,
    or a new version that a colleague agrees to. Models and thresholds go their own ways.
    """
    row = _alone(by, DECIDE)
    live, shadow = selectors.returning(to, row)
    return _publish(row, Deed.ROLL_BACK, by, _reason(reason), live=live, shadow=shadow)


# --- what is in force -------------------------------------------------------------------------


@transaction.atomic
def publish(*, by: User | None, why: str, **changes: Any) -> Ruleset:
    """Other models or thresholds; what is not named stays. The caller knows who may.

    `champion`, `shadow_model`: ids of models, or empty. `flagged_from`, `blocked_from`: scores.
    """
    unknown = changes.keys() - {"champion", "shadow_model", "flagged_from", "blocked_from"}
    if unknown:
        raise TypeError(f"a ruleset is not published with {sorted(unknown)}")
    row = _lock()
    contents = {**_contents(row), **changes}
    if not 0 < contents["flagged_from"] < contents["blocked_from"] <= 1:
        raise RuleInvalid("Thresholds rise: flagged before blocked, within 0 and 1.")
    return _publish(row, Deed.PUBLISH, by, _reason(why), **changes)


def _contents(row: Ruleset | None) -> dict[str, Any]:
    if row is None:
        return {
            "live": [], "shadow": [], "champion": "", "shadow_model": "",
            "flagged_from": STANDARD.flagged_from, "blocked_from": STANDARD.blocked_from,
        }  # fmt: skip
    names = ("live", "shadow", "champion", "shadow_model", "flagged_from", "blocked_from")
    return {name: getattr(row, name) for name in names}


def _publish(
    row: Ruleset | None, deed: Ruleset.Deed, by: User | None, why: str, **changes: Any
) -> Ruleset:
    """A new row with these changes; the present one when nothing would change."""
    before = _contents(row)
    after = {**before, **changes}
    if row is not None and before == after:
        return row
    if len(after["live"]) > RULEBOOK.live_max or len(after["shadow"]) > RULEBOOK.shadow_max:
        raise RulebookFull()
    number = 1 if row is None else row.number + 1
    made = Ruleset.objects.create(number=number, deed=deed, by=by, why=why, **after)
    record(
        "fraud.ruleset.published",
        subject=made,
        by=by,
        before=_written(before),
        after={"number": number, "deed": deed, **_written(after)},
        reason=why,
    )
    return made


def _written(contents: dict[str, Any]) -> dict[str, Any]:
    """For the log: versions by their public ids, scores as text."""
    return {
        name: [selectors.public(one) for one in value] if isinstance(value, list) else str(value)
        for name, value in contents.items()
    }


# --- what the verbs share ---------------------------------------------------------------------


def _alone(by: User, right: str) -> Ruleset | None:
    """Nobody else writes in the book until the commit. What is in force now."""
    if not by.has_perm(right):
        raise Forbidden()
    return _lock()


def _lock() -> Ruleset | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('fraud.rulebook'))")
    return selectors.newest()


def _must_be(version: RuleVersion, row: Ruleset | None, *states: str) -> None:
    # Read anew: the row that a page was made from may be older than the lock.
    found = selectors.versions().get(pk=version.pk)
    state = selectors.state_of(found, row)
    if state not in states:
        raise RuleNotReady(f"The rule is not ready for this: {state.lower()}.")


def _must_be_tested(version: RuleVersion, policy: RulebookPolicy) -> None:
    if selectors.fresh_backtest(version, policy) is None:
        raise BacktestMissing()


def _must_be_another(version: RuleVersion, by: User) -> None:
    if by.pk in (version.author_id, selectors.proposer(version)):
        raise OwnRule()


def _step(version: RuleVersion, step: RuleStep.Step, by: User | None, reason: str) -> RuleStep:
    made = RuleStep.objects.create(
        version=version, author_id=version.author_id, step=step, by=by, reason=reason
    )
    record(f"fraud.rule.{step}", subject=version, by=by, reason=reason)
    return made


def _reason(text: str) -> str:
    return _text(text, "reason", RULEBOOK.reason_min, RULEBOOK.reason_max)


def _live(row: Ruleset | None) -> list[UUID]:
    return row.live if row else []


def _shadow(row: Ruleset | None) -> list[UUID]:
    return row.shadow if row else []


def _without(ids: Iterable[UUID], others: set[UUID]) -> list[UUID]:
    return [one for one in ids if one not in others]


def _all_without(row: Ruleset | None, version: RuleVersion) -> dict[str, Any]:
    out = {version.pk}
    return {"live": _without(_live(row), out), "shadow": _without(_shadow(row), out)}


def _versions_of(rule: UUID) -> set[UUID]:
    return set(RuleVersion.objects.filter(rule=rule).values_list("pk", flat=True))
