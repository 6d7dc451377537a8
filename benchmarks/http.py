"""What a transfer costs a program that asks for it, against an address that does nothing.

    python -m benchmarks.http [--customers 500] [--rounds 3] [--entries 10000 100000]

`POST /api/v1/transactions/transfer` is the whole of it: token, budget, idempotency, judging,
posting, audit, live event. The empty view is `/healthz` on the same server in the same round.

`vs_empty_view` is the ratio of the rates of 8 clients (goal 0.35); `p50_ms` (25) and `p99_ms` (80)
are measured at half of the transfer's own rate, asked for by the clock and not when an answer is
there, so that a stall counts for everybody it delays; `errors_5xx` (0) counts the answers to 64
clients at once. All of it is repeated with books of each length in `--entries`, by so many
customers who were not there before: `cpu_ms_N` is what web and database spent on one transfer with
N entries on the books. Who pays quickly is held, which costs more: `booked_share` says how many
were not held, and has to be nearly all.
"""

import argparse
import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from uuid import uuid4

import psycopg

from benchmarks import floor, history, processes, running
from benchmarks.pages import check_books, prepare

CLIENTS, MANY_CLIENTS = 8, 64
REQUESTS = 240
FILLER_ACCOUNTS = 2_000
ENDPOINT = "/api/v1/transactions/transfer"
UNLIMITED = {"RATE_MONEY": "1000000/min", "RATE_READ": "1000000/min"}


@dataclass(frozen=True)
class Asked:
    """One request as it goes over the wire."""

    path: str
    headers: dict[str, str]
    body: str | None = None


@dataclass(frozen=True)
class Answers:
    seconds: list[float]
    statuses: Counter[int]
    lasted: float
    cpu: float

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.lasted

    @property
    def cpu_ms(self) -> float:
        return self.cpu / len(self.seconds) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.http", description=__doc__)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with running.stack(FINTRUST_DEMO="0", **UNLIMITED) as stack:
        people = prepare(stack, [10] * options.customers * len(options.entries))
        floor.environment(floor.Bank(stack.administrator, stack.environment["DATABASE_URL"]))
        for place, entries in enumerate(sorted(options.entries)):
            fill_books(stack.administrator, entries)
            here = people[place * options.customers :][: options.customers]
            found = measured(stack, transfers(here), options.rounds)
            print(f"{entries} entries: {found}", flush=True)
            figures |= {f"cpu_ms_{entries}": found["cpu_ms"], f"p50_ms_{entries}": found["p50_ms"]}
            figures |= found
        check_books()
    floor.report(**figures)


def transfers(people: Sequence[history.Person]) -> Iterator[Asked]:
    """Small payments of all customers in turn, so that nobody pays faster than people do."""
    from django.contrib.auth import get_user_model

    from fintrust import tokens

    users = get_user_model().objects.in_bulk([person.id for person in people])
    bearers = [tokens.issue(users[person.id]).access for person in people]
    payees = [*people[1:], people[0]]
    for person, payee, bearer in itertools.cycle(zip(people, payees, bearers, strict=True)):
        body = {
            "source": person.accounts[0][1],
            "target": payee.accounts[0][1],
            "amount": "1.25",
            "currency": "EUR",
        }
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "application/json",
        }
        yield Asked(ENDPOINT, headers, json.dumps(body))


# --- long books -------------------------------------------------------------------------------


