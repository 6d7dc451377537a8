from banking.models.checks import LedgerCheck
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement, Queue
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "Currency",
    "Entry",
    "Hold",
    "HoldEnd",
    "LedgerCheck",
    "Movement",
    "Queue",
    "Transfer",
]
