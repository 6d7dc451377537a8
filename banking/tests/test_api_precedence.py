"""Which refusal a program is told when several apply: the ledger's order, as it is over HTTP.

What is wrong with the request itself comes first, then what it names that does not exist, then a
key that was used for something else, and then what the ledger says, in the ledger's order.
"""

from typing import Any

import pytest
from django.db import transaction

import banking.limits.services as limits
from banking import ledger
from banking.errors import BY_SQLSTATE
from banking.models import Account
from banking.tests.conftest import open_funded
from banking.tests.test_api import ask, client_of, everything
from banking.tests.test_ledger_precedence import Fault, filled
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User

pytestmark = pytest.mark.django_db

ORDER = {
    "invalid-amount": 400,
    "amount-too-large": 400,
    "not-found": 404,
    "unknown-payee": 404,
    "deposit-too-large": 422,
    "idempotency-key-reused": 422,
    "same-account": 409,
    "currency-mismatch": 400,
    "account-closed": 409,
    "account-frozen": 409,
    "balance-too-large": 409,
    "insufficient-funds": 409,
    "account-limit-reached": 409,
}
REQUEST = [
    Fault("invalid-amount", {"amount": "0.00"}),
    Fault("invalid-amount", {"amount": "1e5"}),
    Fault("amount-too-large", {"amount": "92233720368547758.08"}),  # 2^63 cents
    Fault("currency-mismatch", {"currency": "USD"}, never_with=("dollars",)),
    Fault("currency-mismatch", {"currency": "XXX"}),
    Fault("idempotency-key-reused", {"key": "used"}),
]


def side(name: str) -> list[Fault]:
    return [
        Fault("account-closed", {name: "closed"}),
        Fault("account-frozen", {name: "frozen"}),
        Fault("currency-mismatch", {name: "dollars"}),
    ]


SPENT = [
    Fault("insufficient-funds", {"amount": "1000.01"}),
    Fault("account-limit-reached", {"limit": "reached"}),
]
NOT_HERS = ("not hers", "unknown")
DOORS: dict[str, tuple[dict[str, str], list[Fault]]] = {
    "transfer": (
        {"source": "hers", "target": "his", "amount": "7.00", "currency": "EUR"},
        [
            *[*REQUEST, *side("source"), *side("target"), *SPENT],
            *[Fault("not-found", {"source": name}) for name in NOT_HERS],
            Fault("unknown-payee", {"target": "unknown"}),
            Fault("unknown-payee", {"target": "the bank's"}),
            Fault("same-account", {"target": "itself"}),
            Fault("balance-too-large", {"target": "full"}),
        ],
    ),
    "withdraw": (
        {"account": "hers", "amount": "7.00", "currency": "EUR"},
        [
            *[*REQUEST, *side("account"), *SPENT],
            *[Fault("not-found", {"account": name}) for name in NOT_HERS],
        ],
    ),
    "deposit": (
        {"account": "hers", "amount": "7.00", "currency": "EUR"},
        [
            *[*REQUEST, *side("account")],
            *[Fault("not-found", {"account": name}) for name in NOT_HERS],
            Fault("deposit-too-large", {"amount": "25000.01"}),
            Fault("balance-too-large", {"account": "full"}),
        ],
    ),
}


@pytest.fixture
def client(ada):
    return client_of(ada)


@pytest.fixture
def meant(ada, ben, hers, his, treasurer):
    """A request with everything in it made, so that asking is all that is left to do."""
    owners = {"account": ada, "source": ada, "target": ben}
    known = {
        "hers": hers,
        "his": his,
        "not hers": his,
        "the bank's": ledger.internal("fees", "EUR"),
    }

    def named(word: str, owner: User) -> str:
        if word == "unknown":
            return to_public("acc", uuid7())
        return (known.get(word) or _account(word, owner)).public_id

    def do(asked: dict[str, Any]) -> dict[str, Any]:
        body = {
            name: named(word, owners[name]) if name in owners and word != "itself" else word
            for name, word in asked.items()
        }
        if body.get("target") == "itself":
            body["target"] = body["source"]
        if body.pop("limit", None):
            limits.set_account_limit(account=hers, by=treasurer, reason="a test", day_minor=1)
        return body

    return do


def _account(word: str, owner: User) -> Account:
    made = open_funded(owner, 0, "USD" if word == "dollars" else "EUR")
    if word == "full":
        filled(made)
    if word in {"closed", "frozen"}:
        ledger.set_status(made, word)
    return made


@pytest.fixture
def told(client, meant):
    """Status and code of a request with these faults; nothing must change."""

    def ask_with(what: str, *faults: Fault) -> tuple[int, str]:
        body = DOORS[what][0] | {name: how for fault in faults for name, how in fault.wrong.items()}
        with transaction.atomic():
            key = str(uuid7())
            if body.pop("key", None):
                other = meant(DOORS[what][0] | {"amount": "1.00"})
                assert ask(client, what, key, **other).status_code == 201
            asked = meant(body)
            before = everything()
            answer = ask(client, what, key, **asked)
            assert everything() == before
            transaction.set_rollback(True)
        assert answer["Content-Type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]

    return ask_with


def lowest(*faults: Fault) -> tuple[int, str]:
    code = min((fault.code for fault in faults), key=[*ORDER].index)
    return ORDER[code], code


@pytest.mark.parametrize(
    "what, fault",
    [
        pytest.param(what, fault, id=f"{what}-{fault}")
        for what, (_, faults) in DOORS.items()
        for fault in faults
    ],
)
def test_of_all_that_is_wrong_the_first_in_the_order_is_told_and_nothing_is_left(told, what, fault):
    assert told(what, fault) == (ORDER[fault.code], fault.code)
    faults = DOORS[what][1]
    for other in faults[: faults.index(fault)]:
        if fault.fits(other):
            assert told(what, fault, other) == lowest(fault, other), f"{fault} and {other}"


def test_what_the_ledger_says_is_told_in_the_ledgers_order():
    numbers = {problem.code: number for number, problem in BY_SQLSTATE.items()}
    told = [numbers[code] for code in ORDER if code in numbers]
    assert told == sorted(told)
