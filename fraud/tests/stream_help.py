"""Events for tests, as another system would send them."""

import itertools
import json
from typing import Any

from fintrust.core.models import User
from fraud.stream.messages import KAFKA, REDIS, Message
from fraud.tests.factories import NOON

_numbers = itertools.count(1)


def event(customer: User, **changes: Any) -> dict[str, Any]:
    """£50 to a payee, at noon; `None` leaves a field out."""
    values: dict[str, Any] = {
        "v": 1,
        "id": f"pay-{next(_numbers)}",
        "customer": customer.public_id,
        "account": f"acc_{customer.pk.hex[-12:]}",
        "counterparty": "acc_payee",
        "kind": "transfer",
        "amount": "50.00",
        "currency": "GBP",
        "at": NOON.isoformat(),
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def raw(customer: User, **changes: Any) -> bytes:
    return json.dumps(event(customer, **changes)).encode()


def message(value: bytes, *, key: bytes | None = None, **changes: Any) -> Message:
    """As from Redis."""
    values: dict[str, Any] = {
        "source": REDIS,
        "topic": "payments",
        "partition": 0,
        "position": f"1-{next(_numbers)}",
        "value": value,
        "key": key,
    }
    return Message(**values | changes)


def of_kafka(value: bytes, offset: int, *, partition: int = 0, **changes: Any) -> Message:
    return message(
        value,
        source=KAFKA,
        partition=partition,
        position=str(offset),
        offset=offset,
        **changes,
    )
