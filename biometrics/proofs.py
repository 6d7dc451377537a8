"""By what somebody can show that a payment is theirs, as records and labels call it."""

from enum import StrEnum


class Proof(StrEnum):
    PIN = "PIN"
    CODE = "authenticator app"
    PASSKEY = "passkey"
