"""What the bank's own lists say of a payment: a value, kept in its snapshot. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from fraud.hits import Hit
from fraud.policy import FraudPolicy

PAYEE, ACCOUNT, CUSTOMER, DEVICE, ADDRESS, PLACE = (
    "payee", "account", "customer", "device", "address", "place",
)  # fmt: skip
TRUST, HOLD, BLOCK = "trust", "hold", "block"
_STRICTER = (TRUST, HOLD, BLOCK)

# Read by the customer, and by whoever is at their phone: neither learns what is listed, or that
# anything is. Officers read the entries beside them.
REFUSED = "This payment cannot be made. Please contact us"
LOOKED_AT = "We look at this payment more closely before it goes"


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that was in force for this payment."""

    id: str  # lst_…
    kind: str
    effect: str


@dataclass(frozen=True, slots=True)
class Listed:
    """All entries that matched; without any there is no such value."""

    entries: tuple[Match, ...]

    @property
    def effect(self) -> str:
        """Of several the strictest counts."""
        return max((entry.effect for entry in self.entries), key=_STRICTER.index)

    def hits(self, policy: FraudPolicy) -> tuple[Hit, ...]:
        """Nothing for a trusted payment: that no more was asked needs no reason."""
        if self.effect == BLOCK:
            return (Hit("bank_refuses", policy.blocked_from, REFUSED),)
        if self.effect == HOLD:
            return (Hit("bank_asks", policy.flagged_from, LOOKED_AT),)
        return ()

    def without_trust(self) -> Self | None:
        """For another payment than this one, which nobody has said is trusted."""
        entries = tuple(entry for entry in self.entries if entry.effect != TRUST)
        return type(self)(entries) if entries else None

    def to_json(self) -> dict[str, Any]:
        return {
            "entries": [
                {"id": entry.id, "kind": entry.kind, "effect": entry.effect}
                for entry in self.entries
            ]
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(tuple(Match(**entry) for entry in stored["entries"]))
