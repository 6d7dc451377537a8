"""Changing one's own limits: tighter at once, looser after a wait. No Django here.

While a looser change waits, the limits before it hold as well: everything is forbidden that either
forbids. So a change that tightens one thing and loosens another does both, each at its time, and a
row says what is in force at any moment, without anybody having to do anything at that moment.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from fraud.limits.own import NOTHING, CustomerPolicies, TimeRange, looser_in, stricter


@dataclass(frozen=True, slots=True)
class Earlier:
    """Limits that were replaced by looser ones, and hold until then."""

    until: datetime
    policies: CustomerPolicies

    def to_json(self) -> dict[str, Any]:
        return {
            "until": self.until.astimezone(UTC).isoformat(),
            "policies": self.policies.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Earlier":
        until = datetime.fromisoformat(values["until"])
        return cls(until, CustomerPolicies.from_json(values["policies"]))


@dataclass(frozen=True, slots=True)
class Pending:
    """What will be in force from a moment on, and the fields that are looser then."""

    at: datetime
    policies: CustomerPolicies
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """The limits as the customer last wrote them, and earlier ones that still hold beside them."""

    asked: CustomerPolicies = NOTHING
    earlier: tuple[Earlier, ...] = ()  # in the order they were replaced
    version: int = 0

    def holding(self, at: datetime) -> tuple[Earlier, ...]:
        return tuple(one for one in self.earlier if at < one.until)

    def in_force(self, at: datetime) -> CustomerPolicies:
        return reduce(stricter, [*(one.policies for one in self.holding(at)), self.asked])

    def pending(self, at: datetime) -> list[Pending]:
        """What changes by itself from now on, and when."""
        found, now = [], self.in_force(at)
        for moment in sorted({one.until for one in self.holding(at)}):
            then = self.in_force(moment)
            if changed := looser_in(now, then):
                found.append(Pending(moment, then, changed))
            now = then
        return found

    def changed(
        self, asked: CustomerPolicies, at: datetime, *, wait: timedelta, stepped_up: bool = False
    ) -> "Written":
        """These limits instead. Whoever has proved to be the customer need not wait."""
        earlier = () if stepped_up else self.holding(at)
        if not stepped_up:
            earlier += (Earlier(at + wait, self.asked),)
        # Only those that forbid something which the new ones allow have to be waited for.
        earlier = tuple(one for one in earlier if looser_in(one.policies, asked))
        return Written(asked, earlier, self.version + 1)

    def without_pending(self, at: datetime) -> CustomerPolicies:
        """What to ask for instead, so that nothing gets looser by itself."""
        now = self.in_force(at)
        names = {name for one in self.pending(at) for name in one.fields}
        kept = {name: self._sayable(name, now, at) for name in names}
        return replace(self.asked, **kept | {"timezone": now.timezone})

    def _sayable(self, name: str, now: CustomerPolicies, at: datetime) -> Any:
        """What is in force; of lists and hours that leave nothing together, the earlier one."""
        values = (getattr(one, name) for one in (now, *(old.policies for old in self.holding(at))))
        return next(value for value in values if name == "allowed_payees" or not _nothing(value))

    def to_json(self) -> dict[str, Any]:
        return {
            "asked": self.asked.to_json(),
            "earlier": [one.to_json() for one in self.earlier],
            "version": self.version,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any] | None) -> "Written":
        """Nothing written is nothing limited."""
        if values is None:
            return cls()
        return cls(
            CustomerPolicies.from_json(values["asked"]),
            _earlier(values["earlier"]),
            values["version"],
        )


def _nothing(value: Any) -> bool:
    """A list or a time that allows nothing: it comes about while a change waits, and is written by
    nobody."""
    return value == () or (isinstance(value, TimeRange) and value.start == value.end)


def _earlier(values: Iterable[Mapping[str, Any]]) -> tuple[Earlier, ...]:
    return tuple(Earlier.from_json(one) for one in values)
