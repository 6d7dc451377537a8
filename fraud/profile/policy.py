"""The numbers of the profile, each with its reason. Values only: no Django here."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class ProfilePolicy:
    # Whoever finds a browser open could make the bank forget what is normal, and then spend like a
    # newcomer. So the old normal guards for three more days: a long weekend in which the customer
    # sees the notice, and can keep it.
    guard: timedelta = timedelta(days=3)
    payees_shown: int = 8
    places_shown: int = 8
    usual_share: float = 0.8  # "usually between 8 and 19" holds for four payments in five


PROFILE = ProfilePolicy()
