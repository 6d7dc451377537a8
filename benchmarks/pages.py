"""What the customer's pages cost, against a page that does nothing, on the stack as it runs.

    python -m benchmarks.pages [--customers 20] [--requests 200] [--rounds 3]

Queries of each page for a customer with 10 transfers and for one with 2,000: the run fails when
they differ. Then 8 clients of many signed-in customers ask for each page; CPU time is that of all
web processes (`_cpu_ms`) and of PostgreSQL (`_db_cpu_ms`) for one request, and `_vs_floor` is the
ratio to a stranger's `/healthz` in the same round, a view that does nothing. `signed_in` is the
same address for a customer: what session, roles and context cost before any view. `transfer` posts
the preview of a payment, with everything that follows: judged, booked, audited.
"""

import argparse
import http.client
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from benchmarks import floor, history, processes, running

CLIENTS = 8
FEW, MANY = 10, 2_000
CSRF = "0123456789abcdefghijklmnopqrstuv"  # any 32 letters, as long as cookie and form agree


@dataclass(frozen=True)
class Visitor:
    """A signed-in customer: their cookie, and the accounts they use."""

    person: history.Person
    cookie: str
    user: Any

    def draft(self, payee: "Visitor") -> str:
        """What the form makes of one more payment, ready to be posted."""
        from banking.models import Account
        from banking.pages.drafts import Draft
        from fintrust.core.money import Money

        source = Account(uuid=_uuid(self.person))
        target = Account(uuid=_uuid(payee.person))
        return Draft.of(source, target, Money(12_50, "EUR"), "").token(self.user)


def _uuid(person: history.Person) -> Any:
    from fintrust.core.ids import from_public

    return from_public("acc", person.accounts[0][1])


