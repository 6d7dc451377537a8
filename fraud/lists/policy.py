"""The numbers of the bank's lists, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class ListsPolicy:
    # An allow-list for ever is how fraud gets in: what was safe last year has been sold since.
    trust_max: timedelta = timedelta(days=90)
    reason_min: int = 10  # "why" is a sentence that a colleague can check, not "fraud"
    reason_max: int = 500
    # Wider networks than these are a typing error, or half a country.
    network_bits_min_4: int = 16
    network_bits_min_6: int = 32


LISTS = ListsPolicy()
