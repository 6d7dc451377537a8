from banking.models.batches import Batch
from banking.models.books import Close, FrozenBalance, Journal
from banking.models.care import StatusChange
from banking.models.checks import LedgerCheck
from banking.models.fx import FxRate
from banking.models.holds import Reservation
from banking.models.imports import Import, ImportChunk, OutsideAccount, OutsideEntry
from banking.models.insights import CategoryChoice
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
from banking.models.payees import Check, NameCheck, Payee
from banking.models.proposals import Adjustment, AdjustmentLeg, CheckRequest, Closing
from banking.models.schedules import Occurrence, Schedule
from banking.models.sharing import AccountPermission, Invitation, Right, Share
from banking.models.transfers import Transfer
from banking.models.webhooks import Delivery, Webhook, WebhookSecret

__all__ = [
    "Account",
    "AccountLimit",
    "AccountPermission",
    "Accrual",
    "AccrualCorrection",
    "AccrualRun",
    "Adjustment",
    "AdjustmentLeg",
    "Batch",
    "CategoryChoice",
    "Check",
    "CheckRequest",
    "Close",
    "Closing",
    "Currency",
    "Delivery",
    "Entry",
    "FrozenBalance",
    "FxRate",
    "Hold",
    "HoldEnd",
    "Import",
    "ImportChunk",
    "InterestMonth",
    "InterestPayment",
    "InterestTerms",
    "Invitation",
    "Journal",
    "LedgerCheck",
    "Movement",
    "NameCheck",
    "Occurrence",
    "Outgoing",
    "OutsideAccount",
    "OutsideEntry",
    "Payee",
    "Reservation",
    "Right",
    "Schedule",
    "Share",
    "StatusChange",
    "Transfer",
    "Webhook",
    "WebhookSecret",
]
