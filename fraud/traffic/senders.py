"""Where generated traffic goes: a Redis stream, a Kafka topic, or the bank's own API."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zlib import crc32

import httpx
from redis import Redis

from fraud.traffic.generator import event_of
from fraud.traffic.people import CURRENCY, Payment

WAITING_MAX = 100_000  # events in a stream that nobody has taken yet: then we wait, too
BATCH = 500
TRIES = 5


class SenderFailed(Exception):
    """What was generated cannot be sent; the message says why."""


class Sender(Protocol):
    """Takes payments in order. What became of them is counted by name."""

    totals: Counter[str]

    def send(self, payments: Sequence[Payment]) -> None: ...

    def close(self) -> None: ...


@dataclass
class RedisSender:
    """One entry for each event, many in one round trip; waits while its readers lag behind."""

    url: str
    topic: str
    totals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._redis = Redis.from_url(self.url, socket_timeout=10, socket_connect_timeout=5)

    def send(self, payments: Sequence[Payment]) -> None:
        while self._redis.xlen(self.topic) > WAITING_MAX:
            self.totals["waits"] += 1
            time.sleep(0.2)
        with self._redis.pipeline(transaction=False) as pipeline:
            for payment in payments:
                entry: Any = {"event": written(payment), "key": payment.party.id}
                pipeline.xadd(self.topic, entry)
            pipeline.execute()
        self.totals["sent"] += len(payments)

    def close(self) -> None:
        self._redis.close()


@dataclass
class KafkaSender:
    """Keyed by customer, so that one customer's payments stay in order; acknowledged by all."""

    servers: str
    topic: str
    options: Mapping[str, str] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        from confluent_kafka import Producer

        self._producer = Producer(
            {"bootstrap.servers": self.servers, "enable.idempotence": True, **self.options}
        )

    def send(self, payments: Sequence[Payment]) -> None:
        for payment in payments:
            while True:
                try:
                    self._producer.produce(
                        self.topic, written(payment), payment.party.id, on_delivery=self._told
                    )
                    break
                except BufferError:  # full: the broker is slower than we are
                    self._producer.poll(0.2)
        self._producer.poll(0)

    def _told(self, error: Any, message: Any) -> None:
        self.totals["sent" if error is None else f"lost: {error.name()}"] += 1

    def close(self) -> None:
        left = self._producer.flush(30)
        if left or any(name.startswith("lost") for name in self.totals):
            raise SenderFailed(f"{left} events were not acknowledged: {dict(self.totals)}")


def written(payment: Payment) -> bytes:
    return json.dumps(event_of(payment), separators=(",", ":")).encode()


# --- the API --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a program becomes this customer."""

    email: str
    password: str


@dataclass
class ApiSender:
    """Each payment as its customer's own program would ask for it, now, in real money of the demo.

    Whoever is paid outside is one of the `payees`: the same name is always the same account. The
    bank's answers are counted; what it holds or refuses is what there is to see.
    """

    url: str
    sign_ins: Mapping[str, SignIn]  # by usr_…
    payees: Sequence[str]  # accounts that belong to others
    transport: httpx.BaseTransport | None = None  # a bank in this process, without a network
    totals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1", timeout=30, transport=self.transport
        )
        self._tokens: dict[str, str] = {}

    def send(self, payments: Sequence[Payment]) -> None:
        for payment in payments:
            self._send(payment)

    def _send(self, payment: Payment) -> None:
        path, body = self._asked(payment)
        for _ in range(TRIES):
            answer = self._http.post(
                path,
                json=body,
                headers={
                    "Authorization": f"Bearer {self._token(payment.party.id)}",
                    "Idempotency-Key": payment.id,
                },
            )
            if answer.status_code == 401:
                del self._tokens[payment.party.id]
            elif answer.status_code in {429, 503}:
                self.totals["waits"] += 1
                time.sleep(_seconds(answer))
            else:
                self._count(answer)
                return
        raise SenderFailed(f"The bank did not take {payment.id}: {answer.status_code}")

    def _count(self, answer: httpx.Response) -> None:
        self.totals["sent"] += 1
        said = answer.json()
        self.totals[said.get("status") if answer.is_success else said.get("code", "?")] += 1

    def _asked(self, payment: Payment) -> tuple[str, dict[str, Any]]:
        event = event_of(payment)
        body: dict[str, Any] = {"amount": event["amount"], "currency": CURRENCY}
        if payment.device:
            body["device"] = payment.device
        location = {
            name: event[name]
            for name in ("place", "latitude", "longitude", "accuracy_km")
            if name in event
        }
        if location:
            body["location"] = location
        if payment.kind == "deposit":
            return "/transactions/deposit", body | {"account": payment.party.account}
        return "/transactions/transfer", body | {
            "source": payment.party.account,
            "target": self._payee(payment),
            "note": payment.counterparty[:40],
        }

    def _payee(self, payment: Payment) -> str:
        if payment.counterparty.startswith("acc_"):
            return payment.counterparty
        return self.payees[crc32(payment.counterparty.encode()) % len(self.payees)]

    def _token(self, customer: str) -> str:
        while customer not in self._tokens:
            sign_in = self.sign_ins[customer]
            answer = self._http.post(
                "/auth/login", json={"email": sign_in.email, "password": sign_in.password}
            )
            if answer.status_code == 429:
                self.totals["waits"] += 1
                time.sleep(_seconds(answer))
                continue
            if answer.status_code != 200:
                raise SenderFailed(f"{sign_in.email} cannot sign in: {answer.text[:200]}")
            self._tokens[customer] = answer.json()["access"]
        return self._tokens[customer]

    def close(self) -> None:
        self._http.close()


def _seconds(answer: httpx.Response) -> float:
    after = answer.headers.get("Retry-After", "")
    return min(60.0, float(after)) if after.isdigit() else 1.0
