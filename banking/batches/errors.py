"""What keeps one of many from being sent."""

from fintrust.core.errors import Conflict


class LinkedUndone(Conflict):
    """Another transfer that this one is linked to was not posted, so neither was this."""

    code = "linked-undone"
