from banking.models.care import StatusChange
from banking.models.checks import LedgerCheck
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.sharing import AccountPermission, Invitation, Right, Share
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "AccountPermission",
    "Currency",
    "Entry",
    "Hold",
    "HoldEnd",
    "Invitation",
    "LedgerCheck",
    "Movement",
    "Right",
    "Share",
    "StatusChange",
    "Transfer",
]
