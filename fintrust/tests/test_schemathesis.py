"""Schemathesis against the running bank: no 5xx, no answer that the schema does not describe."""

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.request

import httpx
import pytest
from django.conf import settings

from banking.tests import import_files
from fintrust.demo.people import CUSTOMERS, PARTNER, PASSWORD
from fintrust.embedded import free_port, tied_to_parent

SECONDS_MAX = 45  # for each persona
# Budgets are tested elsewhere; here they would answer most of the requests.
WIDE = {
    f"RATE_{name}": "1000000/min"
    for name in ("ANONYMOUS", "SIGN_IN", "READ", "MONEY", "BATCH", "STATEMENT")
}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
    "use_after_free",
)
# Collecting garbage while Python 3.11 parses a deep expression breaks the parser (cpython 106905),
# and Hypothesis parses many. The fuzzer lives for half a minute; it can do without.
LAUNCH = """
import gc, sys
from schemathesis.cli import schemathesis
gc.disable()
sys.argv[0] = "schemathesis"
schemathesis()
"""


@pytest.fixture(scope="module")
def web(stack, tmp_path_factory):
    """One more web process beside the stack's own, with wide budgets."""
    port = free_port()
    environment = dict(stack.env) | WIDE | {"PORT": str(port)}
    del environment["DATABASE_OWNER_URL"]
    command = ["granian", "--interface", "asginl", "fintrust.asgi:application"]
    log = tmp_path_factory.mktemp("web") / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output,
            preexec_fn=tied_to_parent(signal.SIGTERM),
        )
    try:
        url = f"http://localhost:{port}"
        wait_for(f"{url}/healthz", process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url, process, seconds_max=60):
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    pytest.fail(f"{url} did not answer")


def call(address, *, token=None, key=None, **body):
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(
        address, data=json.dumps(body).encode() if body else None, headers=headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def sign_in(web, person):
    return call(f"{web}/api/v1/auth/login", email=person.email, password=PASSWORD)["access"]


def ids(web, token, path, field="id"):
    return sorted({row[field] for row in call(web + path, token=token)["results"]})


def brought(web, token):
    """An outside account and a file in it for the fuzzer, who may delete both."""
    particulars = {"name": "Fuzzed", "bank": "Elsewhere", "currency": "EUR"}
    outside = call(f"{web}/api/v1/outside-accounts/", token=token, **particulars)["id"]
    answer = httpx.post(
        f"{web}/api/v1/transactions/import",
        headers={"Authorization": f"Bearer {token}"},
        data={"account": outside},
        files={"file": ("german.csv", import_files.GERMAN)},
    )
    return outside, answer.json()["id"]


def with_names(schema, **names):
    """The schema with real names to choose from, or nearly every request would end in a 404."""
    for path, item in schema["paths"].items():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "path":
                    ends = path.endswith(("/freeze", "/close"))  # nothing moves on it afterwards
                    known = names.get("spare" if ends else parameter["name"], [])
                    parameter["schema"] = {"type": "string", "enum": [*known, "acc_nonsense"]}
                    few = {"hold", "webhook", "delivery"} & {parameter["name"]}
                    assert known or few or "risk" in path, f"{path}: no {parameter['name']}"
    bodies = ("CashBody", "TransferBody", "QuoteBody", "ScheduleBody", "BatchItem", "HoldBody")
    for component in (f"{body}Request" for body in bodies):
        fields = schema["components"]["schemas"][component]["properties"]
        for field in fields.keys() & {"account", "source", "target"}:
            fields[field] = {"type": "string", "enum": [*names["account"], "acc_nonsense"]}
        fields.pop("quote", None)  # made up, it is refused; that has tests of its own
        for currency in fields.keys() & {"currency", "target_currency"}:
            fields[currency] = {"type": "string", "enum": names["currency"]}
        fields["amount"] = {"type": "string", "enum": ["0.01", "1", "12.50", "99999999.99"]}
    return schema


@pytest.fixture
def fuzz(web, tmp_path):
    def run(token, **names):
        request = urllib.request.Request(
            f"{web}/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            schema = with_names(json.load(answer), **names)
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(schema))
        (tmp_path / "schemathesis.toml").write_text("")  # what is decided is decided here
        done = subprocess.run(
            [
                *(sys.executable, "-c", LAUNCH, "run", str(file), "--url", web),
                *("--header", f"Authorization: Bearer {token}"),
                *("--checks", ",".join(CHECKS)),
                *("--max-time", str(SECONDS_MAX), "--workers", "2", "--continue-on-failure"),
                *("--seed", "1", "--no-shrink", "--generation-database", "none"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX * 4,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
        return done.stdout

    return run


def judged(stack):
    """Requests that came through to the money. What is asked so fast is soon held, not posted."""
    [(count,)] = stack.sql("SELECT count(*) FROM banking_transfer WHERE channel = 'api'")
    return count


def test_a_customer_meets_only_what_is_documented(stack, web, fuzz):
    token = sign_in(web, CUSTOMERS[0])
    accounts = ids(web, token, "/api/v1/accounts/")
    transfers = ids(web, token, "/api/v1/transactions/?limit=3")
    held = ids(web, token, "/api/v1/transactions/?status=held")
    outside, item = brought(web, token)
    before = judged(stack)
    currencies = ids(web, token, "/api/v1/accounts/", "currency")
    spare = call(f"{web}/api/v1/accounts/", token=token, product="wallet", currency="EUR")["id"]
    hold = call(
        f"{web}/api/v1/holds/",
        token=token,
        key="a-hold",
        account=accounts[0],
        amount="1.00",
        currency=call(f"{web}/api/v1/accounts/{accounts[0]}", token=token)["currency"],
        reason="to look at",
    )["id"]
    webhook = call(f"{web}/api/v1/webhooks/", token=token, url="https://example.org/")["id"]
    fuzz(
        token,
        account=accounts,
        spare=[spare],
        hold=[hold],
        webhook=[webhook],
        transfer=[*held, *transfers],
        currency=currencies,
        payee=ids(web, token, "/api/v1/payees/"),
        schedule=ids(web, token, "/api/v1/schedules/"),
        outside=[outside],
        item=[item],
    )
    assert judged(stack) > before
    checked = stack.manage("verify_ledger")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_partner_meets_only_what_is_documented(web, fuzz):
    token = sign_in(web, PARTNER)
    accounts = ids(web, token, "/api/v1/shared/accounts/", "account")
    kinds = {"transfer": "trf", "payee": "pay", "schedule": "sch", "outside": "out", "item": "imp"}
    nonsense = {name: [f"{prefix}_nonsense"] for name, prefix in kinds.items()}
    fuzz(token, account=accounts, spare=accounts, currency=["EUR"], **nonsense)
