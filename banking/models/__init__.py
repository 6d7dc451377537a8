from banking.models.checks import LedgerCheck
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.payees import Check, NameCheck, Payee
from banking.models.schedules import Occurrence, Schedule
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "Check",
    "Currency",
    "Entry",
    "Hold",
    "HoldEnd",
    "LedgerCheck",
    "Movement",
    "NameCheck",
    "Occurrence",
    "Payee",
    "Schedule",
    "Transfer",
]
