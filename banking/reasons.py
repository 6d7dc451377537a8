"""Why an officer or a customer does what stays in the audit log."""

from fintrust.core.errors import Invalid

REASON_MIN, REASON_MAX = 3, 500


class ReasonMissing(Invalid):
    """Write the reason, in 3 to 500 characters."""

    code, field = "reason-missing", "reason"


def clean_reason(text: str) -> str:
    """Something must be there, and not a novel."""
    text = " ".join(text.split())
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise ReasonMissing()
    return text
