from banking.models.books import Close, FrozenBalance, Journal
from banking.models.care import StatusChange
from banking.models.checks import LedgerCheck
from banking.models.insights import CategoryChoice
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.sharing import AccountPermission, Invitation, Right, Share
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "AccountPermission",
    "CategoryChoice",
    "Close",
    "Currency",
    "Entry",
    "FrozenBalance",
    "Hold",
    "HoldEnd",
    "Invitation",
    "Journal",
    "LedgerCheck",
    "Movement",
    "Right",
    "Share",
    "StatusChange",
    "Transfer",
]
