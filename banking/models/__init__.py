from banking.models.checks import LedgerCheck
from banking.models.imports import Import, ImportChunk, OutsideAccount, OutsideEntry
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "Currency",
    "Entry",
    "Hold",
    "HoldEnd",
    "Import",
    "ImportChunk",
    "LedgerCheck",
    "Movement",
    "OutsideAccount",
    "OutsideEntry",
    "Transfer",
]
