from banking.models.checks import LedgerCheck
from banking.models.insights import CategoryChoice
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "CategoryChoice",
    "Currency",
    "Entry",
    "Hold",
    "HoldEnd",
    "LedgerCheck",
    "Movement",
    "Transfer",
]
