"""The ledger as anybody would explain it, in plain Python: what the real one is compared with.

Days are counted from today: yesterday is -1. What is asked twice is answered twice.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field

DONE, REPLAYED = "done", "replayed"
TODAY, NEVER = 0, -1_000


@dataclass
class Box:
    """An account."""

    balance: int = 0
    held: int = 0
    floor: int | None = 0
    status: str = "active"
    entries: int = 0
    felt: Counter[int] = field(default_factory=Counter)  # by the day it counts from

    def on(self, day: int) -> int:
        """What was on it at the end of a day."""
        return sum(amount for when, amount in self.felt.items() if when <= day)

    def feel(self, amount: int, day: int) -> None:
        self.balance += amount
        self.entries += 1
        self.felt[day] += amount


@dataclass
class Books:
    boxes: dict[str, Box] = field(default_factory=dict)
    booked: dict[object, tuple] = field(default_factory=dict)
    holds: dict[object, tuple[str, int]] = field(default_factory=dict)
    ended: set[object] = field(default_factory=set)
    reversed: set[object] = field(default_factory=set)
    journals: dict[object, list[tuple]] = field(default_factory=dict)
    leg_of: dict[object, object] = field(default_factory=dict)  # movement -> its journal
    closed: dict[int, dict[str, int]] = field(default_factory=dict)  # day -> what was on each box

    def move(self, id, source, target, amount, *, kind="transfer", day=TODAY, freed=0) -> str:
        if amount < 1:
            return "invalid-amount"
        if source == target:
            return "same-account"
        if id in self.booked:
            same = self.booked[id] == (source, target, amount, kind)
            return REPLAYED if same else "idempotency-conflict"
        if wrong := self.wrong_status(source, target):
            return wrong
        payer, payee = self.boxes[source], self.boxes[target]
        if payer.floor is not None and payer.balance - payer.held + freed - amount < payer.floor:
            return "insufficient-funds"
        if day > TODAY:
            return "value-date-in-the-future"
        if day <= max(self.closed, default=NEVER):
            return "period-closed"
        payer.held -= freed
        payer.feel(-amount, day)
        payee.feel(amount, day)
        self.booked[id] = (source, target, amount, kind)
        return DONE

    def wrong_status(self, *names) -> str | None:
        for status in ("closed", "frozen"):
            if any(self.boxes[name].status == status for name in names):
                return f"account-{status}"
        return None

    def hold(self, id, box, amount) -> str:
        if id in self.holds:
            return REPLAYED if self.holds[id] == (box, amount) else "idempotency-conflict"
        found = self.boxes[box]
        if found.status != "active":
            return f"account-{found.status}"
        if found.floor is not None and found.balance - found.held - amount < found.floor:
            return "insufficient-funds"
        found.held += amount
        self.holds[id] = (box, amount)
        return DONE

    def capture(self, hold, id, target, amount, *, day=TODAY) -> str:
        box, held = self.holds[hold]
        if box == target:
            return "same-account"
        if hold in self.ended:
            return "hold-ended"
        if amount > held:
            return "hold-too-small"
        said = self.move(id, box, target, amount, kind="capture", day=day, freed=held)
        if said == DONE:
            self.ended.add(hold)
        return said

    def release(self, hold) -> str:
        if hold in self.ended:
            return "hold-ended"
        box, held = self.holds[hold]
        self.boxes[box].held -= held
        self.ended.add(hold)
        return DONE

    def reverse(self, id, movement) -> str:
        source, target, amount, kind = self.booked[movement]
        if kind == "reversal":
            return "reversal-of-reversal"
        if movement in self.reversed:
            return "already-reversed"
        if movement in self.leg_of:
            return self.wrong_status(source, target) or "journal-leg"
        said = self.move(id, target, source, amount, kind="reversal")
        if said == DONE:
            self.reversed.add(movement)
        return said

    def journal(self, id, legs, *, day=TODAY, kind="transfer") -> str:
        """Legs are (id, source, target, amount); all of them or none."""
        if not legs:
            return "journal-empty"
        if id in self.journals:
            same = [leg[1:] for leg in self.journals[id]] == [leg[1:] for leg in legs]
            return REPLAYED if same else "idempotency-conflict"
        before = deepcopy(self.__dict__)
        for leg in legs:
            said = self.move(*leg, kind=kind, day=day)
            if said != DONE:
                self.__dict__ = before
                return said
            self.leg_of[leg[0]] = id
        self.journals[id] = legs
        return DONE

    def reverse_journal(self, id, journal) -> str:
        legs = self.journals[journal]
        if self.booked[legs[0][0]][3] == "reversal":
            return "reversal-of-reversal"
        if journal in self.reversed:
            return "already-reversed"
        back = [
            ((id, leg), target, source, amount) for leg, source, target, amount in reversed(legs)
        ]
        said = self.journal(id, back, kind="reversal")
        if said == DONE:
            self.reversed |= {journal, *(leg[0] for leg in legs)}
        return said

    def close(self, day) -> str:
        """Every day up to this one; what was on the boxes then is written down."""
        if day in self.closed:
            return DONE
        if day >= TODAY:
            return "period-not-over"
        if day <= max(self.closed, default=NEVER):
            return "period-closed"
        self.closed[day] = {name: box.on(day) for name, box in self.boxes.items()}
        return DONE

    def set_status(self, box, status) -> str:
        found = self.boxes[box]
        if found.status == status:
            return DONE
        if found.status == "closed":
            return "account-closed"
        if status == "closed" and (found.balance or found.held):
            return "account-not-empty"
        found.status = status
        return DONE