@dataclass(frozen=True)
class Page:
    """An address, and what is posted to it."""

    path: Callable[[Visitor], str]
    body: Callable[[Visitor], str] | None = None
    status: int = 200
    stranger: bool = False


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--customers", type=int, default=20, help="with few, and with many")
    parser.add_argument("--requests", type=int, default=200, help="for each page and round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with running.stack(FINTRUST_DEMO="0") as stack:
        people = prepare(stack, [FEW] * options.customers + [MANY] * options.customers)
        floor.environment(floor.Bank(stack.administrator, stack.environment["DATABASE_URL"]))
        visitors = sign_in(people)
        pages = pages_for(visitors)
        queries = counted(pages, visitors[0], visitors[-1])
        rounds = [measured(stack, pages, visitors, options.requests) for _ in range(options.rounds)]
        check_books()
    floor.report(**queries, **summary(rounds))


def prepare(stack: running.Running, counts: Sequence[int]) -> list[history.Person]:
    """Django in this process, connected as the application is; a customer for each count."""
    quiet = {"LOG_LEVEL": "WARNING", "DJANGO_SETTINGS_MODULE": "fintrust.settings"}
    os.environ |= stack.environment | quiet
    del os.environ["DATABASE_OWNER_URL"]
    import django

    django.setup()
    return history.fill(stack.administrator, counts)


def sign_in(people: Sequence[history.Person]) -> list[Visitor]:
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client

    visitors = []
    for person in people:
        client, user = Client(), get_user_model().objects.get(pk=person.id)
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={CSRF}"
        visitors.append(Visitor(person, cookie, user))
    return visitors


def pages_for(visitors: Sequence[Visitor]) -> dict[str, Page]:
    payees = dict(zip(visitors, [*visitors[1:], visitors[0]], strict=True))

    def posted(visitor: Visitor) -> str:
        draft = visitor.draft(payees[visitor])
        return urlencode({"draft": draft, "csrfmiddlewaretoken": CSRF})

    return {
        "signed_in": Page(lambda _: "/healthz"),
        "home": Page(lambda _: "/"),
        "accounts": Page(lambda _: "/accounts/"),
        "account": Page(lambda visitor: f"/accounts/{visitor.person.accounts[0][1]}/"),
        "activity": Page(lambda _: "/activity/"),
        "insights": Page(lambda _: "/insights/"),
        "send": Page(lambda _: "/send/"),
        "transfer": Page(lambda _: "/send/preview/", posted, status=302),
    }


# --- queries ----------------------------------------------------------------------------------


def counted(pages: dict[str, Page], few: Visitor, many: Visitor) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, page in pages.items():
        counts = queries_of(page, few), queries_of(page, many)
        if counts[0] != counts[1]:
            raise SystemExit(
                f"{name}: {counts[0]} queries with {FEW} rows, {counts[1]} with {MANY}"
            )
        found[f"{name}_queries"] = counts[0]
    return found


def queries_of(page: Page, visitor: Visitor) -> int:
    """Those of a second visit: the first one fills what is kept for a while."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(SERVER_NAME="localhost", headers={"cookie": visitor.cookie})
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            path = page.path(visitor)
            if page.body is None:
                answer = client.get(path)
            else:
                form = "application/x-www-form-urlencoded"
                answer = client.post(path, page.body(visitor), content_type=form)
        if answer.status_code != page.status:
            raise SystemExit(f"{path} answered {answer.status_code}")
    return len(captured)


# --- load -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Load:
    """One page under load: all answers' times, and what they cost the machine."""

    seconds: list[float]
    lasted: float
    cpu: float
    database_cpu: float

    @property
    def p50(self) -> float:
        return median(self.seconds)

    @property
    def p95(self) -> float:
        return quantiles(self.seconds, n=20)[-1]


def measured(
    stack: running.Running, pages: dict[str, Page], visitors: Sequence[Visitor], requests: int
) -> dict[str, Load]:
    nothing = {"floor": Page(lambda _: "/healthz", stranger=True)}
    found = {}
    for name, page in (nothing | pages).items():
        found[name] = load(stack, page, visitors, requests)
        answer = found[name]
        print(f"{name}: p50 {answer.p50 * 1e3:.1f} ms, p95 {answer.p95 * 1e3:.1f} ms", flush=True)
    return found


def load(stack: running.Running, page: Page, visitors: Sequence[Visitor], requests: int) -> Load:
    """Eight clients at once, every customer in turn, over connections that are kept."""
    asked = [(next_visitor, page) for next_visitor in itertools.islice(_turns(visitors), requests)]
    work = [
        [(page.path(visitor), "" if page.stranger else visitor.cookie,
             page.body(visitor) if page.body else None)
         for visitor, page in asked[number::CLIENTS]]
        for number in range(CLIENTS)
    ]  # fmt: skip
    before = _used(stack)
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        times = list(pool.map(lambda part: _ask(stack.port, part, page.status), work))
    lasted = time.monotonic() - began
    web, database = (now - then for now, then in zip(_used(stack), before, strict=True))
    return Load(list(itertools.chain(*times)), lasted, web, database)


def _turns(visitors: Sequence[Visitor]) -> Iterator[Visitor]:
    return itertools.cycle(visitors)


def _used(stack: running.Running) -> tuple[float, float]:
    database = stack.database_pid
    return (
        processes.cpu_seconds(stack.pid("web")),
        processes.cpu_seconds(database) if database else float("nan"),
    )


def _ask(port: int, work: Sequence[tuple[str, str, str | None]], status: int) -> list[float]:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    times = []
    for path, cookie, body in work:
        headers = {"Cookie": cookie} if cookie else {}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.monotonic()
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.monotonic() - began)
        if answer.status != status:
            raise SystemExit(f"{path} answered {answer.status}")
    connection.close()
    return times


def summary(rounds: Sequence[dict[str, Load]]) -> dict[str, float]:
    """Medians over the rounds; ratios are those of each round, for its mood cancels out."""
    found: dict[str, float] = {}
    for name in rounds[0]:
        loads, floors = [each[name] for each in rounds], [each["floor"] for each in rounds]
        requests = len(loads[0].seconds)
        found[f"{name}_cpu_ms"] = median(load.cpu for load in loads) / requests * 1e3
        found[f"{name}_db_cpu_ms"] = median(load.database_cpu for load in loads) / requests * 1e3
        found[f"{name}_p50_ms"] = median(load.p50 for load in loads) * 1e3
        found[f"{name}_p95_ms"] = median(load.p95 for load in loads) * 1e3
        found[f"{name}_per_s"] = median(requests / load.lasted for load in loads)
        if name != "floor":
            found[f"{name}_cpu_vs_floor"] = floor.ratio(
                [load.cpu for load in loads], [load.cpu for load in floors]
            )
            found[f"{name}_p95_vs_floor"] = floor.ratio(
                [load.p95 for load in loads], [load.p95 for load in floors]
            )
    return found


def check_books() -> None:
    """The figures count only if the books are right after all that."""
    from banking.verify import verify_ledger

    if findings := verify_ledger():
        raise SystemExit(f"The ledger is wrong after the run: {findings[:3]}")


if __name__ == "__main__":
    main()
