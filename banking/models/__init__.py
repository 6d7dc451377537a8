from banking.models.checks import LedgerCheck
from banking.models.fx import FxRate
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.limits import AccountLimit, Outgoing
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "AccountLimit",
    "Currency",
    "Entry",
    "FxRate",
    "Hold",
    "HoldEnd",
    "LedgerCheck",
    "Movement",
    "Outgoing",
    "Transfer",
]
