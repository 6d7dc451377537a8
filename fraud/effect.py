"""What a decision does to its payment. Values only: no Django here.

The verdict says what was found; what is blocked may all the same wait for an officer. Whatever
books, shows or counts payments asks here.
"""

from fraud.verdict import BLOCKED, VERIFIED

PASSED, HELD, REFUSED = "passed", "held", "refused"
EFFECTS = (PASSED, HELD, REFUSED)


def effect(verdict: str, review: bool) -> str:
    if verdict == VERIFIED:
        return PASSED
    return REFUSED if verdict == BLOCKED and not review else HELD
