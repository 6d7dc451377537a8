"""What cannot be given back."""

from fintrust.core.errors import Conflict


class NotReturnable(Conflict):
    """Only money that has arrived, in the currency it was sent in, can be returned."""

    code = "not-returnable"
