"""Asking for a backtest, and the hand that works on what was asked for."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.errors import Forbidden
from fintrust.core.models import User
from fraud.backtest.policy import BACKTESTS, BacktestPolicy
from fraud.errors import BacktestRunning, RuleInvalid
from fraud.models import Backtest, RuleVersion
from fraud.rulebook import selectors
from fraud.rulebook.services import WRITE


def ask(
    *,
    version: RuleVersion,
    by: User,
    days: int = BACKTESTS.days,
    policy: BacktestPolicy = BACKTESTS,
) -> Backtest:
    """Have a version tried on the last so many days, compared with what is in force now."""
    if not by.has_perm(WRITE):
        raise Forbidden()
    if not 1 <= days <= policy.days_max:
        raise RuleInvalid(f"History is looked at for 1 to {policy.days_max} days.", field="days")
    try:
        return _ask(version, by, days)
    except IntegrityError:  # the database lets one wait for each version
        raise BacktestRunning() from None


@transaction.atomic
def _ask(version: RuleVersion, by: User, days: int) -> Backtest:
    made = Backtest.objects.create(version=version, asked_by=by, days=days)
    record("fraud.backtest.asked", subject=made, by=by, data={"days": days})
    return made


def work(policy: BacktestPolicy = BACKTESTS) -> int:
    """Do what was asked for, one after the other; how many were done.

    One hand at a time, because a file of columns belongs to one process. Who holds the lock knows
    that nobody else is at work: what still says "running" was left by a worker that died.
    """
    if not _take_turn():
        return 0
    try:
        done = 0
        while (waiting := _next()) is not None:
            _work_on(waiting, policy)
            done += 1
        return done
    finally:
        _end_turn()


def _next() -> Backtest | None:
    unfinished = Backtest.objects.filter(
        status__in=[Backtest.Status.WAITING, Backtest.Status.RUNNING]
    )
    return unfinished.select_related("version__rule").order_by("asked_at", "id").first()


def _work_on(backtest: Backtest, policy: BacktestPolicy) -> None:
    if backtest.tries >= policy.tries_max:
        died = f"The worker died {backtest.tries} times at it. Ask for fewer days."
        _finish(backtest, Backtest.Status.FAILED, error=died)
        return
    now = timezone.now()
    _change(
        backtest,
        status=Backtest.Status.RUNNING,
        progress=0,
        tries=backtest.tries + 1,
        started_at=now,
    )
    try:
        result = _result(backtest, now)
    except Exception as problem:
        _finish(
            backtest, Backtest.Status.FAILED, error=f"{type(problem).__name__}: {problem}"[:300]
        )
        raise
    _finish(backtest, Backtest.Status.DONE, progress=100, result=result)


def _result(backtest: Backtest, now: datetime) -> dict[str, Any]:
    # Imported here: Ibis and its engines are large, and only a process that measures needs them.
    from fraud.backtest import history
    from fraud.backtest.measure import Present, measure
    from fraud.rulebook.syntax import parse

    row = selectors.newest()
    _change(backtest, ruleset=row)
    present = tuple(
        Present(rule.id, f"{rule.name}, version {rule.version}", parse(rule.condition))
        for rule in (selectors.current(row.pk).live if row else ())
        if rule.id != backtest.version.public_id
    )
    with history.opened() as engine:
        history.catch_up(engine)
        result = measure(
            history.decisions(engine), history.labels(engine), parse(backtest.version.condition),
            present, since=now - timedelta(days=backtest.days), until=now,
            progress=lambda percent: _change(backtest, progress=percent),
        )  # fmt: skip
    return result | {"seconds": round((timezone.now() - now).total_seconds(), 3)}


def _change(backtest: Backtest, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(backtest, name, value)
    backtest.save(update_fields=list(changes))


@transaction.atomic
def _finish(backtest: Backtest, status: str, **changes: Any) -> None:
    _change(backtest, status=status, finished_at=timezone.now(), **changes)
    figures = ("payments", "caught", "annoyed")
    result = backtest.result or {}
    record(
        f"fraud.backtest.{status}",
        subject=backtest,
        data={name: result[name] for name in figures if name in result},
        reason=backtest.error,
    )


def _take_turn() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('fraud.backtest'))")
        return bool(cursor.fetchone()[0])


def _end_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('fraud.backtest'))")
