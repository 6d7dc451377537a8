"""The ledger as anybody would explain it, in plain Python: what the real one is compared with."""

from dataclasses import dataclass, field

DONE, REPLAYED = "done", "replayed"


@dataclass
class Box:
    """An account."""

    balance: int = 0
    held: int = 0
    floor: int | None = 0
    status: str = "active"
    entries: int = 0


@dataclass
class Books:
    boxes: dict[str, Box] = field(default_factory=dict)
    booked: dict[object, tuple] = field(default_factory=dict)
    holds: dict[object, tuple[str, int]] = field(default_factory=dict)
    ended: set[object] = field(default_factory=set)
    reversed: set[object] = field(default_factory=set)

    def move(self, id, source, target, amount, *, kind="transfer", reverses=None, freed=0) -> str:
        if amount < 1:
            return "invalid-amount"
        if source == target:
            return "same-account"
        if id in self.booked:
            same = self.booked[id] == (source, target, amount, kind)
            return REPLAYED if same else "idempotency-conflict"
        payer, payee = self.boxes[source], self.boxes[target]
        for status in ("closed", "frozen"):
            if status in (payer.status, payee.status):
                return f"account-{status}"
        if payer.floor is not None and payer.balance - payer.held + freed - amount < payer.floor:
            return "insufficient-funds"
        payer.balance -= amount
        payer.held -= freed
        payee.balance += amount
        payer.entries += 1
        payee.entries += 1
        self.booked[id] = (source, target, amount, kind)
        return DONE

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

    def capture(self, hold, id, target, amount) -> str:
        box, held = self.holds[hold]
        if box == target:
            return "same-account"
        if hold in self.ended:
            return "hold-ended"
        if amount > held:
            return "hold-too-small"
        said = self.move(id, box, target, amount, kind="capture", freed=held)
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
        said = self.move(id, target, source, amount, kind="reversal")
        if said == DONE:
            self.reversed.add(movement)
        return said

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
