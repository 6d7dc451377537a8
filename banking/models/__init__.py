from banking.models.batches import Batch
from banking.models.books import Close, FrozenBalance, Journal
from banking.models.care import StatusChange
from banking.models.checks import LedgerCheck
from banking.models.fx import FxRate
from banking.models.holds import Reservation
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
    "Batch",
    "CategoryChoice",
    "Close",
    "Currency",
    "Delivery",
    "Entry",
    "FrozenBalance",
    "FxRate",
    "Hold",
    "HoldEnd",
    "InterestMonth",
    "InterestPayment",
    "InterestTerms",
    "Invitation",
    "Journal",
    "LedgerCheck",
    "Movement",
    "Outgoing",
    "Reservation",
    "Right",
    "Share",
    "StatusChange",
    "Transfer",
    "Webhook",
    "WebhookSecret",
]
