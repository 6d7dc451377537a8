"""Hands that sweep rows. What they do is in `afterwards`."""

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
