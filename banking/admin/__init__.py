"""The reading rooms of this app; each file is a topic. What is done there, the services do."""

from banking.admin import (
    accounts,
    fx,
    interest,
    ledger,
    payees,
    proposals,
    schedules,
    transfers,
)

__all__ = [
    "accounts",
    "fx",
    "interest",
    "ledger",
    "payees",
    "proposals",
    "schedules",
    "transfers",
]
