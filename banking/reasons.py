"""Why an officer or a customer does what stays in the audit log."""

from banking.errors import ReasonMissing

REASON_MIN, REASON_MAX = 3, 500


def clean_reason(text: str) -> str:
    """Something must be there, and not a novel."""
    text = " ".join(text.split())
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise ReasonMissing()
    return text
