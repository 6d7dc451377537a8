"""Hands that sweep rows. What they do is in `afterwards`."""

from celery import shared_task

from fraud import afterwards


@shared_task(name="fraud.score_afterwards")
def score_afterwards() -> int:
    """Look again at what has moved; see settings for how often."""
    return afterwards.score_afterwards()
