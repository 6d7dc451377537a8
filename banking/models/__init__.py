from banking.models.books import Close, FrozenBalance, Journal
from banking.models.checks import LedgerCheck
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "Close",
    "Currency",
    "Entry",
    "FrozenBalance",
    "Hold",
    "HoldEnd",
    "Journal",
    "LedgerCheck",
    "Movement",
    "Transfer",
]
