"""What is known about a movement of money before it is booked. Values only: no Django here."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

TRANSFER, DEPOSIT, WITHDRAWAL = "transfer", "deposit", "withdrawal"
KINDS = (TRANSFER, DEPOSIT, WITHDRAWAL)
DEVICE_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One movement as the asker states it. `at` is when it was asked for, not when it is judged.

    `balance_minor` is what the paying account holds before it; `to_self` says that the other
    account belongs to the same customer. Both may be unknown, as everything about the place.
    """

    kind: str
    subject: str  # public id of what is judged: trf_…
    customer_id: UUID
    asker_id: UUID | None = None  # who asks, when it is somebody else: they operate the account
    account: str  # acc_…
    counterparty: str = ""  # acc_… of the other side, or nothing
    amount_minor: int
    currency: str
    at: datetime
    timezone: str = "UTC"
    channel: str = "web"
    session_hash: str | None = None
    ip: str | None = None
    outgoing: bool = True
    balance_minor: int | None = None
    to_self: bool = False
    # Where and with what it was asked for, as far as the asker says or shows.
    device: str | None = None  # an opaque name of the browser or the phone
    place: str = ""  # as declared: "Lisbon, PT"; without a word the address's
    latitude: float | None = None  # degrees
    longitude: float | None = None
    accuracy_km: float | None = None  # of both
    # What the database of addresses says of `ip`, whatever was declared; see travel.presence.
    address_place: str = ""
    address_km: int | None = None  # from there to the coordinates, at least
    target_currency: str = ""  # what arrives, when it is changed on the way

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is not a kind of movement")
        if self.amount_minor <= 0:
            raise ValueError("a movement has a positive amount")
        if self.at.tzinfo is None:
            raise ValueError("a movement happens at an aware time")
        if self.device is not None and len(self.device) > DEVICE_MAX:
            raise ValueError(f"a device's name has at most {DEVICE_MAX} characters")

    def to_json(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).isoformat()
        ids = {
            "customer_id": str(self.customer_id),
            "asker_id": None if self.asker_id is None else str(self.asker_id),
        }
        flat = {field.name: getattr(self, field.name) for field in fields(self)}
        return flat | ids | {"at": at}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Facts":
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        known["customer_id"] = UUID(values["customer_id"])
        asker = values.get("asker_id")
        known["asker_id"] = None if asker is None else UUID(asker)
        known["at"] = datetime.fromisoformat(values["at"])
        return cls(**known)
