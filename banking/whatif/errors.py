"""What cannot be asked."""

from fintrust.core.errors import Invalid


class MomentOutOfRange(Invalid):
    """What-if looks at most 180 days back and 31 days ahead."""

    code, field = "moment-out-of-range", "at"
