"""Hands that sweep rows. What they do is in `afterwards`."""

from celery import shared_task


@shared_task(name="fraud.score_afterwards")
def score_afterwards() -> int:
    """Look again at what has moved; see settings for how often."""
    # Imported here: numpy is large, and only the process that comes to score needs it.
    from fraud import afterwards

    return afterwards.score_afterwards()
