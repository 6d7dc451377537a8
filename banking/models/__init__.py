from banking.models.checks import LedgerCheck
from banking.models.fx import FxRate
from banking.models.interest import (
    Accrual,
    AccrualCorrection,
    AccrualRun,
    InterestMonth,
    InterestPayment,
    InterestTerms,
)
from banking.models.ledger import Account, Currency, Entry, Hold, HoldEnd, Movement
from banking.models.limits import AccountLimit, Outgoing
from banking.models.transfers import Transfer

__all__ = [
    "Account",
    "AccountLimit",
    "Accrual",
    "AccrualCorrection",
    "AccrualRun",
    "Currency",
    "Entry",
    "FxRate",
    "Hold",
    "HoldEnd",
    "InterestMonth",
    "InterestPayment",
    "InterestTerms",
    "LedgerCheck",
    "Movement",
    "Outgoing",
    "Transfer",
]