def fill_books(administrator: str, entries: int) -> None:
    """Movements between accounts of the bank's other customers, until there are so many entries.

    Written as the ledger would have: running balances, gap-free sequences, sums of zero.
    """
    with psycopg.connect(administrator) as connection:
        [(count, filler)] = connection.execute(
            "SELECT (SELECT count(*) FROM banking_movement),"
            " (SELECT min(id) FROM banking_account WHERE name = 'Filler')"
        ).fetchall()
        if filler is None:
            connection.execute(_FILLER_ACCOUNTS, {"count": FILLER_ACCOUNTS})
        missing = entries // 2 - int(str(count))
        while missing > 0:
            rounds = min(missing // (FILLER_ACCOUNTS // 2) + 1, 1_000)
            connection.execute(_FILLER_MOVEMENTS, {"rounds": rounds})
            connection.execute(_FILLER_STATES, {"rounds": rounds})
            missing -= rounds * FILLER_ACCOUNTS // 2
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


_FILLER_ACCOUNTS = """
SELECT ledger_open(gen_random_uuid(), (SELECT min(id::text)::uuid FROM core_user), 'checking',
                   'EUR', 'Filler', -999999999999)
  FROM generate_series(1, %(count)s)
"""
# Pairs of neighbours pay each other to and fro: odd rounds one way, even rounds back.
_FILLER_MOVEMENTS = """
WITH pair AS (
    SELECT id, seq, balance, lead(id) OVER (ORDER BY id) AS next_id,
           lead(seq) OVER (ORDER BY id) AS next_seq,
           lead(balance) OVER (ORDER BY id) AS next_balance,
           row_number() OVER (ORDER BY id) AS n
      FROM banking_account WHERE name = 'Filler'
)
INSERT INTO banking_movement (id, debit_id, credit_id, amount, debit_balance, credit_balance,
                              debit_seq, credit_seq, value_date, currency, kind, narrative)
SELECT gen_random_uuid(), id, next_id, 1, balance - r, next_balance + r, seq + r, next_seq + r,
       current_date, 'EUR', 'transfer', 'Filler'
  FROM pair, generate_series(1, %(rounds)s) r
 WHERE n %% 2 = 1
 ORDER BY r, n
"""
_FILLER_STATES = """
WITH numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM banking_account WHERE name = 'Filler'
)
UPDATE banking_account a SET seq = seq + %(rounds)s,
       balance = balance + CASE WHEN n %% 2 = 1 THEN -%(rounds)s ELSE %(rounds)s END
  FROM numbered WHERE numbered.id = a.id
"""


# --- load -------------------------------------------------------------------------------------


def measured(stack: running.Running, payments: Iterator[Asked], rounds: int) -> dict[str, float]:
    empty = itertools.repeat(Asked("/healthz", {}))
    at_once(stack, _take(payments, CLIENTS * 4), CLIENTS)  # the server's first requests are slow
    busy, idle, paced = [], [], []
    statuses: Counter[int] = Counter()
    for _ in range(rounds):
        idle.append(at_once(stack, _take(empty, REQUESTS * 4), CLIENTS))
        busy.append(at_once(stack, _take(payments, REQUESTS), CLIENTS))
        paced.append(by_the_clock(stack, _take(payments, REQUESTS), busy[-1].rate / 2))
        statuses += busy[-1].statuses + paced[-1].statuses
    crowd = at_once(stack, _take(payments, REQUESTS * 2), MANY_CLIENTS)
    statuses += crowd.statuses
    return {
        "vs_empty_view": floor.ratio([b.rate for b in busy], [i.rate for i in idle]),
        "transfers_per_s": median(b.rate for b in busy),
        "empty_view_per_s": median(i.rate for i in idle),
        "cpu_ms": median(b.cpu_ms for b in busy),
        "empty_view_cpu_ms": median(i.cpu_ms for i in idle),
        "p50_ms": median(median(p.seconds) for p in paced) * 1e3,
        "p99_ms": median(quantiles(p.seconds, n=100)[-1] for p in paced) * 1e3,
        "p99_ms_64_clients": quantiles(crowd.seconds, n=100)[-1] * 1e3,
        "errors_5xx": sum(count for status, count in statuses.items() if status >= 500),
        "booked_share": statuses[201] / statuses.total(),
    }


def _take(asked: Iterator[Asked], count: int) -> list[Asked]:
    return list(itertools.islice(asked, count))


def at_once(stack: running.Running, asked: Sequence[Asked], clients: int) -> Answers:
    """So many clients, each over a connection it keeps, each as fast as it is answered."""
    with _Meter(stack) as meter, ThreadPoolExecutor(clients) as pool:
        parts = [asked[number::clients] for number in range(clients)]
        done = list(pool.map(lambda part: _ask(stack.port, part), parts))
    return meter.answers(itertools.chain(*done))


def by_the_clock(stack: running.Running, asked: Sequence[Asked], rate: float) -> Answers:
    """Each request has its moment; its time runs from then, even if no client was free."""
    begin = time.monotonic() + 0.2
    queue = iter(list(enumerate(asked)))
    lock = threading.Lock()

    def client() -> list[tuple[float, int]]:
        connection = http.client.HTTPConnection("localhost", stack.port, timeout=60)
        found = []
        while True:
            with lock:
                place = next(queue, None)
            if place is None:
                connection.close()
                return found
            number, request = place
            moment = begin + number / rate
            time.sleep(max(0.0, moment - time.monotonic()))
            status = _answer(connection, request)
            found.append((time.monotonic() - moment, status))

    with _Meter(stack) as meter, ThreadPoolExecutor(MANY_CLIENTS) as pool:
        done = list(pool.map(lambda _: client(), range(MANY_CLIENTS)))
    return meter.answers(itertools.chain(*done))


def _ask(port: int, asked: Sequence[Asked]) -> list[tuple[float, int]]:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    found = []
    for request in asked:
        began = time.monotonic()
        status = _answer(connection, request)
        found.append((time.monotonic() - began, status))
    connection.close()
    return found


def _answer(connection: http.client.HTTPConnection, request: Asked) -> int:
    method = "GET" if request.body is None else "POST"
    connection.request(method, request.path, request.body, request.headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


class _Meter:
    """CPU of web and database, and the time that passed, while the block lasts."""

    def __init__(self, stack: running.Running) -> None:
        self._stack = stack

    def __enter__(self) -> "_Meter":
        self._cpu, self._began = self._used(), time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.lasted = time.monotonic() - self._began
        self.cpu = self._used() - self._cpu

    def _used(self) -> float:
        pids = [self._stack.pid("web"), self._stack.database_pid]
        return sum(processes.cpu_seconds(pid) for pid in pids if pid)

    def answers(self, done: Iterator[tuple[float, int]]) -> Answers:
        times, statuses = zip(*done, strict=True)
        return Answers(list(times), Counter(statuses), self.lasted, self.cpu)


if __name__ == "__main__":
    main()
