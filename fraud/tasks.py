"""Hands that sweep rows. What they do is in `afterwards` and `learning.work`."""

from celery import shared_task


@shared_task(name="fraud.score_afterwards")
def score_afterwards() -> int:
    """Look again at what has moved; see settings for how often."""
    # Imported here: numpy is large, and only the process that comes to score needs it.
    from fraud import afterwards

    return afterwards.score_afterwards()


@shared_task(name="fraud.work_on_backtests", time_limit=3600)
def work_on_backtests() -> int:
    """The first one of a large bank fills the columns with all of its past."""
    from fraud.backtest import services

    return services.work()


@shared_task(name="fraud.watch_rules")
def watch_rules() -> int:
    """Budgets of rules, in case a look after a commit was lost."""
    from fraud.rulebook import breaker

    return breaker.sweep()


@shared_task(name="fraud.mail_limits")
def mail_limits() -> int:
    """Mails about limits that wait to get looser."""
    from fraud.limits.mail import mail_what_waits

    return mail_what_waits()


# Training reads and learns for minutes; the usual limit is for sweeps.
@shared_task(name="fraud.train", time_limit=3600)
def train() -> str:
    """Train a model when somebody asked for one."""
    from fraud.learning import work

    run = work.train_what_waits()
    return run.status if run else ""


@shared_task(name="fraud.ask_for_training")
def ask_for_training() -> bool:
    """Whether it was time to learn anew."""
    from fraud.learning import work

    return work.ask_when_due() is not None


@shared_task(name="fraud.score_history")
def score_history() -> int:
    """What the champion says about payments that moved before it."""
    from fraud.learning import work

    return work.score_history()


@shared_task(name="fraud.watch_drift")
def watch_drift() -> bool:
    """Whether the newest payments raised an alarm."""
    from fraud.learning import work

    check = work.watch_drift()
    return check is not None and check.alarmed


@shared_task(name="fraud.tune")
def tune() -> float | None:
    """The new threshold, when the champion's scores gave one."""
    from fraud.learning import work

    return work.tune()
