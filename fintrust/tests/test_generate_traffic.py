"""`manage.py generate_traffic`: what it makes, where it sends it, and what it refuses to do."""

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import islice

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from banking.care.services import open_account
from banking.models import Account, Transfer
from banking.transfers import services
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.demo.people import BUSINESSES, CUSTOMERS, PASSWORD, create
from fraud.models import Decision
from fraud.traffic.generator import Plan, traffic
from fraud.traffic.people import Party
from fraud.traffic.senders import ApiSender, SignIn

pytestmark = pytest.mark.django_db


def run(tmp_path, *arguments):
    labels = tmp_path / "labels.jsonl"
    call_command(
        "generate_traffic", "--rate=5000", "--for=0.1", "--customers=10", "--fraud-share=0.05",
        f"--labels={labels}", *arguments,
    )  # fmt: skip
    return [json.loads(line) for line in labels.read_text().splitlines()]


def events(redis, settings):
    return [json.loads(fields[b"event"]) for _, fields in redis.xrange(settings.STREAM_TOPIC)]


def test_every_event_has_its_label_and_a_customer_of_this_bank(tmp_path, redis, settings, capsys):
    labels, sent = run(tmp_path), events(redis, settings)
    assert [label["id"] for label in labels] == [event["id"] for event in sent]
    assert len(sent) == 500
    assert {event["customer"] for event in sent} <= {
        user.public_id for user in User.objects.filter(email__startswith="traffic-")
    }
    frauds = Counter(label["scenario"] for label in labels if label["fraud"])
    assert 10 < frauds.total() < 60
    assert max(datetime.fromisoformat(event["at"]) for event in sent) < datetime.now(UTC)
    said = capsys.readouterr().out
    assert "sent 500" in said and f"frauds among them {frauds.total()}" in said


def test_the_same_seed_and_start_send_the_same_bytes(tmp_path, redis, settings):
    run(tmp_path, "--start=2026-01-05", "--seed=4")
    once = events(redis, settings)
    redis.delete(settings.STREAM_TOPIC)
    run(tmp_path, "--start=2026-01-05", "--seed=4")
    assert events(redis, settings) == once
    assert User.objects.filter(email__startswith="traffic-").count() == 10


def test_invented_customers_cannot_sign_in(tmp_path):
    run(tmp_path)
    user = User.objects.filter(email__startswith="traffic-").first()
    assert user is not None and not user.has_usable_password()


@pytest.mark.parametrize(
    "argument, words",
    [
        ("--rate=0", "positive"),
        ("--rate=-1", "positive"),
        ("--rate=nan", "positive"),
        ("--for=0", "positive"),
        ("--for=inf", "positive"),
        ("--fraud-share=1", "between 0 and 1"),
        ("--customers=2", "between 3"),
        ("--customers=10001", "between 3"),
        ("--start=yesterday", "YYYY-MM-DD"),
        ("--start=2999-01-01", "start by"),
        ("--to=kafka", "KAFKA_URL"),
        ("--to=api", "load_demo"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_sent(
    tmp_path, redis, settings, argument, words
):
    with pytest.raises(CommandError, match=words):
        run(tmp_path, argument)
    assert not redis.exists(settings.STREAM_TOPIC)


def test_labels_that_cannot_be_written_stop_it_before_anything_is_sent(tmp_path, redis, settings):
    with pytest.raises(CommandError, match="--labels"):
        call_command("generate_traffic", f"--labels={tmp_path}/nowhere/labels.jsonl")
    assert not redis.exists(settings.STREAM_TOPIC)


def test_it_never_runs_in_production(tmp_path, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="no place"):
        run(tmp_path)


# --- the real API ---------------------------------------------------------------------------


@pytest.fixture
def demo():
    """Three customers with money, and a shop."""
    people = [create(person) for person in (*CUSTOMERS[:3], BUSINESSES[0])]
    accounts = [open_account(owner=user, product="checking", currency="EUR") for user in people]
    for account in accounts[:3]:
        services.deposit(
            by=account.owner, account=account, amount=Money(5_000_00, "EUR"),
            request_id=str(uuid7()),
        )  # fmt: skip
    return accounts


@pytest.fixture
def bank_in_here():
    """The application itself, without the end of a request closing this test's connection."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield httpx.WSGITransport(app=get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_over_the_api_it_is_real_money_judged_like_any(demo: list[Account], bank_in_here):
    *customers, shop = demo
    parties = [Party(account.owner.public_id, account.public_id) for account in customers]
    sign_ins = {account.owner.public_id: SignIn(account.owner.email, PASSWORD) for account in demo}
    sender = ApiSender("http://localhost", sign_ins, [shop.public_id], bank_in_here)
    before = Transfer.objects.count()
    plan = Plan(seed=5, start=datetime(2026, 1, 5, tzinfo=UTC), fraud_share=0.1)
    payments = list(islice(traffic(plan, parties), 15))
    sender.send(payments)
    assert (sender.totals["sent"], sender.totals["waits"]) == (len(payments), 0)
    made = sender.totals["posted"] + sender.totals["held"] + sender.totals["refused"]
    assert Transfer.objects.count() == before + made
    assert made > len(payments) / 2
    devices = {decision.facts["device"] for decision in Decision.objects.all()}
    assert devices >= {f"api:{payment.device}" for payment in payments[:3] if payment.device}
    sender.send(payments)  # the same again moves nothing
    sender.close()
    assert Transfer.objects.count() == before + made
